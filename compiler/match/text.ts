/**
 * @file A match for people, and as a spec that extends the model it sized.
 */
import type { Colours } from '../diagnostics/colour.js';
import { table } from '../show/table.js';
import { percent, whole } from '../show/units.js';
import type { Match } from './match.js';
import { QUANTITIES, quantityText, type Quantity } from './quantity.js';

/** The setting as `--set` takes it. */
export const setLine = ({ path, value }: Match): string => `${path}=${value.after}`;

/** How far the quantity is from its target after the match, as a fraction of the target. */
export function relativeError({ after, target }: Match, quantity: Quantity): number {
  return target[quantity] === 0 ? (after[quantity] === 0 ? 0 : Infinity) : after[quantity] / target[quantity] - 1;
}

/** `DenseLikePools` */
export const matchedName = (match: Match, target: string): string => `${match.arch}Like${target}`;

/** `+0.05%`, `-12%`, `0%` */
export function signedPercent(fraction: number): string {
  return Number.isFinite(fraction) ? `${fraction > 0 ? '+' : ''}${percent(fraction)}` : 'no target';
}

/**
 * One declaration: `arch DenseLikePools extends Dense { layers.ffn.width = 131 }`.
 * @param set the `--set` lines the match was made with, `train` apart
 */
export function matchedArch(match: Match, target: string, set: readonly string[]): string {
  const items = [...set, setLine(match)].map((line) => line.replace(/\s*=\s*/, ' = '));
  return `arch ${matchedName(match, target)} extends ${match.arch} { ${items.join('; ')} }`;
}

/** A file that imports the sized arch as `use` names it (`specs.dense`) and declares the match. */
export function matchedSpec(match: Match, target: string, set: readonly string[], use: string): string {
  const doc = `/// ${match.arch}, sized to ${target} by ${quantityText[match.by]}: ${whole(match.after[match.by])} for ${whole(match.target[match.by])} (${signedPercent(relativeError(match, match.by))}).`;
  return `language 1\nuse ${use} { ${match.arch} }\n\n${doc} Made by \`archc match\`.\n${matchedArch(match, target, set)}\n`;
}

/** The whole answer, readable in 100 columns. */
export function matchText(match: Match, target: string, set: readonly string[], { bold, dim }: Colours): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const rows = QUANTITIES.map((quantity) => [
    quantityText[quantity], whole(match.before[quantity]), whole(match.after[quantity]), whole(match.target[quantity]),
    signedPercent(relativeError(match, quantity)), quantity === match.by ? 'matched' : '',
  ]);
  const { path, value, guessed } = match;
  const how = guessed ? ' (chosen: --vary names another)' : '';
  return [
    bold(`${match.arch}, sized to ${target} by ${quantityText[match.by]}`),
    '',
    ...table([{ title: '', align: 'left' }, right('before'), right('after'), right('target'), right('error'), { title: '', align: 'left' }], rows, dim).map((line) => `  ${line}`),
    '',
    `  ${path}: ${value.before} -> ${value.after}${dim(how)}`,
    ...(match.monotone ? [] : [`  not monotone in ${path}: the nearest of ${match.tried} values tried`]),
    '',
    `use it:    --set ${setLine(match)}`,
    `or write:  ${matchedArch(match, target, set)}`,
  ].join('\n');
}
