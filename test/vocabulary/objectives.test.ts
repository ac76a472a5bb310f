/**
 * @file Every objective of std.objectives against its formula in loops: the value, the gradient with respect to the activations it reads (against
 * finite differences of the formula), and the value that its convention promises.
 */
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { evaluate } from '../reference/interpret.js';
import { at, range, sum } from '../support/brute.js';
import { expectClose } from '../support/brute.js';
import { numbers } from '../support/random.js';
import { elaborateText } from '../support/spec.js';

const names = [
  'weighted_l1', 'normalised_l1', 'annealed_lp', 'hoyer', 'hoyer_square', 'tanh_l0', 'step_l0', 'l0_to_target', 'dead_preactivation', 'aux_k', 'token_entropy', 'batch_entropy',
  'ambiguity', 'uniformity', 'summed_balance', 'sequence_balance', 'pool_balance', 'importance', 'relu_balance', 'density', 'adaptive', 'decorrelation', 'orthogonality', 'squared_error', 'unexplained',
];
// batch 2, time 3, d 4; e 5 units, k 2 chosen, h 2 heads; 3 pools of 4 members, 2 open, 2 chosen in each
const spec = (loss: string): string => `language 1
use std.transformer { embed, lm_head }
use std.linear { linear }
use std.losses { switch_balance, z_loss, l1 }
use std.objectives { ${names.join(', ')} }
block probe(x[d]) -> p[e = 5] {
  axis h = 2, k = 2, pool = 3, o = 2, n = 4
  let input[d]  = x
  let z[e]      = linear(x; to = e)
  let p[e]      = softmax(e)(z)
  let pick      = top(p; over = e, take = k)
  let a[k]      = pick.score * sum(d)(x)
  let w[e]      = linear(x; to = e)
  let gates[h, e] = softmax(e)(linear(x; to = [h, e]))
  param v[e, d]  ~ ones
  param theta[e] ~ ones
  let error[d]   = linear(x; to = d)
  let opened     = top(linear(x; to = pool); over = pool, take = o)
  let inner[o, n] = softmax(n)(linear(x; to = [o, n]))
  let member     = top(inner; over = n, take = k)
  return p
}
arch A { dims { d = 4; ctx = 3; vocab = 8 }
  embed {}
  layers 1 { s: probe {} }
  lm_head {}
  loss it = ${loss} }`.replace('let error[d]   = linear(x; to = d)', 'axis d2 = 4\n  let error[d]   = rename(linear(x; to = d2); from = d2, to = d)');

type Taps = ReadonlyMap<string, Float64Array>;
const T = range(6);

/** Compares value and gradients (with respect to `wrt`); gives the taps and the value. */
function check(loss: string, formula: (tap: (name: string, ...i: number[]) => number) => number, wrt: readonly string[], states?: ReadonlyMap<string, ArrayLike<number>>): number {
  const { graph, context } = elaborateText(spec(`mean(layers)(${loss})`), { batch: 2, time: 3 });
  const node = graph.losses[0]?.node;
  if (!node) throw new Error('no loss');
  const params = new Map(graph.params.map((param, i) => [param.path, numbers(i + 10, param.axes.reduce((n, axis) => n * axis.size, 1))]));
  const taps = new Map([...graph.taps].filter(([path]) => path.startsWith('layers.0.s.')).map(([path, tap]) => [path.replace('layers.0.s.', ''), tap]));
  const leaves = { params, inputs: new Map([['tokens', [1, 2, 3, 4, 5, 6]], ['targets', [2, 3, 4, 5, 6, 7]]]), ...(states ? { states } : {}) };
  const data: Taps = new Map(evaluate([...taps.values()], leaves).map((values, i) => [[...taps.keys()][i] ?? '', values]));
  const read = (name: string, ...i: number[]): number => {
    const tap = taps.get(name);
    if (!tap || tap.axes.length !== i.length) throw new Error(`no ${name}[${i.length}]: [${tap?.axes.map((axis) => axis.name).join(', ')}]`);
    return data.get(name)?.[i.reduce((n, position, axis) => n * (tap.axes[axis]?.size ?? 0) + position, 0)] ?? Number.NaN;
  };
  const value = formula(read);
  const nodes = wrt.map((name) => taps.get(name) ?? expect.fail(`no ${name} among ${[...taps.keys()].join(', ')}`));
  const gradients = differentiate(context.build, node, nodes);
  const [actual, ...slopes] = evaluate([node, ...gradients.map((gradient, i) => gradient ?? expect.fail(`no gradient of ${wrt[i]}`))], leaves);
  expectClose(actual ?? [], [value], 'value');
  wrt.forEach((name, i) => {
    const values = data.get(name) ?? new Float64Array();
    const expected = values.map((before, j) => {
      values[j] = before + 1e-6;
      const above = formula(read);
      values[j] = before - 1e-6;
      const below = formula(read);
      values[j] = before;
      return (above - below) / 2e-6;
    });
    expectClose(slopes[i] ?? [], expected, `gradient of ${name}`);
  });
  return value;
}

