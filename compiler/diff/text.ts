/**
 * @file A comparison as text:
 *
 *     Pools -> PoolsWide
 *
 *       params            4.46M -> 16.9M   x3.79
 *
 *     ~ layers.ffn.count  8 -> 32  (breaking; from pools.arch:16, pools.arch:30)
 *         reshapes layers.ffn.experts.read
 */
import type { Colours } from '../diagnostics/colour.js';
import { table } from '../show/table.js';
import { bytes, count, ratio } from '../show/units.js';
import { type Change, type Severity, sign } from './change.js';
import type { Comparison, Delta } from './compare.js';

export function diffText(result: Comparison, colours: Colours): string {
  const { before, after, changes, summary } = result;
  const title = before.spec === after.spec ? colours.bold(before.spec) : `${colours.bold(`${before.arch} -> ${after.arch}`)}  ${colours.dim(`(${before.spec} -> ${after.spec})`)}`;
  const counts = (['breaking', 'dangerous', 'neutral'] as const).filter((s) => summary[s] > 0).map((s) => `${summary[s]} ${s}`);
  const [, ...deltas] = table(
    [{ title: '', align: 'left' }, { title: '', align: 'right' }, { title: '', align: 'left' }, { title: '', align: 'right' }, { title: '', align: 'left' }],
    result.deltas.map((d) => [d.name, number(d, d.before), '->', number(d, d.after), ratio(d.before, d.after)]),
  );
  return [title, '', ...deltas.map((l) => `  ${l}`), '', ...(changes.length === 0 ? ['no changes'] : [...changes.flatMap((c) => changeLines(c, colours)), '', counts.join(', ')])].join('\n');
}

const number = (delta: Delta, value: number): string => (delta.unit === 'bytes' ? bytes(value) : count(value));

const LONGEST = 60;

function changeLines(change: Change, colours: Colours): string[] {
  const paint: Readonly<Record<Severity, (text: string) => string>> = { breaking: colours.red, dangerous: colours.yellow, neutral: colours.dim };
  const { before, after } = change;
  const values = change.kind === 'documentation changed' ? 'documentation' : before === null ? (after ?? '') : after === null ? before : `${before} -> ${after}`;
  const from = change.origins.length === 0 ? '' : `; from ${change.origins.join(', ')}`;
  const remark = paint[change.severity](`(${change.severity}${from})`);
  const mark = sign(change);
  const head = `${mark === '+' ? colours.green(mark) : mark === '-' ? colours.red(mark) : mark} ${colours.bold(change.path)}`;
  const reason = tellsMore(change) ? [colours.dim(`    ${change.reason}`)] : [];
  if (values.length <= LONGEST) return [`${head}  ${values}  ${remark}`, ...reason];
  const parts = change.kind === 'documentation changed' || before === null || after === null ? [`    ${values}`] : [`    - ${before}`, `    + ${after}`];
  return [`${head}  ${remark}`, ...parts, ...reason];
}

/** Shapes, losses and clauses speak for themselves. */
function tellsMore({ kind, severity }: Change): boolean {
  if (kind === 'setting changed' || kind === 'dim changed' || kind === 'block changed') return severity === 'breaking';
  return kind === 'formula changed' || kind === 'property lost' || kind === 'property gained';
}
