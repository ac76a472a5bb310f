/**
 * @file Bundles code that uses the runtime for web pages. The runtime imports modules of Node where it runs in Node, and only then; here each of them is an empty
 * module that says so, so that no bundler or browser meets their names.
 */
import { build } from 'esbuild';

/** @type {import('esbuild').Plugin} */
const withoutNode = {
  name: 'without Node',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:.*|webgpu)$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => {
      const message = `a browser has no ${path.replace('node:', '')}: this works in Node only`;
      return { contents: `module.exports = {};\nthrow new Error(${JSON.stringify(message)});\n`, loader: 'js' };
    });
  },
};

/** One ES module for browsers. */
export async function bundleForBrowser(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry], bundle: true, format: 'esm', platform: 'browser', target: 'es2022', keepNames: true, plugins: [withoutNode], logLevel: 'warning', write: false,
  });
  return outputFiles[0].text;
}
