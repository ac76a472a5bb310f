/**
 * @file One call of a primitive, with readers for its arguments and settings.
 */
import type { Call, Expr } from '../../grammar/ast.js';
import type { Axis, Node } from '../graph/graph.js';
import { argument } from './calls.js';
import type { Context } from './context.js';
import { evaluate, evaluateTensor } from './expressions.js';
import type { Frame } from './frame.js';
import { evaluateAxes, evaluateAxis, evaluateNumber } from './statics.js';
import { type Choice, type Value, describeValue } from './values.js';

export class Site {
  constructor(readonly context: Context, readonly frame: Frame, readonly name: string, readonly call: Call) {}

  tensor(at: number): Node {
    return evaluateTensor(this.context, this.frame, argument(this.context, this.frame, this.call, at, this.name));
  }
  value(at: number): Value {
    return evaluate(this.context, this.frame, argument(this.context, this.frame, this.call, at, this.name));
  }
  choice(at: number): Choice {
    const value = this.value(at);
    if (value.kind === 'choice') return value;
    return this.context.fail('ARCH2012', { owner: this.name, name: `argument ${at + 1}`, expected: 'a choice', got: describeValue(value) }, this.call.span, { help: 'choices are made by `top(x; over = n, take = k)` and `top_product`, and by blocks that return one' });
  }
  number(at: number, what: string): number {
    return evaluateNumber(this.context, this.frame, argument(this.context, this.frame, this.call, at, this.name), what);
  }
  setting(name: string): Expr {
    return this.optional(name) ?? this.context.fail('ARCH2011', { owner: this.name, name, type: 'axis' }, this.call.span);
  }
  optional(name: string): Expr | undefined {
    const given = this.call.settings.find((setting) => setting.name.name === name);
    return given && (given.value ?? { kind: 'path', segments: [given.name], span: given.span });
  }
  axis(name: string, on: readonly Axis[] = []): Axis {
    return evaluateAxis(this.context, this.frame, this.setting(name), on);
  }
  axes(name: string, on: readonly Axis[] = []): readonly Axis[] {
    return evaluateAxes(this.context, this.frame, this.setting(name), on);
  }
  get build(): Context['build'] {
    return this.context.build;
  }
}

export interface Builtin {
  readonly settings: readonly string[];
  readonly run: (site: Site) => Value;
}
