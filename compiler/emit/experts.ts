/**
 * @file The `experts` constant of `model.ts`: what each family of experts is, families that differ in their layer number only told once.
 */
import type { ContractReport } from '../contract/contract.js';
import type { Json } from './json.js';

/** `{ 'layers.ffn.experts': { layers, axes, count, active, members: { read: [128], ... } } }` */
export function expertsTable(report: ContractReport): { readonly [path: string]: Json } {
  const groups = new Map<string, { key: string; layers: number[]; path: string; facts: { readonly [name: string]: Json } }>();
  for (const { family, units, active, additive, private: owned } of report.families) {
    const [, stack, layer, rest] = /^([A-Za-z_]\w*)\.(\d+)\.(.+)$/.exec(family.path) ?? [];
    const key = stack !== undefined && rest !== undefined ? `${stack}.${rest}` : family.path;
    const facts = {
      count: units,
      activePerToken: active.value ?? units,
      axes: Object.fromEntries(family.axes.map(({ name, size }) => [name, size])),
      members: Object.fromEntries(
        family.members.map((member) => [
          member.path.slice(family.path.length + 1) || member.path,
          { role: member.expert?.role ?? 'param', shape: member.axes.filter((axis) => !family.axes.includes(axis)).map(({ size }) => size) },
        ]),
      ),
      additive: additive.holds,
      private: owned.holds,
    };
    const id = `${key} ${JSON.stringify(facts)}`;
    const group = groups.get(id) ?? { key, layers: new Array<number>(), path: family.path, facts };
    groups.set(id, group);
    if (layer !== undefined) group.layers.push(Number(layer));
  }
  const keys = [...groups.values()].map(({ key }) => key);
  return Object.fromEntries(
    [...groups.values()].map(({ key, layers, path, facts }) => [
      keys.filter((other) => other === key).length === 1 ? key : path,
      { ...(layers.length > 0 && { layers }), ...facts },
    ]),
  );
}
