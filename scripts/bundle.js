/**
 * @file Bundles the command line into `dist/cli`, so that `archc check` starts in a fraction of a second: loading the parser library file by file
 * takes longer than checking a spec. Commands stay separate chunks, loaded when they run; heavy or native packages stay outside. And the runtime for browsers
 * into `dist/browser/runtime.js`, one file without anything of Node.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleForBrowser } from './browser.js';

await build({
  entryPoints: ['compiler/cli/process.ts'],
  outdir: 'dist/cli',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  keepNames: true,
  external: ['webgpu', 'ts-morph', 'prettier'],
  banner: { js: "import { createRequire as archcRequire } from 'node:module'; const require = archcRequire(import.meta.url);" },
  logLevel: 'warning',
});

mkdirSync('dist/browser', { recursive: true });
writeFileSync('dist/browser/runtime.js', await bundleForBrowser('runtime/browser.ts'));
