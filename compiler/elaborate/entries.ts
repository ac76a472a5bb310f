/**
 * @file One entry of a spec as an application of its block: its settings as values, its tensors found by path.
 *
 * The first tensor of a block is the stream, unless another is given; the others are given like settings, by path: `ffn: routed { pick = route }`.
 * In layers a path is looked for in the entry's own layer, then in the layers before it, the nearest first, then from the top of the arch.
 * `ffn` is what the entry `ffn` gave; `ffn.input` what it read, the normed stream; `ffn.stream` the residual stream it stood in; `stream` alone the
 * residual stream where the entry at hand stands.
 */
import type { BlockDecl, Span } from '../../grammar/ast.js';
import type { Node } from '../graph/graph.js';
import type { Entry, Layers, Setting } from '../model/model.js';
import { applyBlock } from './blocks.js';
import type { Context } from './context.js';
import { type Value, tensor } from './values.js';

/** Which layer an entry stands in. */
export interface Place {
  readonly layers: Layers;
  readonly layer: number;
}

/** Expands an entry and records its result under `path`. A block that takes no tensor starts from the inputs. */
export function applyEntry(context: Context, entry: Entry, x: Value | undefined, path: string, place?: Place): Value {
  const own = place === undefined ? undefined : entry.perLayer.get(place.layer);
  const [first, ...more] = entry.block.params.map((param) => param.name?.name ?? '');
  const given = new Map<string, { value: Value; span: Span }>();
  for (const setting of [...entry.settings.values(), ...(own?.values() ?? [])]) {
    // defaults are evaluated by the block itself, where its axes are known
    if (setting.origin.kind === 'default' || setting.origin.kind === 'dims') continue;
    given.set(setting.name, { value: toValue(context, setting, entry.span, place), span: setting.origin.span ?? entry.span });
  }
  const args = first === undefined || !x ? [] : [{ value: x, span: entry.span }, ...more.flatMap((name) => given.get(name) ?? [])];
  for (const name of [first ?? '', ...more]) given.delete(name);
  const value = context.within(path, () => applyBlock(context, { declaration: entry.block, args, given, path, entry: entry.path, chain: [], carried: [], span: entry.span }));
  context.record(path, value);
  return value;
}

/** What the entry is given in place of the stream (`sae: topk_sae { x = ffn }`), if anything. */
export function givenStream(context: Context, entry: Entry, place?: Place): Value | undefined {
  const name = entry.block.params[0]?.name?.name ?? '';
  const setting = (place && entry.perLayer.get(place.layer)?.get(name)) ?? entry.settings.get(name);
  return setting && entry.block.params.length > 0 ? toValue(context, setting, entry.span, place) : undefined;
}

/** The stream as the entries of `layers` read it. */
export function normed(context: Context, layers: Layers, x: Node, path: string, span: Span): Node {
  const setting = layers.norm.value;
  if (setting.kind !== 'block') return x;
  const value = context.within(path, () => applyNorm(context, setting.declaration, x, `${path}.norm`, span));
  return value.kind === 'tensor' ? value.node : x;
}

function applyNorm(context: Context, declaration: BlockDecl, x: Node, path: string, span: Span): Value {
  return applyBlock(context, { declaration, args: [{ value: tensor(x), span }], given: new Map(), path, chain: [], carried: [], span });
}

function toValue(context: Context, setting: Setting, span: Span, place: Place | undefined): Value {
  const { value } = setting;
  switch (value.kind) {
    case 'number': return { kind: 'number', value: value.value };
    case 'bool': return { kind: 'bool', value: value.value };
    case 'word': case 'text': return { kind: 'word', value: value.value };
    case 'function': return { kind: 'function', name: value.name, declaration: value.declaration };
    case 'block': return { kind: 'block', declaration: value.declaration };
    case 'tensor': return find(context, value.path, place) ?? context.fail('ARCH2001', { kind: 'tensor', name: value.path, among: [...context.values.keys()] }, setting.origin.span ?? span);
    case 'list': return { kind: 'list', values: value.items.flatMap((item) => (item.kind === 'number' ? [item.value] : [])) };
    case 'none': return { kind: 'none' };
  }
}

function find(context: Context, path: string, place: Place | undefined): Value | undefined {
  for (let layer = place?.layer ?? -1; place && layer >= 0; layer--) {
    const found = named(context, `${place.layers.path}.${layer}.${path}`);
    if (found) return found;
  }
  return named(context, path) ?? (path === 'stream' && context.stream ? tensor(context.stream) : undefined);
}

/** A value by its whole path; `layers.2.ffn.input` is what the entry read, `layers.2.ffn.stream` the residual stream before it. */
function named(context: Context, path: string): Value | undefined {
  const at = path.lastIndexOf('.');
  const kept = { input: context.inputs, stream: context.streams };
  const which = path.slice(at + 1);
  const node = which === 'input' || which === 'stream' ? kept[which].get(path.slice(0, at)) : undefined;
  return context.values.get(path) ?? (node && tensor(node));
}
