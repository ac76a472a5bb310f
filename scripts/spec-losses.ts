/**
 * @file `npm run spec-losses`: trains every arch of `specs/` that a laptop can, each with the same number of training FLOPs on the same text from the same seed,
 * and prints their validation losses, the best first. `--write` puts the table into specs/README.md.
 *
 * FLOPs are those of the cost model (`archc show`: forward and backward, per token); an arch gets as many steps as the budget pays for, and its learning-rate
 * schedule is scaled to them. Weights of losses that grow over a number of steps keep that number.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../compiler/show/table.js';
import { count, whole } from '../compiler/show/units.js';
import { openCorpus } from '../runtime/index.js';
import { type ArchFacts, archFacts, specArchs } from './spec-archs.js';
import { between, readme } from './spec-table.js';
import { stepsSet, trainArch } from './train-arch.js';

export const LOSS_MARKS = ['<!-- made by `npm run spec-losses -- --write` -->', '<!-- end of losses -->'] as const;

export interface LossRow {
  readonly spec: string;
  readonly arch: string;
  /** No token of the model sees a later one. If false, the validation loss is not one it has in use. */
  readonly causal: boolean;
  /** Per token: forward; forward and backward. */
  readonly flops: number;
  readonly trainingFlops: number;
  readonly active: number;
  readonly parameters: number;
  readonly steps: number;
  readonly tokens: number;
  /** Nats per byte. */
  readonly loss: number;
  readonly tokensPerSecond: number;
}

export interface LossOptions {
  /** Training FLOPs for each arch. */
  readonly flops: number;
  readonly data: string;
  readonly seed: number;
  /** Validation windows per domain. */
  readonly windows: number;
  readonly threads?: number;
  /** Parts of file or arch names, letter case apart; none: every model. */
  readonly only: readonly string[];
  /** `path=value` for every arch. */
  readonly set: readonly string[];
  readonly say: (text: string) => void;
}

/** Rows sorted by loss, and why others have none: `paper` sizes, and dictionaries, which learn beside a model, unless asked for by `only`. */
export async function specLosses(options: LossOptions): Promise<{ readonly rows: readonly LossRow[]; readonly left: readonly ArchFacts[] }> {
  const asked = ({ file, arch }: { file: string; arch: string }): boolean => options.only.some((part) => `${file} ${arch}`.toLowerCase().includes(part.toLowerCase()));
  const facts = specArchs().filter((each) => options.only.length === 0 || asked(each)).map((each) => archFacts(each, options.set));
  const chosen = facts.filter(({ kind }) => kind === 'model' || (kind === 'dictionary' && options.only.length > 0));
  const rows: LossRow[] = [];
  for (const [i, each] of chosen.entries()) rows.push(await lossOf(each, options, `${i + 1}/${chosen.length} ${each.arch}`));
  return { rows: rows.sort((a, b) => a.loss - b.loss), left: facts.filter((each) => !chosen.includes(each)) };
}

async function lossOf(facts: ArchFacts, options: LossOptions, name: string): Promise<LossRow> {
  const { model, cost, batch, time } = facts;
  const steps = Math.max(1, Math.round(options.flops / (cost.trainingFlops * batch * time)));
  const every = Math.max(1, Math.round(steps / 4));
  const trained = await trainArch(facts, {
    set: [...options.set, ...stepsSet(model, steps)],
    seed: options.seed,
    windows: options.windows,
    threads: options.threads,
    corpus: await openCorpus(options.data, { time }),
    onStep: (step, loss) => { if (step % every === 0) options.say(`${name}: step ${step}/${steps}, loss ${loss.toFixed(3)}`); },
  });
  options.say(`${name}: validation ${trained.evaluation.loss.toFixed(4)} nats/byte, ${whole(trained.tokensPerSecond)} tokens/s`);
  return {
    spec: facts.file, arch: facts.arch, causal: facts.contract.causal.holds, flops: cost.flops, trainingFlops: cost.trainingFlops, active: cost.activeParameters,
    parameters: cost.parameters, steps, tokens: steps * batch * time, loss: trained.evaluation.loss, tokensPerSecond: trained.tokensPerSecond,
  };
}

