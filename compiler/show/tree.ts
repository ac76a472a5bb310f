/**
 * @file The resolved tree: entries with their settings, and the shapes of their parameters.
 *
 *     layers x4 (norm = rms_norm)
 *       ffn: pools  count = 8; open = 2; heads = 2
 *         experts.read   [pool 8, expert 1024, d 128]   1.05M  normal(0, 0.0884)
 */
import type { Colours } from '../diagnostics/colour.js';
import { ranges } from './layers.js';
import type { EntryReport, ParamReport, SettingReport, ShowReport } from './report.js';
import { table, wrap } from './table.js';
import { count } from './units.js';
import { axesText } from './values.js';

const WIDTH = 100;

export function treeLines(report: ShowReport, colours: Colours): string[] {
  return report.tree.flatMap((node) => {
    if (node.kind === 'entry') return entryLines(node, '', undefined, colours);
    return [
      ...docLines(node.doc, '', colours),
      `${colours.bold(`${node.path} x${node.count}`)}  norm = ${node.norm}`,
      ...paramLines(node.params, '  ', node.count),
      ...node.entries.flatMap((entry) => entryLines(entry, '  ', node.count, colours)),
    ];
  });
}

function entryLines(entry: EntryReport, indent: string, layers: number | undefined, colours: Colours): string[] {
  const name = entry.path.split('.').at(-1) ?? entry.path;
  const title = name === entry.block ? name : `${name}: ${entry.block}`;
  return [
    ...docLines(entry.doc ?? entry.blockDoc, indent, colours),
    `${indent}${colours.bold(title)}`,
    ...settingLines(entry.settings, `${indent}  `, colours),
    ...entry.perLayer.flatMap(({ layer, settings }) => settingLines(settings, `${indent}  layer ${layer}: `, colours)),
    ...paramLines(entry.params, `${indent}  `, layers),
  ];
}

/** Settings the spec gave plainly, defaults dimmed. */
function settingLines(settings: readonly SettingReport[], indent: string, colours: Colours): string[] {
  const words = settings.map((s) => {
    const text = `${s.name} = ${s.value}`;
    return s.kind === 'default' || s.kind === 'dims' ? colours.dim(text) : text;
  });
  return wrap(words, WIDTH, indent, '; ');
}

function paramLines(params: readonly ParamReport[], indent: string, layers: number | undefined): string[] {
  const rows = params.map((p) => [
    p.name,
    axesText(p.axes),
    count(p.elements),
    p.init,
    layers === undefined || p.layers.length === layers ? '' : `only in layer${p.layers.length === 1 ? '' : 's'} ${ranges(p.layers)}`,
  ]);
  const [, ...lines] = table(
    [{ title: '', align: 'left' }, { title: '', align: 'left' }, { title: '', align: 'right' }, { title: '', align: 'left' }, { title: '', align: 'left' }],
    rows,
  );
  return lines.map((line) => indent + line);
}

export function docLines(doc: string | null, indent: string, colours: Colours): string[] {
  if (doc === null) return [];
  return wrap(doc.split(/\s+/).filter((w) => w !== ''), WIDTH, `${indent}/// `).map((line) => colours.dim(line));
}
