/**
 * @file The newcomer's router in examples/new-router: a spec of under 30 lines that compiles, whose contract is computed and tried, and whose diff against
 * its base says what changed. In the long run it trains.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { analyseContract } from '../../compiler/contract/contract.js';
import { compare } from '../../compiler/diff/compare.js';
import { type Side, sideOf } from '../../compiler/diff/side.js';
import { compile } from '../../compiler/pipeline.js';
import { archc, Folder } from '../cli/harness.js';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import { reader } from '../support/spec.js';
import { books, distance, firing, leaks, randomParams, randomTokens, total } from './experiments.js';
import { tiny, TINY } from './tiny.js';

const file = fileURLToPath(new URL('../../examples/new-router/quadratic.arch', import.meta.url));
const text = readFileSync(file, 'utf8');

function side(entry: string): Side {
  const { diagnostics, model, graph, sources } = compile({ entry, read: reader({ 'quadratic.arch': text }), upTo: 'graph' });
  expect(diagnostics.all).toEqual([]);
  if (!model || !graph) throw new Error('not compiled');
  return sideOf(entry, model, graph, [], sources);
}

describe('a new router', () => {
  test('takes fewer than 30 lines', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThan(30);
  });

  test('keeps the contract it demands, and experiments agree', () => {
    const { contract } = side('quadratic.arch');
    expect(contract.causal.holds).toBe(true);
    expect(contract.families).toHaveLength(4);
    for (const family of contract.families) expect(family).toMatchObject({ units: 8, additive: { holds: true }, private: { holds: true }, active: { holds: true, value: 1 }, bypass: { value: 0 } });
    const { graph } = tiny({ text });
    const [params, tokens] = [randomParams(graph, 1), randomTokens(graph, 2)];
    expect(leaks(graph, params, tokens, [[0, 4], [1, 6]])).toEqual([]);
    const found = books(graph, params, tokens);
    expect(distance(total(found), found.final)).toBeLessThan(1e-5);
    expect(Math.max(...found.ledgers.flatMap((ledger) => firing(ledger, TINY.batch * TINY.time)))).toBe(analyseContract(graph).layers[0]?.active);
  });

  test('differs from its base by its router alone', () => {
    const { changes, summary } = compare(side('specs/switch.arch'), side('quadratic.arch'));
    expect(changes.filter((change) => change.severity !== 'neutral').map(({ severity, kind, path, before, after }) => [severity, kind, path, before, after])).toEqual([
      ['breaking', 'parameter added', 'layers.*.ffn.a.w', null, '[d 128, expert 8] normal(0, 0.0883883)'],
      ['breaking', 'parameter added', 'layers.*.ffn.b.w', null, '[d 128, expert 8] normal(0, 0.0883883)'],
      ['breaking', 'parameter removed', 'layers.*.ffn.logits.w', '[d 128, expert 8]', null],
      ['breaking', 'block changed', 'layers.ffn', 'switch', 'quadratic'],
    ]);
    expect(summary).toEqual({ breaking: 4, dangerous: 0, neutral: 2 });
  });
});

const device = process.env['ARCHC_LONG'] === '1' ? await tryOpenDevice() : undefined;
device?.destroy();
const folder = new Folder({ 'quadratic.arch': text, 'corpus.txt': 'the quick brown fox jumps over the lazy dog. '.repeat(60) });
afterAll(() => { folder.dispose(); });

describeGpu(device, 'the new router', () => {
  test('trains 20 steps with falling loss', async () => {
    const { code } = await archc(['train', 'quadratic.arch', '--data', 'corpus.txt', '--run', 'run', '--steps', '20', '--batch', '2', '--set', 'dims.ctx=16', '--set', 'train.log_every=1', '--quiet'], { cwd: folder.path });
    expect(code).toBe(0);
    const losses = readFileSync(join(folder.path, 'run/metrics.jsonl'), 'utf8').trim().split('\n').flatMap((line) => [...line.matchAll(/"loss":\s*([\d.]+)/g)].map((match) => Number(match[1])));
    expect(losses.length).toBeGreaterThanOrEqual(20);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] ?? 0));
  });
});