const mean = (f: (b: number, t: number) => number): number => sum(6, (n) => f(Math.floor(n / 3), n % 3)) / 6;
type Tap = (name: string, ...i: number[]) => number;
const norm = (tap: Tap, e: number): number => Math.sqrt(sum(4, (i) => tap('v', e, i) ** 2));
const pick = (tap: Tap, b: number, t: number): number[] => range(2).map((k) => tap('pick.index', b, t, k));

describe('sparsity of activations', () => {
  test('weighted L1', () => { check('weighted_l1(s.a, s.pick, s.v)', (tap) => mean((b, t) => sum(2, (k) => Math.abs(tap('a', b, t, k)) * norm(tap, at(pick(tap, b, t), k)))), ['a', 'v']); });
  test('normalised L1', () => { check('normalised_l1(s.w, s.input)', (tap) => mean((b, t) => sum(5, (e) => Math.abs(tap('w', b, t, e))) / Math.sqrt(sum(4, (i) => tap('input', b, t, i) ** 2))), ['w']); });
  test('annealed Lp reads as L1 and moves as Lp', () => {
    // the ratio L1 / Lp carries no gradient: computed once, held
    let ratio = 0;
    const power = (tap: Tap, p: number): number => mean((b, t) => sum(5, (e) => (Math.abs(tap('w', b, t, e)) + 1e-6) ** p));
    check('annealed_lp(s.w, 1.5)', (tap) => {
      ratio ||= mean((b, t) => sum(5, (e) => Math.abs(tap('w', b, t, e)))) / power(tap, 1.5);
      return power(tap, 1.5) * ratio;
    }, ['w']);
  });
  test('Hoyer', () => {
    check('hoyer(s.w)', (tap) => mean((b, t) => {
      const one = sum(5, (e) => Math.abs(tap('w', b, t, e)));
      const two = Math.sqrt(sum(5, (e) => tap('w', b, t, e) ** 2));
      return -(Math.sqrt(5) - one / two) / (Math.sqrt(5) - 1);
    }), ['w']);
  });
  test('Hoyer-square', () => { check('hoyer_square(s.w)', (tap) => mean((b, t) => sum(5, (e) => Math.abs(tap('w', b, t, e))) ** 2 / sum(5, (e) => tap('w', b, t, e) ** 2)), ['w']); });
  test('tanh L0', () => { check('tanh_l0(s.a, s.pick, s.v; c = 3)', (tap) => mean((b, t) => sum(2, (k) => Math.tanh(3 * Math.abs(tap('a', b, t, k)) * norm(tap, at(pick(tap, b, t), k))))), ['a', 'v']); });

  // the surrogate: d/dtheta H(z - theta) is -1/width within half a width of the threshold, so the formula below is its integral
  const soft = (z: number, theta: number, width: number): number => Math.min(Math.max((z - theta) / width + 0.5, 0), 1);
  const steps = (tap: Tap): number => mean((b, t) => sum(5, (e) => (tap('z', b, t, e) > tap('theta', e) ? 1 : 0)));
  const surrogate = (tap: Tap, width: number): number => mean((b, t) => sum(5, (e) => soft(tap('z', b, t, e), tap('theta', e), width)));
  test('step L0 counts; its gradient is that of a clipped ramp, for the threshold only', () => {
    let constant = Number.NaN;
    check('step_l0(s.z, s.theta; width = 0.8)', (tap) => {
      if (Number.isNaN(constant)) constant = steps(tap) - surrogate(tap, 0.8);
      return surrogate(tap, 0.8) + constant;
    }, ['theta']);
  });
  test('L0 to a target', () => {
    let constant = Number.NaN;
    check('l0_to_target(s.z, s.theta; target = 2, width = 0.8)', (tap) => {
      if (Number.isNaN(constant)) constant = steps(tap) - surrogate(tap, 0.8);
      return ((surrogate(tap, 0.8) + constant) / 2 - 1) ** 2;
    }, ['theta']);
  });
});

