/**
 * @file `archc show` as text, readable in 100 columns.
 */
import type { Colours } from '../diagnostics/colour.js';
import { activityLines } from './activity.js';
import { contractTable } from './contract.js';
import { costTable } from './costs.js';
import type { ShowReport } from './report.js';
import { table, wrap } from './table.js';
import { docLines, treeLines } from './tree.js';

export function showText(report: ShowReport, colours: Colours): string {
  const { bold, dim } = colours;
  const origin = report.base === null ? report.file : `extends ${report.base}, ${report.file}`;
  const losses = table([{ title: '', align: 'left' }, { title: '', align: 'left' }], report.losses.map((l) => [l.name, l.value]));
  const train = table([{ title: '', align: 'left' }, { title: '', align: 'left' }], report.train.map((l) => [l.path, l.value]));
  const sections: readonly (readonly string[])[] = [
    [...docLines(report.doc, '', colours), `${bold(report.arch)}  ${dim(`(${origin})`)}`, ...wrap(report.dims.map((d) => `${d.name} = ${d.value}`), 100, '', '; ')],
    treeLines(report, colours),
    report.losses.length === 0 ? [] : [bold('losses'), ...losses.slice(1).map((l) => `  ${l}`)],
    [
      bold('cost'),
      ...costTable(report.costs, report.total, dim).map((l) => `  ${l}`),
      dim(`  FLOPs per token, forward and training; activations for ${report.batch} x ${report.time} tokens, estimated`),
    ],
    [
      bold('contract'),
      ...contractTable(report.contract, report, dim).map((l) => `  ${l}`),
      ...wrapped(activityLines(report.activity)),
      report.declared.length === 0 ? dim('  nothing is demanded: contract { ... } would enforce it') : `  demanded: ${report.declared.join('; ')}`,
    ],
    [bold('train'), ...train.slice(1).map((l) => `  ${l}`)],
  ];
  return sections.filter((s) => s.length > 0).map((s) => s.join('\n')).join('\n\n');
}

const wrapped = (lines: readonly string[]): string[] => lines.flatMap((line) => wrap(line.split(' '), 96, '').map((part, i) => (i === 0 ? `  ${part}` : `    ${part}`)));
