/**
 * @file "Did you mean": names near a misspelt one. Damerau-Levenshtein distance (optimal string alignment), as graphql-js's
 * `suggestionList.ts` does it: a change of case counts 1 whatever its length, and a name qualifies within floor(0.4 * length) + 1.
 */

const MOST = 3;

/** The names of `among` near `name`, nearest first (ties alphabetical), at most three, none two edits farther than the nearest. */
export function suggest(name: string, among: Iterable<string>): readonly string[] {
  const limit = Math.floor(name.length * 0.4) + 1;
  const near: { readonly name: string; readonly distance: number }[] = [];
  for (const candidate of new Set(among)) {
    const distance = editDistance(name, candidate, limit);
    if (distance !== undefined && distance > 0) near.push({ name: candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  const nearest = near[0]?.distance ?? 0;
  return near.filter((n) => n.distance <= nearest + 1).slice(0, MOST).map((n) => n.name);
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`; undefined if more than `limit`. */
export function editDistance(a: string, b: string, limit: number): number | undefined {
  if (a === b) return 0;
  const x = a.toLowerCase();
  const y = b.toLowerCase();
  if (x === y) return 1;
  if (Math.abs(x.length - y.length) > limit) return undefined;
  let beforeLast: number[] = [];
  let last = Array.from({ length: y.length + 1 }, (_, j) => j);
  for (let i = 1; i <= x.length; i++) {
    const row = [i];
    let smallest = i;
    for (let j = 1; j <= y.length; j++) {
      const cost = x[i - 1] === y[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && x[i - 1] === y[j - 2] && x[i - 2] === y[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
      smallest = Math.min(smallest, best);
    }
    if (smallest > limit) return undefined;
    beforeLast = last;
    last = row;
  }
  const distance = last[y.length] ?? 0;
  return distance <= limit ? distance : undefined;
}

/** `a`, `a or b`, `a, b or c`, each in backticks. */
export function alternatives(names: readonly string[]): string {
  const quoted = names.map((n) => `\`${n}\``);
  const last = quoted.at(-1) ?? '';
  return quoted.length < 2 ? last : `${quoted.slice(0, -1).join(', ')} or ${last}`;
}

/** ``did you mean `x`?``, or nothing when no name is near. */
export function didYouMean(name: string, among: Iterable<string>): string | undefined {
  const near = suggest(name, among);
  return near.length === 0 ? undefined : `did you mean ${alternatives(near)}?`;
}

/** A help line for an unknown name: the near ones, else what there is (at most `most`), else nothing. */
export function suggestOrList(name: string, among: readonly string[], what: string, most = 12): string | undefined {
  const near = didYouMean(name, among);
  if (near !== undefined) return near;
  if (among.length === 0) return undefined;
  const sorted = [...new Set(among)].sort();
  const shown = sorted.slice(0, most).map((n) => `\`${n}\``).join(', ');
  return `${what}: ${shown}${sorted.length > most ? ` and ${sorted.length - most} more` : ''}`;
}

/** The one name that is near, if just one is: what a fix would write. */
export function only({ name, among }: { readonly name: string; readonly among: readonly string[] }): string | undefined {
  const near = suggest(name, among);
  return near.length === 1 ? near[0] : undefined;
}
