/**
 * @file Evaluates the losses of an arch: expressions over named activations, where `mean(layers)(...)` repeats over the layers and paths
 * inside it are relative to each.
 */
import type { Call, Expr, Path, Span } from '../../grammar/ast.js';
import { printExpr } from '../../grammar/print-expressions.js';
import { Reported } from '../diagnostics/diagnostic.js';
import type { Loss, Node } from '../graph/graph.js';
import { axesText } from '../graph/shape-error.js';
import type { ModelLoss } from '../model/model.js';
import { isPlaced } from '../model/placement.js';
import { callBlock } from './blocks.js';
import type { Context } from './context.js';
import { evaluate, toTensor } from './expressions.js';
import { Frame } from './frame.js';
import { type Value, tensor } from './values.js';

export function elaborateLosses(context: Context): Loss[] {
  const losses: Loss[] = [];
  for (const loss of context.model.losses) {
    const file = loss.value.span.file;
    const scope = context.model.scopes.get(file.startsWith('--set ') ? context.model.file : file);
    if (!scope) throw new Error(`no scope for ${file}`);
    const frame = new SpecFrame(context, loss, scope);
    try {
      const node = toTensor(context, frame, evaluate(context, frame, loss.value), loss.value);
      if (node.axes.length > 0) context.fail('ARCH3008', { loss: loss.name, axes: axesText(node.axes) }, loss.value.span);
      losses.push({ name: loss.name, node, span: loss.value.span });
    } catch (error) {
      if (!(error instanceof Reported)) throw error;
    }
  }
  return losses;
}

/** A frame outside blocks: dotted paths mean named activations, losses can be called. */
class SpecFrame extends Frame {
  /** `layers.2` inside `mean(layers)(...)`. */
  private prefix: string | undefined;

  constructor(
    private readonly context: Context,
    private readonly loss: ModelLoss,
    scope: Frame['scope'],
  ) {
    super(`loss ${loss.name}`, scope, `loss.${loss.name}`, []);
    this.carried.add(context.batch);
    this.carried.add(context.time);
  }

  override lookUpPath(path: Path): Value | undefined {
    const segments = path.segments.map((segment) => segment.name);
    for (let length = segments.length; length > 0; length--) {
      const name = segments.slice(0, length).join('.');
      const found = (this.prefix === undefined ? undefined : this.context.values.get(`${this.prefix}.${name}`)) ?? this.context.values.get(name);
      if (!found) continue;
      const member = segments.slice(length);
      if (member.length === 0) return found;
      if (found.kind === 'choice' && member.length === 1 && member[0] === 'score') return tensor(found.score);
      if (found.kind === 'choice' && member.length === 1 && member[0] === 'index') return tensor(found.index);
    }
    const dim = segments.length === 1 ? this.context.model.dims.get(segments[0] ?? '') : undefined;
    if (dim?.value.kind === 'number') return { kind: 'number', value: dim.value.value };
    return this.unknown(segments.join('.'), path.span);
  }

  private unknown(name: string, span: Span): never {
    const names = [...this.context.values.keys()];
    const among = this.prefix === undefined ? names : names.filter((path) => path.startsWith(`${this.prefix}.`)).map((path) => path.slice((this.prefix ?? '').length + 1));
    return this.context.fail('ARCH2016', { loss: this.loss.name, name, among }, span);
  }

  override callLoss(name: string, call: Call): Value | undefined {
    const declaration = this.scope.losses.get(name);
    if (!declaration) {
      this.context.fail('ARCH2005', { name, among: [...this.scope.losses.keys(), 'ramp'] }, call.callee.span);
    }
    // a loss sees every axis, batch and time included, so nothing is carried into it
    return callBlock(this.context, this, declaration, call);
  }

  override callOver(name: string, inner: Call, call: Call): Value | undefined {
    const over = inner.args[0];
    const group = over?.kind === 'path' ? printExpr(over) : '';
    const layers = this.context.model.entries.find((entry) => entry.kind === 'layers' && entry.name === group);
    const body = call.args[0];
    if (!layers || layers.kind !== 'layers' || !body || (name !== 'mean' && name !== 'sum')) return undefined;
    const count = layers.count.value.kind === 'number' ? layers.count.value.value : 0;
    const used = layers.entries.filter((entry) => mentions(body, entry.name));
    const before = this.prefix;
    const terms: Node[] = [];
    for (let layer = 0; layer < count; layer++) {
      // an entry that stands in some of the layers is averaged over those
      if (used.some((entry) => !isPlaced(entry, layer))) continue;
      this.prefix = `${group}.${layer}`;
      const term = toTensor(this.context, this, evaluate(this.context, this, body), body);
      terms.push(terms[0] ? this.alike(term, terms[0], call) : term);
    }
    this.prefix = before;
    if (terms.length === 0) return this.context.fail('ARCH2016', { loss: this.loss.name, name: printExpr(body), among: layers.entries.map((entry) => entry.name) }, body.span);
    const total = terms.reduce((sum, term) => this.context.build.add(sum, term));
    return tensor(name === 'mean' ? this.context.build.div(total, terms.length) : total);
  }

  /** A layer's term with the axes of the first layer's: each layer has axes of its own, matched here by name and size. */
  private alike(term: Node, first: Node, call: Call): Node {
    return term.axes.reduce((node, axis) => {
      const same = first.axes.find((other) => other.name === axis.name && other.size === axis.size);
      if (!same) return this.context.fail('ARCH3008', { loss: this.loss.name, axes: axesText(term.axes) }, call.span);
      return this.context.build.rename(node, axis, same);
    }, term);
  }
}

/** Whether an expression has a path that begins with `name`. */
function mentions(expr: Expr, name: string): boolean {
  switch (expr.kind) {
    case 'path': return expr.segments[0]?.name === name;
    case 'unary': return mentions(expr.operand, name);
    case 'binary': return mentions(expr.left, name) || mentions(expr.right, name);
    case 'if': return mentions(expr.then, name) || mentions(expr.condition, name) || mentions(expr.otherwise, name);
    case 'call': return mentions(expr.callee, name) || expr.args.some((arg) => mentions(arg, name)) || expr.settings.some((s) => s.value !== undefined && mentions(s.value, name));
    case 'index': return mentions(expr.base, name) || expr.entries.some((entry) => mentions(entry.value, name));
    case 'member': return mentions(expr.base, name);
    case 'list': return expr.items.some((item) => mentions(item, name));
    default: return false;
  }
}
