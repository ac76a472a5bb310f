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
