/**
 * @file What a spec says to no effect: settings that its block does not use as the others are, and entries whose results nobody uses: a table that no layer reads, a router whose choice goes nowhere, a stream that a later entry replaces. They cost memory
 * and time, are never trained, and most often stand for a path that was meant and not written.
 */
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';
import type { Axis, Graph, Node } from '../graph/graph.js';
import type { Entry, Model } from '../model/model.js';
import type { Elaborated } from './elaborate.js';

/** Warns of every entry of which neither the logits nor a loss depends on anything, in any of the `forms` of the model, and of the other entries'
 *  settings that make no difference. */
export function reportUnused(model: Model, forms: readonly Elaborated[], diagnostics: Diagnostics): void {
  const used = new Set<string>();
  const axes = new Set<Axis>();
  for (const { graph, context } of forms) {
    const live = liveNodes(graph);
    // by its parameters and named values: of alike nodes the graph keeps one, whose path is the first entry's
    for (const { op } of live) if (op.kind === 'param') used.add(shared(op.param.path));
    for (const node of live) for (const axis of node.axes) axes.add(axis);
    for (const [path, value] of context.values) {
      if ((value.kind === 'tensor' && live.has(value.node)) || (value.kind === 'choice' && (live.has(value.index) || live.has(value.score)))) used.add(shared(path));
    }
  }
  const paths = [...used];
  for (const entry of model.entries.flatMap((each): readonly Entry[] => (each.kind === 'entry' ? [each] : each.entries))) {
    if (paths.some((path) => path === entry.path || path.startsWith(`${entry.path}.`))) reportIdle(entry, forms, axes, diagnostics);
    else diagnostics.report(diagnose('ARCH2019', { entry: entry.path, block: entry.block.name.name }, entry.span));
  }
}

/** Settings given here (not by a base, whose other settings may have changed) that were read nowhere, or only for sizes of axes that no value has. */
function reportIdle(entry: Entry, forms: readonly Elaborated[], axes: ReadonlySet<Axis>, diagnostics: Diagnostics): void {
  const readings = forms.flatMap(({ context }) => context.readings.filter((reading) => reading.entry === entry.path));
  for (const { name, origin } of entry.settings.values()) {
    const type = entry.block.settings.find((setting) => setting.name.name === name)?.type.name;
    if (type === undefined || type === 'axis' || type === 'axes' || (origin.kind !== 'spec' && origin.kind !== 'set')) continue;
    if (readings.some(({ of }) => of.matters(name, axes))) continue;
    diagnostics.report(diagnose('ARCH2021', { entry: entry.path, block: entry.block.name.name, name }, origin.span));
  }
}

/** `layers.2.ffn.up` -> `layers.ffn.up` */
const shared = (path: string): string => path.replace(/^(\w+)\.\d+\./, '$1.');

/** Everything the logits and the losses depend on, gradients and the states that are read included. */
function liveNodes(graph: Graph): ReadonlySet<Node> {
  const live = new Set<Node>();
  const follow = (root: Node): void => {
    const stack = [root];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (live.has(node)) continue;
      live.add(node);
      stack.push(...node.inputs);
    }
  };
  for (const root of [graph.logits, ...graph.losses.map((loss) => loss.node)]) follow(root);
  // a state's next value matters where the state is read
  for (let size = 0; size < live.size; ) {
    size = live.size;
    const read = new Set<unknown>([...live].flatMap(({ op }) => (op.kind === 'state' ? [op.state] : [])));
    for (const { target, value } of graph.updates) if (read.has(target)) follow(value);
  }
  return live;
}
