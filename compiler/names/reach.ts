/**
 * @file What a declaration may name at one point of its body: values (tensors, settings, `let`s), axes, and what its file brings.
 */
import type { AxisDecl, AxisPattern, SettingDecl, TensorPattern } from '../../grammar/ast.js';
import { builtinNames } from '../elaborate/builtins.js';
import type { Scope } from '../model/model.js';
import { primitiveFunctions, reductions, unaryFunctions } from '../model/primitives.js';

const always = ['tokens', 'targets', 'training'];

export class Reach {
  private readonly values = new Set<string>(always);
  private readonly axes = new Set<string>(['batch', 'time']);
  private readonly states: string[] = [];
  private readonly settings = new Map<string, SettingDecl>();

  /** `foreign`: axes that a value made by another block may bring with it. */
  constructor(readonly scope: Scope, private readonly foreign: ReadonlySet<string>) {}

  bind(name: string): void {
    this.values.add(name);
  }
  bindState(name: string): void {
    this.states.push(name);
    this.bind(name);
  }
  bindAxes(patterns: readonly (AxisDecl | AxisPattern)[]): void {
    for (const pattern of patterns) this.axes.add(pattern.name.name);
  }
  bindTensor(pattern: TensorPattern): void {
    if (pattern.name) this.bind(pattern.name.name);
    this.bindAxes([...pattern.axes, ...pattern.of]);
  }
  bindSetting(setting: SettingDecl): void {
    const { name } = setting.name;
    this.settings.set(name, setting);
    if (setting.type.name === 'axis' || setting.type.name === 'axes') this.axes.add(name);
    else this.bind(name);
  }

  hasValue(name: string): boolean {
    return this.values.has(name) || this.axes.has(name) || this.scope.functions.has(name) || this.scope.blocks.has(name) || primitiveFunctions.has(name);
  }
  hasAxis(name: string): boolean {
    return this.axes.has(name) || this.foreign.has(name);
  }
  /** Whether `name(...)` may be called; `over`: written `name(axes)(...)`. */
  hasFunction(name: string, over: boolean): boolean {
    const type = this.settings.get(name)?.type.name;
    if (type === 'fn' || type === 'block' || this.scope.functions.has(name)) return true;
    return over ? reductions.has(name) : this.scope.blocks.has(name) || builtinNames.includes(name) || unaryFunctions.has(name);
  }
  /** The words of a setting `one of a | b`. */
  wordsOf(name: string): readonly string[] | undefined {
    const setting = this.settings.get(name);
    return setting?.type.name === 'one of' ? setting.type.options.map((option) => option.name) : undefined;
  }

  valueNames(): string[] {
    return [...this.values, ...this.axes, ...this.scope.functions.keys(), ...this.scope.blocks.keys()];
  }
  stateNames(): readonly string[] {
    return this.states;
  }
  axisNames(): string[] {
    return [...this.axes];
  }
  functionNames(): string[] {
    const held = [...this.settings.values()].filter((setting) => setting.type.name === 'fn' || setting.type.name === 'block').map((setting) => setting.name.name);
    return [...held, ...this.scope.functions.keys(), ...this.scope.blocks.keys(), ...builtinNames, ...unaryFunctions, ...reductions];
  }
}