describe('units that never fire', () => {
  const silent = new Map([['loss.it.silent', [10, 0, 10, 10, 0]]]);
  test('dead pre-activations', () => {
    check('dead_preactivation(s.z, s.theta, s.v; after = 5)', (tap) => mean((b, t) => [0, 2, 3].reduce((y, e) => y + Math.max(tap('theta', e) - tap('z', b, t, e), 0) * norm(tap, e), 0)), ['z', 'theta', 'v'], silent);
  });
  test('AuxK', () => {
    check('aux_k(s.error, s.z, s.v; take = 2, after = 5)', (tap) => {
      const average = range(4).map((i) => mean((b, t) => tap('error', b, t, i)));
      const variance = mean((b, t) => sum(4, (i) => (tap('error', b, t, i) - at(average, i)) ** 2));
      return mean((b, t) => {
        const dead = [0, 2, 3].sort((p, q) => tap('z', b, t, q) - tap('z', b, t, p)).slice(0, 2);
        return sum(4, (i) => (tap('error', b, t, i) - dead.reduce((y, e) => y + Math.max(tap('z', b, t, e), 0) * tap('v', e, i), 0)) ** 2);
      }) / variance;
    }, ['z', 'v'], silent);
  });
  test('a unit that fires is no longer dead; the others are silent for six tokens more', () => {
    const { graph } = elaborateText(spec('mean(layers)(dead_preactivation(s.z, s.theta, s.v))'), { batch: 2, time: 3 });
    const params = new Map(graph.params.map((param, i) => [param.path, numbers(i + 10, param.axes.reduce((n, axis) => n * axis.size, 1))]));
    const z = graph.taps.get('layers.0.s.z');
    const [update] = graph.updates;
    if (!z || !update) throw new Error('no update');
    const [values, moved] = evaluate([z, update.value], { params, inputs: new Map([['tokens', [1, 2, 3, 4, 5, 6]]]), states: silent });
    const theta = params.get('layers.0.s.theta') ?? [];
    expect([...(moved ?? [])]).toEqual(range(5).map((e) => (T.some((n) => (values?.[n * 5 + e] ?? 0) > (theta[e] ?? 0)) ? 0 : at([10, 0, 10, 10, 0], e) + 6)));
  });
});

describe('gates', () => {
  const H = range(2);
  test('token entropy', () => { check('token_entropy(s.gates)', (tap) => mean((b, t) => H.reduce((y, h) => y - sum(5, (e) => tap('gates', b, t, h, e) * Math.log(tap('gates', b, t, h, e))), 0) / 2), ['gates']); });
  const average = (tap: Tap, h: number, e: number): number => mean((b, t) => tap('gates', b, t, h, e));
  test('batch entropy', () => { check('batch_entropy(s.gates)', (tap) => H.reduce((y, h) => y + sum(5, (e) => average(tap, h, e) * Math.log(average(tap, h, e))), 0) / 2, ['gates']); });
  test('ambiguity', () => { check('ambiguity(s.gates)', (tap) => mean((b, t) => H.reduce((y, h) => y + 1 - Math.max(...range(5).map((e) => tap('gates', b, t, h, e))), 0) / 2), ['gates']); });
  test('uniformity', () => { check('uniformity(s.gates)', (tap) => -H.reduce((y, h) => y + sum(5, (e) => Math.log(average(tap, h, e))), 0) / 10, ['gates']); });
});

