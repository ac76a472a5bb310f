/**
 * @file Every arch of every spec: it elaborates in both modes with the same parameters, keeps its contract, and the published sizes come out.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { analyseContract } from '../../compiler/contract/contract.js';
import type { Graph } from '../../compiler/graph/graph.js';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';

const folder = fileURLToPath(new URL('../../specs/', import.meta.url));
const archs = readdirSync(folder).filter((file) => file.endsWith('.arch')).sort()
  .flatMap((file) => [...readFileSync(folder + file, 'utf8').matchAll(/^arch (\w+)/gm)].map((match) => ({ file, arch: match[1] ?? '' })));

/** The graph of an arch, with nothing allocated; the sizes of batch and time do not matter to parameters. */
function graphOf(file: string, arch: string, time = 32): Graph {
  const compiled = compile({ entry: `specs/${file}`, arch, read: reader({}), upTo: 'graph', batch: 2, time });
  expect(compiled.diagnostics.all.map((d) => `${d.code} ${d.message}`)).toEqual([]);
  return compiled.graph ?? expect.fail('no graph');
}

const count = (graph: Graph): number => graph.params.reduce((n, param) => n + param.axes.reduce((size, axis) => size * axis.size, 1), 0);

test.each(archs)('$file $arch compiles to a graph and keeps its contract', ({ file, arch }) => {
  const graph = graphOf(file, arch);
  expect(graph.losses.length).toBeGreaterThan(0);
  if (graph.inference) {
    expect(graph.inference.params.map((param) => param.path)).toEqual(graph.params.map((param) => param.path));
    expect(graph.inference.states.map((state) => state.path)).toEqual(graph.states.map((state) => state.path));
  }
});

describe('causality', () => {
  test('expert choice is not causal, and the contract says so', () => {
    expect(analyseContract(graphOf('expert_choice.arch', 'ExpertChoice')).causal.holds).toBe(false);
  });
  test.each([['monet_vertical.arch', 'MonetVertical'], ['peer_paper.arch', 'PeerPaper'], ['dictionaries.arch', 'BatchTopKDictionary']])('%s mixes tokens in training at most', (file, arch) => {
    const graph = graphOf(file, arch);
    expect(analyseContract(graph.inference ?? graph).causal.holds).toBe(true);
  });
});

describe('published sizes', () => {
  test.each([
    // Park et al. 2024: Table 8 gives 0.853, 1.465 and 4.173 billion for the shapes of Table 6
    ['monet_horizontal.arch', 'MonetHorizontal850M', 853_501_440], ['monet_vertical.arch', 'MonetVertical850M', 853_501_440],
    ['monet_horizontal.arch', 'MonetHorizontal1400M', 1_465_157_632], ['monet_vertical.arch', 'MonetVertical1400M', 1_465_157_632],
    ['monet_horizontal.arch', 'MonetHorizontal4100M', 4_173_401_088], ['monet_vertical.arch', 'MonetVertical4100M', 4_173_401_088],
  ])('%s %s has %s parameters', (file, arch, parameters) => {
    // the router reads the feed-forward layer's normed stream there; here it has a norm of its own, whose gain its matrix could absorb
    const graph = graphOf(file, arch);
    const own = graph.params.filter((param) => param.path.endsWith('.route.norm.gain'));
    expect(count(graph) - count({ ...graph, params: own })).toBe(parameters);
  });
  test('Mixtral 8x7B has 46,702,792,704', () => {
    expect(count(graphOf('mixtral.arch', 'Mixtral8x7B'))).toBe(46_702_792_704);
  });
  test.each([
    ['peer_paper.arch', 'PeerMillion', 1024 ** 2], ['pkm.arch', 'PkmPaper', 512 ** 2], ['memory_plus.arch', 'MemoryPlusPaper', 1024 ** 2], ['ultramem_v2.arch', 'UltraMemV2Paper', 360 ** 2],
  ])('%s %s has %s units in each family', (file, arch, units) => {
    for (const { axes } of graphOf(file, arch).families) expect(axes.reduce((n, axis) => n * axis.size, 1)).toBe(units);
  });
});
