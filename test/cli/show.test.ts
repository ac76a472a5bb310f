import { afterAll, describe, expect, it } from 'vitest';
import { archc, Folder, SMALL } from './harness.js';

const folder = new Folder({ 'small.arch': SMALL, 'bad.arch': SMALL.replace('d = 16', 'd = 17') });
afterAll(() => { folder.dispose(); });
const show = (...argv: string[]) => archc(['show', ...argv], { cwd: folder.path });

describe('archc show', () => {
  it('prints the tree with shapes, costs, contract and training', async () => {
    const { code, stdout, stderr } = await show('small.arch');
    expect([code, stderr]).toEqual([0, '']);
    await expect(stdout).toMatchFileSnapshot('golden/show-small.txt');
    for (const line of stdout.split('\n')) expect([line, line.length <= 100]).toEqual([line, true]);
  });

  it('counts parameters as one counts them by hand', async () => {
    const { stdout } = await show('small.arch', '--json');
    const report = JSON.parse(stdout) as { total: { parameters: number; weightBytes: number; optimizerBytes: number }; costs: { path: string; parameters: number; layers: number }[] };
    const embed = 256 * 16;
    const attention = 16 + 4 * 16 * 16;
    // norm, router, queries with their norm, keys, and two tables of 4 * 16 experts
    const pools = 16 + 16 * 4 + 16 * 8 * 2 + 4 + 4 * 2 * 2 * 4 * 4 + 2 * (4 * 16 * 16);
    const head = 16;
    expect(Object.fromEntries(report.costs.map((c) => [c.path, [c.parameters, c.layers]]))).toEqual({
      embed: [embed, 1], 'layers.attention': [2 * attention, 2], 'layers.ffn': [2 * pools, 2], lm_head: [head, 1],
    });
    const total = embed + 2 * attention + 2 * pools + head;
    expect(report.total).toMatchObject({ parameters: total, weightBytes: 4 * total, optimizerBytes: 8 * total });
  });

  it('prints every value with its origin, sorted', async () => {
    const { code, stdout } = await show('small.arch', '--resolved', '--set', 'layers.ffn.count=8');
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    const paths = lines.map((line) => line.slice(0, line.indexOf(':')));
    expect(paths).toEqual([...paths].sort());
    const line = (path: string): string | undefined => lines.find((l) => l.startsWith(`${path}:`))?.replace(/ +/g, ' ');
    expect(line('dims.d')).toBe('dims.d: 16 (spec, small.arch:8)');
    expect(line('layers.ffn.count')).toBe('layers.ffn.count: 8 (--set)');
    expect(line('embed.d')).toBe('embed.d: 16 (dims, small.arch:8)');
    expect(line('layers.attention.kv_heads')).toMatch(/^layers\.attention\.kv_heads: 2 \(default, std\/transformer\.arch:\d+\)$/);
  });

  it('plans memory: every tensor has a place, and the total is the sum', async () => {
    const { code, stdout } = await show('small.arch', '--memory', '--json');
    expect(code).toBe(0);
    const { programs } = JSON.parse(stdout) as { programs: { program: string; totalBytes: number; unsharedBytes: number; allocations: { bytes: number; tensors: { bytes: number; name: string }[] }[] }[] };
    expect(programs.map((p) => p.program).sort()).toEqual(['eval', 'forward', 'train']);
    for (const plan of programs) {
      expect(plan.totalBytes).toBe(plan.allocations.reduce((sum, a) => sum + a.bytes, 0));
      expect(plan.totalBytes).toBeLessThanOrEqual(plan.unsharedBytes + 256 * plan.allocations.length);
      for (const a of plan.allocations) for (const t of a.tensors) expect([t.name, t.bytes <= a.bytes]).toEqual([t.name, true]);
    }
    expect((await show('small.arch', '--memory')).stdout).toMatch(/^train: [\d.]+ [KM]iB in \d+ allocations, \d+ launches\n/m);
  });

  it('exits 1 for a spec with errors, which go to stderr', async () => {
    const { code, stdout, stderr } = await show('bad.arch');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('error[ARCH3');
  });

  it('prints the time of each pass on stderr', async () => {
    const { stdout, stderr } = await show('small.arch', '--stats', '--resolved');
    expect(stdout.startsWith('contract.active')).toBe(true);
    expect(stderr).toMatch(/^load +\d+\.\d ms\nresolve/);
    expect(stderr).toMatch(/\ntotal +\d+\.\d ms\n$/);
  });
});
