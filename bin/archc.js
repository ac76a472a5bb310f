#!/usr/bin/env node
import { existsSync } from 'node:fs';

const entry = new URL('../dist/compiler/cli/process.js', import.meta.url);
if (existsSync(entry)) {
  const { runProcess } = await import(entry.href);
  await runProcess();
} else {
  process.stderr.write('archc is not compiled yet: run `npm run compile` first\n');
  process.exitCode = 2;
}
