/**
 * @file Messages of `archc match` (ARCH7xxx): why a model could not be sized to another.
 */
import { whole } from '../../show/units.js';
import type { MessageTable } from '../message.js';
import { suggestOrList } from '../suggest.js';

/** `quantity`: `active parameters`; `among`: paths of settings. */
interface Sizing {
  readonly arch: string;
  readonly quantity: string;
  readonly among: readonly string[];
}

export interface MatchParams {
  readonly ARCH7001: { readonly arch: string; readonly path: string; readonly among: readonly string[] };
  readonly ARCH7002: Sizing & { readonly path: string };
  /** `value`: the last value of the setting there is a model for; `nearest`: the quantity there. */
  readonly ARCH7003: Sizing & { readonly path: string; readonly target: number; readonly value: number; readonly nearest: number };
  readonly ARCH7004: Sizing;
}

const list = (paths: readonly string[]): string => [...paths].sort().map((path) => `\`${path}\``).join(', ');
const others = ({ among, quantity }: Sizing): string => (among.length === 0 ? `no setting of this spec changes its ${quantity}` : `these change it: ${list(among)}`);

export const matchMessages: MessageTable<MatchParams> = {
  ARCH7001: {
    title: 'no such setting to vary',
    message: (p) => `\`${p.arch}\` has no whole-number setting \`${p.path}\``,
    help: (p) => suggestOrList(p.path, p.among, 'there are', 20),
    explain: {
      text: `\`archc match --vary PATH\` varies one whole number of the spec: a dim (\`dims.d\`), the number of layers (\`layers.count\`) or a setting of
an entry (\`layers.ffn.width\`). A setting that takes its value from the dim of its name is varied by that dim.

\`archc show --resolved\` prints every path of a spec.`,
      failing: `archc match dense.arch --to pools.arch --by flops --vary layers.ffn.widht`,
      fixed: `archc match dense.arch --to pools.arch --by flops --vary layers.ffn.width`,
    },
  },
  ARCH7002: {
    title: 'the setting does not change the quantity',
    message: (p) => `\`${p.path}\` does not change the ${p.quantity} of \`${p.arch}\``,
    help: others,
    explain: {
      text: `Values around and far from the present one were tried, and the quantity stayed the same. The heads of an attention layer, for example,
share its width among themselves: more of them are smaller ones.`,
      failing: `archc match dense.arch --to pools.arch --by total --vary layers.attention.heads`,
      fixed: `archc match dense.arch --to pools.arch --by total --vary layers.ffn.width`,
    },
  },
  ARCH7003: {
    title: 'the target is out of reach',
    message: (p) => `\`${p.path}\` cannot bring \`${p.arch}\` to ${whole(p.target)} ${p.quantity}: at ${whole(p.value)}, the last value there is, it has ${whole(p.nearest)}`,
    help: (p) => (p.among.length === 0 ? others(p) : `vary another setting (${list(p.among)}), or change one of them by --set and match again`),
    explain: {
      text: `The setting was doubled, or halved, as far as there is a model for it, and the target was not passed. What the rest of the model costs
cannot be taken away by this setting; a contract (\`active <= 12 per token\`) and divisibility (\`d / heads\`) may also end its range early, which
a note then says.`,
      failing: `archc match dense.arch --to tiny.arch --by total --vary layers.ffn.width`,
      fixed: `archc match dense.arch --to tiny.arch --by total --vary layers.ffn.width --set layers.count=2`,
    },
  },
  ARCH7004: {
    title: 'which setting is to be varied?',
    message: (p) => `no setting that \`${p.arch}\` gives its entries changes its ${p.quantity}`,
    help: (p) => (p.among.length === 0 ? others(p) : `name one with --vary: ${list(p.among)}`),
    explain: {
      text: `Without \`--vary\`, \`archc match\` chooses among the whole numbers that the spec itself writes into its entries: the one that moves the
quantity most when doubled, and of those that move it nearly as much, the one in the finest steps. None of them moves it.`,
      failing: `archc match small.arch --to pools.arch --by total`,
      fixed: `archc match small.arch --to pools.arch --by total --vary layers.count`,
    },
  },
};
