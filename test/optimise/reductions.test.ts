/**
 * @file Reductions, rows that are reduced and written in one kernel, and long sums cut into chunks, against the interpreter.
 */
import { describe, expect, it } from 'vitest';
import type { Axis, Node } from '../../compiler/graph/graph.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { check } from './support.js';

const kernels = (lowered: ReturnType<typeof check>): string[] => lowered.programs[0]?.launches.map((launch) => launch.kernel.name) ?? [];

function norm(b: GraphBuilder, x: Node, d: Axis, gain: Node): { y: Node; scale: Node } {
  const scale = b.rsqrt(b.add(b.mean(b.mul(x, x), [d]), 1e-5));
  return { y: b.mul(b.mul(x, scale), gain), scale };
}

describe('reductions', () => {
  it('sum, max, min over any axes', () => {
    const b = new GraphBuilder();
    const [i, j, k] = [b.axis('i', 3), b.axis('j', 4), b.axis('k', 5)];
    const x = b.input('x', [i, j, k], 'f32');
    check({
      outputs: {
        a: b.sum(x, [j]), b: b.reduce('max', x, [i, k]), c: b.reduce('min', x, [i, j, k]), d: b.sum(x, [i, j, k]), e: b.mean(b.exp(x), [k]),
        f: b.reduce('max', b.toI32(b.mul(x, 9)), [k]),
      },
    });
  });

  it('softmax is one kernel', () => {
    const b = new GraphBuilder();
    const [i, j] = [b.axis('i', 6), b.axis('j', 9)];
    const x = b.input('x', [i, j], 'f32');
    expect(kernels(check({ outputs: { y: b.softmax(x, [j]) } }))).toHaveLength(1);
    expect(kernels(check({ outputs: { z: b.softmax(x, [i]) } }))).toHaveLength(1);
    check({ outputs: { both: b.softmax(x, [j, i]) } });
    expect(kernels(check({ outputs: { l: b.logsumexp(x, [j]), y: b.softmax(x, [j]) } }))).toHaveLength(1);
  });

  it('the gradient of a softmax is one kernel', () => {
    const b = new GraphBuilder();
    const [i, j] = [b.axis('i', 6), b.axis('j', 9)];
    const y = b.input('y', [i, j], 'f32');
    const dy = b.input('dy', [i, j], 'f32');
    const dx = b.mul(y, b.sub(dy, b.sum(b.mul(dy, y), [j])));
    expect(kernels(check({ outputs: { dx } }))).toHaveLength(1);
  });

  it('a norm is one kernel, and so is its gradient', () => {
    const b = new GraphBuilder();
    const [t, d] = [b.axis('time', 8, 'time'), b.axis('d', 12)];
    const x = b.input('x', [t, d], 'f32');
    const gain = b.input('gain', [d], 'f32');
    const { y, scale } = norm(b, x, d, gain);
    expect(kernels(check({ outputs: { y } }))).toHaveLength(1);
    const dy = b.input('dy', [t, d], 'f32');
    const dxn = b.mul(dy, gain);
    const dx = b.mul(scale, b.sub(dxn, b.mul(b.mul(x, b.mul(scale, scale)), b.mean(b.mul(dxn, x), [d]))));
    const before = b.input('before', [t, d], 'f32');
    const lowered = check({ outputs: { y, dx: b.add(before, dx), dgain: b.sum(b.mul(dy, b.mul(x, scale)), [t]) } });
    expect(kernels(lowered).length).toBeLessThanOrEqual(3);
  });

  it('a reduction used inside and outside its kernel', () => {
    const b = new GraphBuilder();
    const [i, j] = [b.axis('i', 6), b.axis('j', 9)];
    const x = b.input('x', [i, j], 'f32');
    const s = b.sum(b.exp(x), [j]);
    check({ outputs: { y: b.div(b.exp(x), s), z: b.sum(b.log(s), [i]), s, w: b.mul(b.rename(s, i, b.axis('k', 6)), x) } });
  });

  it('cuts long sums with few results', () => {
    const b = new GraphBuilder();
    const [batch, t, d] = [b.axis('batch', 6, 'batch'), b.axis('time', 50, 'time'), b.axis('d', 3)];
    const x = b.input('x', [batch, t, d], 'f32');
    const lowered = check({ outputs: { gain: b.sum(b.exp(x), [batch, t]), most: b.reduce('max', x, [batch, t]) } });
    expect(kernels(lowered)).toHaveLength(4);
    const long = b.input('long', [b.axis('one', 2), b.axis('line', 4096)], 'f32');
    check({ outputs: { rows: b.sum(long, [long.axes[1] ?? d]), all: b.sum(long, long.axes), mean: b.sqrt(b.mean(b.mul(long, long), long.axes)) } });
  });

  it('adds sums over several tensors chunk by chunk', () => {
    const b = new GraphBuilder();
    const xs = [7, 1030, 3000].map((n, i) => b.input(`x${i}`, [b.axis('n', n)], 'f32'));
    const squares = xs.map((x) => b.sum(b.mul(x, x), x.axes));
    const other = b.input('other', [], 'f32');
    const norm = b.sqrt(b.add(squares.reduce((p, q) => b.add(p, q)), b.mul(other, other)));
    expect(kernels(check({ outputs: { norm } }))).toHaveLength(4);
  });
});

describe('token losses', () => {
  it('cross-entropy with targets left out, and its gradient', () => {
    const b = new GraphBuilder();
    const [batch, t, v] = [b.axis('batch', 2, 'batch'), b.axis('time', 4, 'time'), b.axis('vocab', 5)];
    const logits = b.input('logits', [batch, t, v], 'f32');
    const targets = b.input('targets', [batch, t], 'i32');
    const counted = b.le(0, b.toF32(targets));
    const nll = b.mul(b.sub(b.logsumexp(logits, [v]), b.gather(logits, [v], [targets])), counted);
    const total = b.max(b.sum(counted, [batch, t]), 1);
    const loss = b.div(b.sum(nll, [batch, t]), total);
    const one = b.div(counted, total);
    const dlogits = b.sub(b.mul(b.softmax(logits, [v]), one), b.scatter(one, [v], [targets], [batch, t, v]));
    const lowered = check({ outputs: { nll, loss, dlogits }, inputs: { targets: [1, -1, 4, 0, 2, 2, -1, 3] } });
    expect(kernels(lowered).length).toBeLessThanOrEqual(4);
  });
});
