/**
 * @file Settings, initialisers and axes as short text, the way a spec writes them.
 */
import type { Axis, Init } from '../graph/graph.js';
import type { Clause, SettingValue } from '../model/model.js';

export function settingText(value: SettingValue): string {
  switch (value.kind) {
    case 'number':
      return numberText(value.value);
    case 'bool':
      return String(value.value);
    case 'word':
      return value.value;
    case 'text':
      return JSON.stringify(value.value);
    case 'none':
      return 'none';
    case 'list':
      return `[${value.items.map(settingText).join(', ')}]`;
    case 'function':
    case 'block':
      return value.name;
    case 'tensor':
      return value.path;
  }
}

/** At most six significant digits: `0.0883883`, `1e-5`. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(6)));
}

export function initText(init: Init): string {
  switch (init.kind) {
    case 'zeros':
    case 'ones':
      return init.kind;
    case 'constant':
      return numberText(init.value);
    case 'normal':
      return `normal(${numberText(init.mean)}, ${numberText(init.std)})`;
    case 'uniform':
      return `uniform(${numberText(init.low)}, ${numberText(init.high)})`;
    case 'unit':
      return `${initText(init.of)}, unit rows`;
  }
}

/** `[d 128, f 512]` */
export function axesText(axes: readonly Pick<Axis, 'name' | 'size'>[]): string {
  return `[${axes.map((a) => `${a.name} ${a.size}`).join(', ')}]`;
}

/** `active <= 12 per token`, `bypass <= 40% flops`, `additive` */
export function clauseText(clause: Pick<Clause, 'name' | 'bound'>): string {
  if (clause.bound === undefined) return clause.name;
  return clause.name === 'bypass' ? `bypass <= ${numberText(clause.bound * 100)}% flops` : `${clause.name} <= ${numberText(clause.bound)} per token`;
}