describe('balance of choices', () => {
  const share = (tap: Tap, e: number): number => T.reduce((n, i) => n + pick(tap, Math.floor(i / 3), i % 3).filter((c) => c === e).length, 0) / 12;
  const probability = (tap: Tap, e: number): number => mean((b, t) => tap('p', b, t, e));
  test('Megatron\'s: 1 at balance', () => { check('switch_balance(s.p, s.pick)', (tap) => 5 * sum(5, (e) => probability(tap, e) * share(tap, e)), ['p']); });
  test('summed over the choices: k at balance', () => { check('summed_balance(s.p, s.pick)', (tap) => 5 * sum(5, (e) => probability(tap, e) * 2 * share(tap, e)), ['p']); });
  test('in each sequence', () => {
    check('sequence_balance(s.p, s.pick)', (tap) => sum(2, (b) => sum(5, (e) => {
      const counts = range(3).reduce((n, t) => n + pick(tap, b, t).filter((c) => c === e).length, 0);
      return (counts * 5) / 6 * (sum(3, (t) => tap('p', b, t, e)) / 3);
    })) / 2, ['p']);
  });
  test('at both levels of pools', () => {
    check('pool_balance(s.inner, s.opened, s.member)', (tap) => {
      let total = 0;
      for (const pool of range(3)) {
        for (const n of range(4)) {
          let [mass, count] = [0, 0];
          for (const b of range(2)) for (const t of range(3)) for (const o of range(2)) {
            if (tap('opened.index', b, t, o) !== pool) continue;
            mass += tap('inner', b, t, o, n) / 12;
            count += range(2).filter((k) => tap('member.index', b, t, o, k) === n).length / 24;
          }
          total += mass * count;
        }
      }
      return 12 * total;
    }, ['inner']);
  });
  test('squared coefficient of variation of importance', () => {
    check('importance(s.p)', (tap) => {
      const totals = range(5).map((e) => 6 * probability(tap, e));
      const average = totals.reduce((a, v) => a + v, 0) / 5;
      return totals.reduce((a, v) => a + (v - average) ** 2, 0) / 5 / average ** 2;
    }, ['p']);
  });
  test('z-loss', () => { check('z_loss(s.z)', (tap) => mean((b, t) => Math.log(sum(5, (e) => Math.exp(tap('z', b, t, e)))) ** 2), ['z']); });
  test('of ReLU gates, with a weight that follows the density', () => {
    const open = (tap: Tap, e: number): number => mean((b, t) => (tap('w', b, t, e) > 0 ? 1 : 0));
    const states = new Map([['loss.it.weight', [0.5]]]);
    check('adaptive(relu_balance(s.w; take = 2), density(s.w); target = 0.4)', (tap) => 0.5 * (5 / 2) * sum(5, (e) => mean((b, t) => tap('w', b, t, e)) * open(tap, e)), ['w'], states);
    const { graph } = elaborateText(spec('mean(layers)(adaptive(relu_balance(s.w; take = 2), density(s.w); target = 0.4))'), { batch: 2, time: 3 });
    const params = new Map(graph.params.map((param, i) => [param.path, numbers(i + 10, param.axes.reduce((n, axis) => n * axis.size, 1))]));
    const [update] = graph.updates;
    const w = graph.taps.get('layers.0.s.w');
    if (!update || !w) throw new Error('no update');
    const [moved, values] = evaluate([update.value, w], { params, inputs: new Map([['tokens', [1, 2, 3, 4, 5, 6]]]), states });
    const density = [...(values ?? [])].filter((v) => v > 0).length / 30;
    expect(moved?.[0]).toBeCloseTo(density > 0.4 ? 0.6 : 0.5 / 1.2, 12);
  });
});

