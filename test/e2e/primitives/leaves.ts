/**
 * @file Leaves that are not parameters: states, and the numbers the host computes for step 1.
 */
import type { ScalarSpec } from '../../../compiler/graph/graph.js';
import type { Cases } from '../batch.js';

const scalars: Readonly<Record<ScalarSpec['kind'], ScalarSpec>> = {
  step: { kind: 'step' },
  noise_key: { kind: 'noise_key', stream: 3, below: 46337 },
  schedule: { kind: 'schedule', name: 'lr', base: 0.3, warmup: 4, steps: 100, shape: 'cosine', floor: 0.1 },
  ramp: { kind: 'ramp', name: 'ramp', from: 0.5, to: 2, over: 3 },
  bias_correction: { kind: 'bias_correction', beta: 0.9 },
};

export const leafCases: Cases = {
  'a state, and one without axes': (l, b) => {
    const [n, m] = [l.axis('n', 63), l.axis('m', 5)];
    return b.add(b.mul(l.param('x', [n, m]), l.state('mean', [m])), l.state('count', []));
  },
  'random numbers, uniform and normal, on which a parameter depends': (l, b) => {
    const axes = [l.axis('n', 63), l.axis('m', 5)];
    return b.mul(l.param('x', axes), b.add(b.random(axes, 0, 'uniform'), b.random(axes.slice(1), 1, 'normal')));
  },
  ...Object.fromEntries(Object.values(scalars).map((scalar) => [`the scalar ${scalar.kind}`, (l, b) => b.mul(l.param('x', [l.axis('n', 7)]), b.scalar(scalar))] satisfies [string, Cases[string]])),
};
