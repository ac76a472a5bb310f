/**
 * Published sizes, read from `archc show --json`, as a user would.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { archc } from '../cli/harness.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Shown {
  readonly parameters: number;
  /** Parameters of all layers, by path. */
  readonly byPath: ReadonlyMap<string, number>;
  /** Units of each expert family. */
  readonly units: readonly number[];
}

/** What `archc show specs/FILE --arch ARCH --json` says of sizes. */
async function show(file: string, arch: string): Promise<Shown> {
  const { code, stdout, stderr } = await archc(['show', `specs/${file}`, '--arch', arch, '--json'], { cwd: root });
  expect([code, stderr]).toEqual([0, '']);
  const document: unknown = JSON.parse(stdout);
  const entries = list(field(document, 'tree')).flatMap((part) => [part, ...list(field(part, 'entries'))]);
  const params = entries.flatMap((entry) => list(field(entry, 'params')));
  return {
    parameters: number(field(field(document, 'total'), 'parameters')),
    byPath: new Map(params.map((param) => [String(field(param, 'path')), number(field(param, 'elements')) * Math.max(1, list(field(param, 'layers')).length)])),
    units: list(field(document, 'contract')).map((row) => number(field(row, 'units'))),
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
function number(value: unknown): number {
  if (typeof value !== 'number') throw new Error(`expected a number, got ${String(value)}`);
  return value;
}

describe('parameters', () => {
  test.each([
    // Park et al. 2024: Table 8 gives 0.853, 1.465 and 4.173 billion for the shapes of Table 6
    ['monet_horizontal.arch', 'MonetHorizontal850M', 853_501_440], ['monet_vertical.arch', 'MonetVertical850M', 853_501_440],
    ['monet_horizontal.arch', 'MonetHorizontal1400M', 1_465_157_632], ['monet_vertical.arch', 'MonetVertical1400M', 1_465_157_632],
    ['monet_horizontal.arch', 'MonetHorizontal4100M', 4_173_401_088], ['monet_vertical.arch', 'MonetVertical4100M', 4_173_401_088],
  ])('%s %s has %s', async (file, arch, parameters) => {
    const shown = await show(file, arch);
    // the published router reads the feed-forward layer's normed stream; here it has a norm of its own, whose gain its matrix could absorb
    expect(shown.parameters - (shown.byPath.get('layers.route.norm.gain') ?? 0)).toBe(parameters);
  });
  test('Mixtral 8x7B has 46,702,792,704', async () => {
    expect((await show('mixtral.arch', 'Mixtral8x7B')).parameters).toBe(46_702_792_704);
  });
});

describe('units', () => {
  test.each([
    ['peer_paper.arch', 'PeerMillion', 1024 ** 2], ['pkm.arch', 'PkmPaper', 512 ** 2], ['memory_plus.arch', 'MemoryPlusPaper', 1024 ** 2], ['ultramem_v2.arch', 'UltraMemV2Paper', 360 ** 2],
  ])('%s %s has %s in each family', async (file, arch, units) => {
    const shown = await show(file, arch);
    expect([...new Set(shown.units)]).toEqual([units]);
  });
});
