/**
 * @file From the Model to the Graph: places every entry, adds the entries of `layers` to the residual stream, and evaluates the losses.
 *
 * Top-level entries follow one another: x = entry(x). In `layers n { norm = rms_norm; a: ...; b: ... }` each entry reads the normed residual
 * stream and adds to it, layer after layer: x = x + a(norm(x)); x = x + b(norm(x)).
 */
import type { BlockDecl, Source, Span } from '../../grammar/ast.js';
import { Reported } from '../diagnostics/diagnostic.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';
import type { Graph, Node, ResidualAdd } from '../graph/graph.js';
import type { Entry, Layers, Model, Setting } from '../model/model.js';
import { applyBlock } from './blocks.js';
import { Context } from './context.js';
import { elaborateLosses } from './losses.js';
import { type Value, tensor } from './values.js';

/** The graph for sequences of `time` tokens, `batch` at once; undefined when something was reported. The context's builder goes on building (gradients). */
export function elaborate(model: Model, sources: ReadonlyMap<string, Source>, diagnostics: Diagnostics, batch: number, time: number): { graph: Graph; context: Context } | undefined {
  const context = new Context(model, sources, diagnostics, batch, time);
  const residual: ResidualAdd[] = [];
  const x = abandoned(() => placeAll(context, residual), undefined);
  if (!x || diagnostics.failed) return undefined;
  const losses = elaborateLosses(context, residual);
  if (diagnostics.failed) return undefined;
  const taps = new Map<string, Node>();
  for (const [path, value] of context.values) {
    if (value.kind === 'tensor') taps.set(path, value.node);
    else if (value.kind === 'choice') {
      taps.set(`${path}.index`, value.index);
      taps.set(`${path}.score`, value.score);
    }
  }
  const graph: Graph = {
    name: model.name, batch: context.batch, time: context.time, params: context.params, states: context.states, taps, families: context.families,
    residual, losses, updates: context.updates, logits: x,
  };
  return { graph, context };
}

function placeAll(context: Context, residual: ResidualAdd[]): Node | undefined {
  let x: Node | undefined;
  for (const entry of context.model.entries) {
    if (entry.kind === 'entry') {
      const value = place(context, entry, x ? [tensor(x)] : [], entry.path, undefined);
      if (value.kind === 'tensor') x = value.node;
    } else if (x) x = placeLayers(context, entry, x, residual);
  }
  return x;
}

function placeLayers(context: Context, layers: Layers, start: Node, residual: ResidualAdd[]): Node {
  let x = start;
  const count = layers.count.value.kind === 'number' ? layers.count.value.value : 0;
  for (let layer = 0; layer < count; layer++) {
    for (const entry of layers.entries) {
      const path = `${layers.path}.${layer}.${entry.name}`;
      const before = x;
      x = abandoned(() => {
        const normed = norm(context, layers, before, path, entry.span);
        const value = place(context, entry, [tensor(normed)], path, layer);
        if (value.kind !== 'tensor') return before;
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

function norm(context: Context, layers: Layers, x: Node, path: string, span: Span): Node {
  const setting = layers.norm.value;
  if (setting.kind !== 'block') return x;
  const value = apply(context, setting.declaration, [tensor(x)], new Map(), `${path}.norm`, span);
  return value.kind === 'tensor' ? value.node : x;
}

/** One entry; a block that takes no tensor starts from the inputs. */
function place(context: Context, entry: Entry, args: readonly Value[], path: string, layer: number | undefined): Value {
  const own = layer === undefined ? undefined : entry.perLayer.get(layer);
  const given = new Map<string, { value: Value; span: Span }>();
  for (const setting of [...entry.settings.values(), ...(own?.values() ?? [])]) {
    // defaults are evaluated by the block itself, where its axes are known
    if (setting.origin.kind === 'default' || setting.origin.kind === 'dims') continue;
    given.set(setting.name, { value: toValue(context, setting, entry.span), span: setting.origin.span ?? entry.span });
  }
  const value = apply(context, entry.block, entry.block.params.length === 0 ? [] : args, given, path, entry.span);
  context.record(path, value);
  return value;
}

function apply(context: Context, declaration: BlockDecl, args: readonly Value[], given: ReadonlyMap<string, { value: Value; span: Span }>, path: string, span: Span): Value {
  return applyBlock(context, { declaration, args: args.map((value) => ({ value, span })), given, path, chain: [], carried: [], span });
}

function toValue(context: Context, setting: Setting, span: Span): Value {
  const { value } = setting;
  switch (value.kind) {
    case 'number': return { kind: 'number', value: value.value };
    case 'bool': return { kind: 'bool', value: value.value };
    case 'word': case 'text': return { kind: 'word', value: value.value };
    case 'function': return { kind: 'function', name: value.name, declaration: value.declaration };
    case 'block': return { kind: 'block', declaration: value.declaration };
    case 'tensor': {
      const found = context.values.get(value.path);
      if (found) return found;
      return context.fail('ARCH2001', { kind: 'tensor', name: value.path, among: [...context.values.keys()] }, setting.origin.span ?? span);
    }
    case 'none': case 'list': return { kind: 'none' };
  }
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
