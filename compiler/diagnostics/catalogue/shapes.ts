/**
 * @file Messages about dims, axes and shapes (ARCH3xxx). Reports carry the dims in force as a note: see `dimsNote`.
 */
import type { MessageTable } from '../message.js';

export interface ShapeParams {
  /** `expected`, `got`: axes as text, `[d = 128]`; `of`: the tensor parameter. */
  readonly ARCH3001: { readonly block: string; readonly of: string; readonly expected: string; readonly got: string };
  readonly ARCH3002: { readonly axis: string; readonly sizes: readonly [number, number] };
  /** `by` is `divisor`'s value: 130 is not divisible by heads = 4. */
  readonly ARCH3003: { readonly what: string; readonly value: number; readonly divisor: string; readonly by: number };
  readonly ARCH3004: { readonly take: number; readonly axis: string; readonly size: number };
  readonly ARCH3005: { readonly axis: string; readonly sizes: readonly [number, number] };
  readonly ARCH3006: { readonly what: string; readonly got: number | string };
  readonly ARCH3007: { readonly what: string; readonly expected: number; readonly got: number };
  /** `axes`: those left over, as text. */
  readonly ARCH3008: { readonly loss: string; readonly axes: string };
  readonly ARCH3009: { readonly block: string; readonly declared: string; readonly got: string };
  /** The text of a `ShapeError`. */
  readonly ARCH3010: { readonly text: string };
}

/** `heads = 4`, or `4` where the divisor has no name of its own. */
const named = (name: string, value: number): string => (name === String(value) ? name : `${name} = ${value}`);

const nearestMultiples = (value: number, by: number): string | undefined => {
  if (!Number.isInteger(by) || by < 1 || !Number.isInteger(value)) return undefined;
  const below = Math.floor(value / by) * by;
  return below > 0 ? `nearest multiples of ${by}: ${below} and ${below + by}` : `nearest multiple of ${by}: ${by}`;
};

