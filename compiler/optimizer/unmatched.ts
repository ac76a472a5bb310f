/**
 * @file Groups of the train block that own nothing: a warning, since a train block may serve several archs.
 */
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';
import type { Graph } from '../graph/graph.js';
import type { Model } from '../model/model.js';
import { matches } from './groups.js';

/** Reports each group whose path no parameter and no state of `graph` starts with. */
export function reportUnmatched(model: Model, graph: Graph, diagnostics: Diagnostics): void {
  const paths = [...graph.params, ...graph.states].map(({ path }) => path);
  for (const { path } of model.train.groups) {
    if (paths.some((owned) => matches(path, owned))) continue;
    const written = model.resolved.find((line) => line.path.startsWith(`train.group.${path}.`) && line.origin.span !== undefined);
    diagnostics.report(diagnose('ARCH2020', { arch: model.name, name: path, among: prefixes(paths) }, written?.origin.span));
  }
}

/** Every path above a parameter, without layer numbers. */
function prefixes(paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap((path) => {
    const names = path.split('.').filter((name) => !/^\d+$/.test(name));
    return names.slice(0, -1).map((_, i) => names.slice(0, i + 1).join('.'));
  }))];
}
