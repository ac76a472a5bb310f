/**
 * @file Joins neighbouring loops that every access walks as one: where all strides of the outer are the inner's times its extent. An elementwise
 * kernel over [batch, time, d] becomes one loop over all elements.
 */
import { forms, type Index } from './index-form.js';
import type { DraftLoop } from './draft.js';

/** Groups of neighbouring loops to be run as one, outermost first. */
export function joinable(loops: readonly DraftLoop[], indices: readonly Index[]): DraftLoop[][] {
  const groups: DraftLoop[][] = [];
  for (let i = loops.length - 1; i >= 0; i--) {
    const outer = loops[i];
    if (!outer) continue;
    const group = groups[0];
    const inner = group?.[0];
    const bounded = (loop: DraftLoop): boolean => loop.from !== undefined || loop.to !== undefined;
    if (group && inner && !bounded(outer) && !bounded(inner) && walkAsOne(outer, inner, indices)) group.unshift(outer);
    else groups.unshift([outer]);
  }
  return groups;
}

function walkAsOne(outer: DraftLoop, inner: DraftLoop, indices: readonly Index[]): boolean {
  return indices.every((index) => {
    let fits = true;
    forms(index, (form) => {
      if (stride(form, outer.name) !== stride(form, inner.name) * inner.extent) fits = false;
    });
    return fits;
  });
}

function stride(form: Index, name: string): number {
  for (const { atom, by } of form.terms) if (atom.kind === 'var' && atom.name === name) return by;
  return 0;
}
