/**
 * @file The main job from end to end, on real text that `npm ci` brought: check and show a spec of expert pools, train it, evaluate it and its experts by domain,
 * let it write, and compare it with its neighbour spec. Run with `npm run demo`.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCorpus } from './corpus.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const corpus = join('runs', 'demo-corpus');
const run = join('runs', 'demo');

function say(text) {
  process.stdout.write(`\n\u001b[1m${text}\u001b[0m\n`);
}

/** Runs one archc command, shown as one would type it. */
function archc(...args) {
  say(`$ archc ${args.map((arg) => (arg.includes(' ') ? JSON.stringify(arg) : arg)).join(' ')}`);
  const { status } = spawnSync(process.execPath, [join(root, 'bin', 'archc.js'), ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 2);
}

process.chdir(root);
const started = Date.now();
say('A corpus of five domains, from the installed packages');
for (const [domain, { train, valid }] of Object.entries(makeCorpus('node_modules', corpus))) {
  console.log(`  ${domain.padEnd(11)} ${String(Math.round(train / 1000)).padStart(5)} kB to train on, ${String(Math.round(valid / 1000)).padStart(4)} kB to test on`);
}

archc('check', 'specs/pools.arch');
archc('show', 'specs/pools.arch');
archc('train', 'specs/pools.arch', '--data', corpus, '--run', run, '--force', '--steps', '800');
archc('eval', run, '--data', corpus, '--experts');
archc('sample', run, '--prompt', 'import { ', '--tokens', '200', '--temperature', '0.7');
archc('diff', 'specs/peer.arch', 'specs/pools.arch');
say(`Done in ${Math.round((Date.now() - started) / 1000)} s. The run is in ${run}: metrics.jsonl, checkpoint.safetensors, resolved.json.`);