const HEADER = ['spec', 'arch', 'FLOPs/token', 'active', 'parameters', 'steps', 'tokens', 'nats/byte', 'tokens/s'];

const cells = (row: LossRow): string[] => [
  row.spec, row.causal ? row.arch : `${row.arch} (not causal)`, count(row.flops), count(row.active), count(row.parameters), whole(row.steps), count(row.tokens),
  row.loss.toFixed(4), whole(row.tokensPerSecond),
];

/** Lines for a terminal. */
export function lossText(rows: readonly LossRow[]): string {
  return table(HEADER.map((title, i) => ({ title, align: i < 2 ? 'left' : 'right' })), rows.map(cells)).join('\n');
}

/** The table as Markdown; speeds are of the machine and the minute, and stay out. */
export function lossMarkdown(rows: readonly LossRow[], options: Pick<LossOptions, 'flops' | 'seed'>): string {
  const shown = [HEADER, HEADER.map((_, i) => (i < 2 ? '---' : '--:')), ...rows.map(cells)].map((row) => `| ${row.slice(0, -1).join(' | ')} |\n`);
  return `${options.flops.toExponential().replace('+', '')} training FLOPs each, seed ${options.seed}.\n\n${shown.join('')}`;
}

/** What is not in the table, in a sentence for each kind. */
export function leftOut(left: readonly ArchFacts[]): string[] {
  const names = (kind: ArchFacts['kind']): string => left.filter((each) => each.kind === kind).map(({ arch }) => arch).join(', ');
  return [
    ...(names('dictionary') === '' ? [] : [`left out, for they learn beside a model: ${names('dictionary')}`]),
    ...(names('paper') === '' ? [] : [`left out, for they have a paper's sizes: ${names('paper')}`]),
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      flops: { type: 'string', default: '5e11' }, data: { type: 'string', default: fileURLToPath(new URL('../../shared/data', import.meta.url)) }, seed: { type: 'string', default: '1' },
      windows: { type: 'string', default: '32' }, threads: { type: 'string' }, only: { type: 'string', multiple: true, default: [] }, set: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false }, write: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const options: LossOptions = {
    flops: positive('flops', values.flops), data: values.data, seed: positive('seed', values.seed), windows: positive('windows', values.windows),
    threads: values.threads === undefined ? undefined : positive('threads', values.threads), only: values.only, set: values.set, say: (text) => process.stderr.write(`${text}\n`),
  };
  if (values.write && (values.only.length > 0 || values.set.length > 0)) throw new Error('--write is for the whole table, as the specs are: leave out --only and --set');
  const { rows, left } = await specLosses(options);
  if (values.only.length > 0 && rows.length === 0) throw new Error(`no arch that can be trained here has ${values.only.join(' or ')} in its name`);
  if (values.json) process.stdout.write(`${JSON.stringify({ formatVersion: '1.0', flops: options.flops, seed: options.seed, rows, leftOut: left.map(({ file, arch, kind }) => ({ spec: file, arch, kind })) }, null, 2)}\n`);
  else process.stdout.write(`${[`${options.flops.toExponential().replace('+', '')} training FLOPs each, seed ${options.seed}`, lossText(rows), ...leftOut(left)].join('\n')}\n`);
  if (values.write) writeFileSync(readme, between(readFileSync(readme, 'utf8'), LOSS_MARKS, lossMarkdown(rows, options)));
}

const HELP = `Trains every arch of specs/ with the same training FLOPs and prints their validation losses, the best first.

  npm run spec-losses -- [--flops 5e11] [--data ../shared/data] [--only NAME]... [--set PATH=VALUE]... [--json] [--write]
                         [--seed 1] [--windows 32] [--threads N]

  --only   archs and files with this in their names, dictionaries too; repeatable
  --set    a value of every spec: --set dims.ctx=64; repeatable
  --write  puts the table into specs/README.md
`;

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new Error(`--${name} must be a number above 0, not ${text}`);
  return value;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
