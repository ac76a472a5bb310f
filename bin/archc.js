#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

const entry = new URL('../dist/cli/process.js', import.meta.url);
if (existsSync(entry)) {
  // Newer Nodes keep compiled code between starts.
  module.enableCompileCache?.();
  const { runProcess } = await import(entry.href);
  await runProcess();
} else {
  process.stderr.write('archc is not compiled yet: run `npm run compile` first\n');
  process.exitCode = 2;
}
