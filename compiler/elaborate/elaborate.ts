/**
 * @file From the Model to the Graph: places every entry, adds the entries of `layers` to the residual stream, and evaluates the losses.
 *
 * Top-level entries follow one another: x = entry(x); one whose result belongs to no token (a table) only offers it to the others. In
 * `layers n { norm = rms_norm; a: ...; b: ... }` each entry reads the normed residual stream and adds to it, layer after layer:
 * x = x + a(norm(x)); x = x + b(norm(x)). An entry whose result is not of the stream's kind (a choice, gates) is kept under its name for the
 * entries after it, in its own layer and in the layers up to the one where it is computed again.
 */
import type { Source } from '../../grammar/ast.js';
import { Reported } from '../diagnostics/diagnostic.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';
import { Numbering } from '../graph/build.js';
import type { ChoiceTap, Graph, Node, ResidualAdd } from '../graph/graph.js';
import type { Layers, Model } from '../model/model.js';
import { isPlaced } from '../model/placement.js';
import { Context, type Mode } from './context.js';
import { applyEntry, givenStream, normed } from './entries.js';
import { elaborateLosses } from './losses.js';
import { tensor } from './values.js';

export interface Elaborated {
  readonly graph: Graph;
  /** Its builder goes on building (gradients). */
  readonly context: Context;
}

/** The graph for sequences of `time` tokens, `batch` at once; undefined when something was reported. */
export function elaborate(
  model: Model, sources: ReadonlyMap<string, Source>, diagnostics: Diagnostics, batch: number, time: number, mode: Mode = 'train', numbering = new Numbering(),
): Elaborated | undefined {
  const context = new Context(model, sources, diagnostics, batch, time, mode, numbering);
  const residual: ResidualAdd[] = [];
  const x = abandoned(() => placeAll(context, residual), undefined);
  if (!x || diagnostics.failed) return undefined;
  const losses = elaborateLosses(context);
  if (diagnostics.failed) return undefined;
  const taps = new Map<string, Node>();
  const choices: ChoiceTap[] = [];
  for (const [path, value] of context.values) {
    if (value.kind === 'tensor') taps.set(path, value.node);
    else if (value.kind === 'choice') {
      taps.set(`${path}.index`, value.index);
      taps.set(`${path}.score`, value.score);
      // under its first name only
      if (!choices.some(({ index }) => index === value.index)) choices.push({ path, index: value.index, members: value.of.size });
    }
  }
  const graph: Graph = {
    name: model.name, batch: context.batch, time: context.time, params: context.params, states: context.states, taps, families: context.families, choices,
    residual, losses, updates: context.updates, logits: x,
  };
  return { graph, context };
}

function placeAll(context: Context, residual: ResidualAdd[]): Node | undefined {
  let x: Node | undefined;
  for (const entry of context.model.entries) {
    if (entry.kind === 'entry') {
      context.stream = x;
      const value = applyEntry(context, entry, givenStream(context, entry) ?? (x && tensor(x)), entry.path);
      const ofTokens = value.kind === 'tensor' && value.node.axes.includes(context.batch) && value.node.axes.includes(context.time);
      if (ofTokens) x = value.node;
    } else if (x) x = placeLayers(context, entry, x, residual);
  }
  return x;
}

function placeLayers(context: Context, layers: Layers, start: Node, residual: ResidualAdd[]): Node {
  let x = start;
  const count = layers.count.value.kind === 'number' ? layers.count.value.value : 0;
  for (let layer = 0; layer < count; layer++) {
    for (const entry of layers.entries) {
      if (!isPlaced(entry, layer)) continue;
      const path = `${layers.path}.${layer}.${entry.name}`;
      const before = x;
      x = abandoned(() => {
        context.stream = before;
        context.streams.set(path, before);
        const input = givenStream(context, entry, { layers, layer }) ?? tensor(normed(context, layers, before, path, entry.span));
        if (input.kind === 'tensor') context.inputs.set(path, input.node);
        const value = applyEntry(context, entry, input, path, { layers, layer });
        if (value.kind !== 'tensor' || value.node.axes.some((axis) => !before.axes.includes(axis))) return before;
        const after = context.build.at(path, entry.span, () => context.build.add(before, value.node));
        residual.push({ path, before, write: value.node, after });
        return after;
      }, before);
    }
    // the other layers would only repeat what was reported
    if (context.diagnostics.failed) break;
  }
  return x;
}

/** Runs `make`; a construct abandoned after its diagnostic gives `otherwise`. */
export function abandoned<T>(make: () => T, otherwise: T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof Reported) return otherwise;
    throw error;
  }
}
