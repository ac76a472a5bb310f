import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, suggest, suggestOrList } from '../../compiler/diagnostics/suggest.js';

/** Optimal string alignment by its recursive definition. */
function slow(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const x = a.slice(0, -1);
  const y = b.slice(0, -1);
  let best = Math.min(slow(x, b) + 1, slow(a, y) + 1, slow(x, y) + (a.at(-1) === b.at(-1) ? 0 : 1));
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)) best = Math.min(best, slow(a.slice(0, -2), b.slice(0, -2)) + 1);
  return best;
}

describe('editDistance', () => {
  it('agrees with the definition', () => {
    const words = ['', 'a', 'ab', 'ba', 'abc', 'acb', 'cab', 'bbca', 'abcb'];
    for (const a of words) for (const b of words) expect([a, b, editDistance(a, b, 9)]).toEqual([a, b, slow(a, b)]);
  });
  it('counts a change of case as one, and stops at the limit', () => {
    expect(editDistance('HEADS', 'heads', 9)).toBe(1);
    expect(editDistance('heads', 'keys', 2)).toBe(undefined);
  });
});

describe('suggestions', () => {
  it('are near, nearest first, at most three', () => {
    expect(suggest('haeds', ['keys', 'heads', 'head', 'take'])).toEqual(['heads', 'head']);
    expect(suggest('ab', ['aa', 'ac', 'ad', 'ae'])).toEqual(['aa', 'ac', 'ad']);
    expect(suggest('zzz', ['heads'])).toEqual([]);
  });
  it('become a sentence, or a list of what there is', () => {
    expect(didYouMean('ab', ['aa', 'ac', 'ad'])).toBe('did you mean `aa`, `ac` or `ad`?');
    expect(didYouMean('q', ['heads'])).toBe(undefined);
    expect(suggestOrList('zzz', ['keys', 'heads'], 'settings')).toBe('settings: `heads`, `keys`');
    expect(suggestOrList('zzz', ['keys', 'heads', 'take'], 'settings', 2)).toBe('settings: `heads`, `keys` and 1 more');
    expect(suggestOrList('zzz', [], 'settings')).toBe(undefined);
  });
});
