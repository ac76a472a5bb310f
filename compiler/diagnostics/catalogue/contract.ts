/**
 * @file Messages about the interpretability contract (ARCH5xxx), one code a clause.
 */
import type { Explanation, MessageTable } from '../message.js';

/** `subject`: the family or entry; `reason`: what was found instead. The operations that break the clause go into `related`. */
interface Violation {
  readonly subject: string;
  readonly reason: string;
}

export interface ContractParams {
  readonly ARCH5001: Violation;
  readonly ARCH5002: Violation;
  readonly ARCH5003: Violation;
  readonly ARCH5004: Violation & { readonly bound: number };
  /** `bound`: a fraction. */
  readonly ARCH5005: Violation & { readonly bound: number };
  /** A warning: the clause speaks of experts, but there are none. */
  readonly ARCH5006: { readonly clause: string };
}

const page = (text: string, failing: string, fixed: string): Explanation => ({
  text: `${text}\n\nA contract is checked on the graph, never taken on trust; \`archc show\` prints what holds, demanded or not.`,
  failing,
  fixed,
});

const label = (): string => 'demanded here';

export const contractMessages: MessageTable<ContractParams> = {
  ARCH5001: {
    title: 'experts are not additive',
    message: (p) => `experts are not additive: \`${p.subject}\`: ${p.reason}`,
    label,
    explain: page(
      `\`additive\` demands that a block's output is a sum of coefficient * write over its experts, added to the residual stream with nothing
nonlinear between. The related places show the operations that come between, in order.`,
      `let y[d] = sum(k)(activation * v[pick])
return rms_norm(y)`,
      `return sum(k)(activation * v[pick])`,
    ),
  },
  ARCH5002: {
    title: 'the model is not causal',
    message: (p) => `not causal: \`${p.subject}\`: ${p.reason}`,
    label,
    explain: page(
      `\`causal\` demands that no token depends on a later token or on another sequence. Only attention and shifts to the past may read
other tokens; a mean over \`time\` or \`batch\` reads all of them.`,
      `let centred[d] = x - mean(batch, time)(x)`,
      `let centred[d] = x - mean(d)(x)`,
    ),
  },
  ARCH5003: {
    title: 'experts are not private',
    message: (p) => `experts are not private: \`${p.subject}\`: ${p.reason}`,
    label,
    explain: page(
      `\`private\` demands that each expert owns its parameters: every member of the family is read by the same choice over all its axes. Experts
composed of shared factors are not private.`,
      `experts[i, j] { read u[d] ~ zeros; write v[d] ~ zeros }
let r = sum(d)(x * mean(j)(u))`,
      `experts[expert] { read u[d] ~ zeros; write v[d] ~ zeros }
let r = sum(d)(x * u[pick])`,
    ),
  },
  ARCH5004: {
    title: 'too many experts are active',
    message: (p) => `more than ${p.bound} experts fire per token: \`${p.subject}\`: ${p.reason}`,
    label,
    explain: page(
      `\`active <= n per token\` bounds how many experts of a family can fire for one token: the product of the sizes of its choices.`,
      `layers 2 { ffn: pools { count = 8; open = 2; heads = 2; keys = 32; take = 8 } }
contract { active <= 12 per token }`,
      `layers 2 { ffn: pools { count = 8; open = 2; heads = 2; keys = 32; take = 3 } }
contract { active <= 12 per token }`,
    ),
  },
  ARCH5005: {
    title: 'too much goes around the experts',
    message: (p) => `more than ${p.bound * 100}% of the FLOPs go around the experts: \`${p.subject}\`: ${p.reason}`,
    label,
    explain: page(
      `\`bypass <= p% flops\` bounds the share of a block's computation that reaches the residual stream without passing through its experts.`,
      `contract { bypass <= 1% flops }`,
      `contract { bypass <= 40% flops }`,
    ),
  },
  ARCH5006: {
    title: 'a clause about experts, but no experts',
    severity: 'warning',
    message: (p) => `contract clause \`${p.clause}\` speaks of experts, but this model has none`,
    label,
    explain: page(
      `Every clause but \`causal\` speaks of families of experts. A model without any satisfies it without saying anything.`,
      `layers 2 { mlp {} }
contract { additive; causal }`,
      `layers 2 { mlp {} }
contract { causal }`,
    ),
  },
};