export const shapeMessages: MessageTable<ShapeParams> = {
  ARCH3001: {
    title: 'a block receives a tensor of another shape',
    message: (p) => `\`${p.block}\` expects \`${p.of}\` with axes ${p.expected}, got ${p.got}`,
    label: (p) => `has axes ${p.got}`,
    explain: {
      text: `A block says which axes each tensor it receives has: \`x[d]\`. The tensor given here has others. The token axes (batch, time) are
implicit and need not be written.`,
      failing: `block half_norm(q[half = 2, e]) -> y[half, e] { return q / sqrt(mean(e)(q ^ 2)) }
block f(x[d]) -> y[d] { return half_norm(x) }`,
      fixed: `block norm(q[e]) -> y[e] { return q / sqrt(mean(e)(q ^ 2)) }
block f(x[d]) -> y[d] { return norm(x) }`,
    },
  },
  ARCH3002: {
    title: 'the sizes of an axis differ',
    message: (p) => `axis \`${p.axis}\` has size ${p.sizes[0]} here and ${p.sizes[1]} there`,
    label: (p) => `\`${p.axis}\` = ${p.sizes[0]}`,
    explain: {
      text: `An axis is bound to a size where it is first written; from then on every use is checked. Here two uses of one axis have
different sizes. If they are meant to be different, give them different names.`,
      failing: `let q[e = 32] = linear(x; to = e)
let k[e = 64] = linear(x; to = e)`,
      fixed: `let q[e = 64] = linear(x; to = e)
let k[e] = linear(x; to = e)`,
    },
  },
  ARCH3003: {
    title: 'does not divide',
    message: (p) => `${named(p.what, p.value)} is not divisible by ${named(p.divisor, p.by)}`,
    label: (p) => `${p.value} / ${p.by} is not whole`,
    help: (p) => nearestMultiples(p.value, p.by),
    explain: {
      text: `A size is computed by division (the width of a head is d / heads) and does not come out whole. Sizes are never rounded.`,
      failing: `dims { d = 130; ctx = 64; vocab = 256 }
layers 2 { attention { heads = 4 } }`,
      fixed: `dims { d = 128; ctx = 64; vocab = 256 }
layers 2 { attention { heads = 4 } }`,
    },
  },
  ARCH3004: {
    title: 'takes more than there are',
    message: (p) => `takes the ${p.take} best along axis \`${p.axis}\`, which has only ${p.size}`,
    label: (p) => `more than ${p.size}`,
    help: (p) => `take at most ${p.size}, or make \`${p.axis}\` larger`,
    explain: {
      text: `\`top(score, take)\` and \`top_product(score, take)\` keep the best \`take\` members of an axis, so the axis must have that many. For
product keys these are keys * keys.`,
      failing: `layers 2 { ffn: peer { heads = 2; keys = 3; take = 16 } }`,
      fixed: `layers 2 { ffn: peer { heads = 2; keys = 32; take = 16 } }`,
    },
  },
  ARCH3005: {
    title: 'two different axes of one name',
    message: (p) => `two different axes are called \`${p.axis}\` here (${p.sizes[0]} and ${p.sizes[1]})`,
    label: (p) => `which \`${p.axis}\`?`,
    help: (p) => `rename one of them: rename(t, ${p.axis} -> other)`,
    explain: {
      text: `Axes are matched by identity: an axis that one block made and an axis of the same name that another made are different. A tensor
that has both, or an operation that meets both, would be ambiguous. Rename one, or make the second block receive the axis of the first.`,
      failing: `let a[n = 8] = f(x)
let b[n = 16] = g(x)
return sum(n)(a * b)`,
      fixed: `let a[n = 8] = f(x)
let b[m = 16] = g(x)
return sum(n)(a) * sum(m)(b)`,
    },
  },
  ARCH3006: {
    title: 'a size must be a whole positive number',
    message: (p) => `${p.what} must be a whole positive number, got ${p.got}`,
    label: (p) => `this is ${p.got}`,
    explain: {
      text: `Sizes of axes, numbers of layers and how many are taken are whole numbers from 1.`,
      failing: `layers 0 { attention { heads = 4 } }`,
      fixed: `layers 1 { attention { heads = 4 } }`,
    },
  },
  ARCH3007: {
    title: 'wrong number of axes',
    message: (p) => `${p.what} expects ${p.expected} ${p.expected === 1 ? 'axis' : 'axes'}, got ${p.got}`,
    explain: {
      text: `An operation or a pattern is written for another number of axes than it meets: a \`choice\` over two axes indexes a table in two
places, \`table[a, b]\`.`,
      failing: `experts unit[pool, expert] { read u[d] ~ zeros }
let r = u[pick]`,
      fixed: `experts unit[pool, expert] { read u[d] ~ zeros }
let r = u[opened, pick]`,
    },
  },
  ARCH3008: {
    title: 'a loss is not a single number',
    message: (p) => `loss \`${p.loss}\` is not a single number: it still has axes ${p.axes}`,
    label: (p) => `has axes ${p.axes}`,
    help: () => 'reduce over every axis and say how: `mean(batch, time)(...)`, `mean(layers)(...)`',
    explain: {
      text: `The objective is a sum of numbers, so each loss reduces over every axis, tokens and layers too. Whether by mean or by sum changes
its weight, so it is always written.`,
      failing: `loss small = 1e-4 * lm_head.logits ^ 2`,
      fixed: `loss small = 1e-4 * mean(batch, time, v)(lm_head.logits ^ 2)`,
    },
  },
  ARCH3009: {
    title: 'a result does not match its declaration',
    message: (p) => `\`${p.block}\` declares the result ${p.declared} but returns ${p.got}`,
    label: (p) => `has axes ${p.got}`,
    explain: {
      text: `A block says which axes its result has: \`-> y[d]\`. What it returns has others: an axis was not reduced, or one was lost.`,
      failing: `block length(x[d]) -> y[] { return x ^ 2 }
block f(x[d]) -> y[d] { return x / length(x) }`,
      fixed: `block length(x[d]) -> y[] { return sum(d)(x ^ 2) }
block f(x[d]) -> y[d] { return x / length(x) }`,
    },
  },
  ARCH3010: {
    title: 'shapes do not fit',
    message: (p) => p.text,
    explain: {
      text: `An operation received tensors whose axes do not fit it; the message says which. The note lists the dims in force and where each
was set.`,
      failing: `let t = concat(a, b; axis = n)`,
      fixed: `let t = concat(a, rename(b, m -> n); axis = n)`,
    },
  },
};
