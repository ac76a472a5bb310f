/**
 * @file What a target's limits refuse, and that the tensor is named.
 */
import { describe, expect, it } from 'vitest';
import type { Node, Param, Procedure } from '../../compiler/graph/graph.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { LimitError, lower } from '../../compiler/optimise/lower.js';
import { options } from './support.js';

const procedure = (outputs: Readonly<Record<string, Node>>): Procedure => ({ name: 'p', outputs: Object.entries(outputs).map(([name, node]) => ({ name, node })), updates: [] });

function refused(outputs: Readonly<Record<string, Node>>, limits: Partial<typeof options.limits>): LimitError {
  try {
    lower([procedure(outputs)], { ...options, limits: { ...options.limits, ...limits } });
  } catch (error) {
    if (error instanceof LimitError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('limits', () => {
  it('a table larger than a buffer', () => {
    const b = new GraphBuilder();
    const table: Param = { path: 'layers.0.experts.read', axes: [b.axis('expert', 1000), b.axis('d', 64)], init: { kind: 'zeros' } };
    const pick = b.input('pick', [b.axis('k', 3)], 'i32');
    const expert = table.axes[0];
    if (!expert) throw new Error();
    const error = refused({ y: b.gather(b.param(table), [expert], [pick]) }, { maxBufferBytes: 200_000 });
    expect(error).toMatchObject({ tensor: 'layers.0.experts.read', what: 'bytes', needed: 256_000, limit: 200_000 });
  });

  it('more elements than an index reaches', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [b.axis('i', 70_000), b.axis('j', 70_000)], 'f32');
    const error = refused({ y: b.sum(x, x.axes) }, { maxBufferBytes: 2 ** 40 });
    expect(error).toMatchObject({ tensor: 'x', what: 'elements', needed: 4_900_000_000, limit: 2 ** 31 - 1 });
  });

  it('a slot may be larger than one binding: the target splits it', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [b.axis('i', 1000)], 'f32');
    const lowered = lower([procedure({ y: b.exp(x) })], { ...options, limits: { ...options.limits, maxBindingBytes: 1000 } });
    expect(lowered.programs[0]?.launches).toHaveLength(1);
  });
});