describe('directions and reconstruction', () => {
  test('decorrelation of the first units', () => {
    check('decorrelation(s.w; sample = 3)', (tap) => {
      const z = range(3).map((e) => {
        const average = mean((b, t) => tap('w', b, t, e));
        const deviation = Math.sqrt(mean((b, t) => (tap('w', b, t, e) - average) ** 2) + 1e-8);
        return (b: number, t: number): number => (tap('w', b, t, e) - average) / deviation;
      });
      return sum(3, (i) => sum(3, (j) => (i === j ? 0 : mean((b, t) => (z[i]?.(b, t) ?? 0) * (z[j]?.(b, t) ?? 0)) ** 2)));
    }, ['w']);
  });
  test('orthogonality of the first rows', () => {
    check('orthogonality(s.v; sample = 3)', (tap) => sum(3, (i) => sum(3, (j) => (i === j ? 0 : (sum(4, (e) => tap('v', i, e) * tap('v', j, e)) / norm(tap, i) / norm(tap, j)) ** 2))) / 6, ['v']);
  });
  test('squared error', () => { check('squared_error(s.input, s.error)', (tap) => mean((b, t) => sum(4, (i) => (tap('input', b, t, i) - tap('error', b, t, i)) ** 2)), ['error']); });
  test('unexplained variance', () => {
    check('unexplained(s.input, s.error)', (tap) => {
      const average = range(4).map((i) => mean((b, t) => tap('input', b, t, i)));
      return mean((b, t) => sum(4, (i) => (tap('input', b, t, i) - tap('error', b, t, i)) ** 2)) / mean((b, t) => sum(4, (i) => (tap('input', b, t, i) - at(average, i)) ** 2));
    }, ['error']);
  });
});

describe('conventions: the value that is promised', () => {
  /** The loss of gates that are the given rows for the six tokens, by way of an input-independent block. */
  const valueOf = (loss: string, body: string): number => {
    const text = `language 1
use std.transformer { embed, lm_head }
use std.losses { switch_balance }
use std.objectives { ${names.join(', ')} }
block fixed(x[d]) -> p[e = 4] {
  axis k = 1
  let position[e] = iota(time) - 4 * floor(iota(time) / 4)
  ${body}
  let pick = top(g; over = e, take = k)
  return g
}
arch A { dims { d = 2; ctx = 4; vocab = 8 }
  embed {}
  layers 1 { s: fixed {} }
  lm_head {}
  loss it = mean(layers)(${loss}) }`;
    const { graph } = elaborateText(text, { batch: 1, time: 4 });
    const params = new Map(graph.params.map((param, i) => [param.path, numbers(i, param.axes.reduce((n, axis) => n * axis.size, 1))]));
    const node = graph.losses[0]?.node;
    if (!node) throw new Error('no loss');
    return evaluate([node], { params, inputs: new Map([['tokens', [1, 2, 3, 4]], ['targets', [1, 2, 3, 4]]]) })[0]?.[0] ?? Number.NaN;
  };
  const balanced = 'let g[e] = where(position == iota(e), 1, 0) + 0 * sum(d)(x)';
  const even = 'let g[e] = 0.25 + 0 * sum(d)(x)';
  const collapsed = 'let g[e] = where(iota(e) == 0, 1, 0) + 0 * sum(d)(x)';
  test.each([
    ['switch_balance(s.g, s.pick)', balanced, 1],
    ['switch_balance(s.g, s.pick)', collapsed, 4],
    ['summed_balance(s.g, s.pick)', balanced, 1],
    ['sequence_balance(s.g, s.pick)', balanced, 1],
    ['importance(s.g)', balanced, 0],
    ['token_entropy(s.g)', balanced, 0],
    ['token_entropy(s.g)', even, Math.log(4)],
    ['batch_entropy(s.g)', balanced, -Math.log(4)],
    ['batch_entropy(s.g)', collapsed, 0],
    ['ambiguity(s.g)', balanced, 0],
    ['ambiguity(s.g)', even, 0.75],
    ['uniformity(s.g)', balanced, Math.log(4)],
    ['hoyer(s.g)', balanced, -1],
    ['hoyer(s.g)', even, 0],
    ['hoyer_square(s.g)', balanced, 1],
    ['hoyer_square(s.g)', even, 4],
  ])('%s of %s is %s', (loss, body, value) => {
    expect(valueOf(loss, body)).toBeCloseTo(value, 6);
  });
});
