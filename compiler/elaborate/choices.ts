/**
 * @file The primitives of choices: making them, taking them apart, what they say about each member, and moving values to the chosen places.
 */
import type { Axis, Node } from '../graph/graph.js';
import { argument } from './calls.js';
import { evaluateTensor } from './expressions.js';
import type { Builtin, Site } from './site.js';
import { evaluateAxis } from './statics.js';
import { type Choice, type Value, tensor } from './values.js';

export const choiceBuiltins: Readonly<Record<string, Builtin>> = {
  /** The `take` best along `over`, best first; the scores are the values chosen. `over = [group, member]` chooses among all pairs. */
  top: { settings: ['over', 'take'], run: top },
  /** The `take` best pairs (i, j) by score[0, i] + score[1, j], as members i * n + j of the axis `of`. */
  top_product: { settings: ['half', 'over', 'take', 'of'], run: topProduct },
  /** Every member of an axis, each at its own place; the scores are 1. */
  every: { settings: [], run: every },
  /** The same members with other scores. */
  with_score: { settings: [], run: (s) => ({ ...s.choice(0), score: s.tensor(1) }) },
  /** Of a choice among pairs (`over = [group, member]`): which place of one of the axes. `of = [block, row]` reads the members of one axis as pairs. */
  which: { settings: ['axis', 'of'], run: which },
  /** Two choices at the same places as one choice of the pairs, members i * |second| + j of the axis `into`; the scores add up. */
  join: { settings: ['into'], run: join },
  /** Of a choice by `top_product` over the axis `over`: which sub-key of the first (0) or second (1) half. */
  half_of: { settings: ['over'], run: halfOf },
  /** How many choices fell on each member; of several choices, `count(pool, member)`, on each pair of members. No gradient. */
  count: { settings: [], run: (s) => tensor(count(s).counts) },
  /** The fraction of all choices that fell on each member. No gradient. */
  share: { settings: [], run: (s) => { const { counts, total } = count(s); return tensor(s.build.div(counts, total)); } },
  /** For each place: 1 for the members chosen along the axes `along` (none: by this very choice), 0 for the others. No gradient. */
  chosen: { settings: ['along'], run: chosen },
  /** Of each choice, how many choices before it fell on the same member: 0 for a member's first. Choices are counted in row-major order of the axes
   *  `along` (`[k, batch, time]`: all first choices before the second ones), apart for each place of the others. With `by`: first by the axes of `along`
   *  that it lacks, then the larger first. No gradient. */
  position: { settings: ['along', 'by'], run: position },
  /** The choices where the condition is not 0. The others choose nothing: their rows read as zero, and nothing counts them. */
  keep: { settings: [], run: keep },
  /** The adjoint of a lookup: adds value[along] into the members it was chosen from; `along` are the axes summed over. */
  put: { settings: ['along'], run: put },
};

function tooMany(s: Site, take: Axis, axis: string, size: number): never {
  return s.context.fail('ARCH3004', { take: take.size, axis, size }, s.call.span, { notes: s.context.notes(s.frame) });
}

function top(s: Site): Value {
  const given = s.tensor(0);
  const parts = s.axes('over', given.axes);
  const [only] = parts;
  const over = parts.length === 1 && only ? only : s.build.axis(parts.map((axis) => axis.name).join('_'), parts.reduce((n, axis) => n * axis.size, 1));
  const x = parts.length === 1 ? given : s.build.merge(given, parts, over);
  const take = s.axis('take');
  if (take.size > over.size) tooMany(s, take, over.name, over.size);
  const index = s.build.top(x, over, take);
  const choice: Choice = { kind: 'choice', index, score: s.build.gather(x, [over], [index]), of: over };
  return parts.length === 1 ? choice : { ...choice, parts };
}

function every(s: Site): Value {
  const of = evaluateAxis(s.context, s.frame, argument(s.context, s.frame, s.call, 0, s.name));
  return { kind: 'choice', index: s.build.toI32(s.build.iota(of)), score: s.build.expand(s.build.constant(1), [of]), of };
}

function which(s: Site): Value {
  const pick = s.choice(0);
  const { score, of } = pick;
  const parts = s.optional('of') ? s.axes('of') : (pick.parts ?? []);
  if (s.optional('of') && parts.reduce((n, part) => n * part.size, 1) !== of.size) s.context.fail('ARCH3002', { axis: of.name, sizes: [parts.reduce((n, part) => n * part.size, 1), of.size] }, s.call.span, { notes: s.context.notes(s.frame) });
  const axis = s.axis('axis', parts);
  if (!parts.includes(axis)) return s.context.fail('ARCH2003', { name: axis.name, among: parts.map((part) => part.name) }, s.call.span, { help: `\`which\` takes a choice made by \`top(x; over = [a, b], ...)\`, not one of \`${of.name}\`` });
  const stride = parts.slice(parts.indexOf(axis) + 1).reduce((n, part) => n * part.size, 1);
  const members = renumbered(s, [pick], (index) => {
    const shifted = stride === 1 ? index : s.build.map('div', index, stride);
    return parts[0] === axis ? shifted : s.build.map('mod', shifted, axis.size);
  });
  return { kind: 'choice', ...members, score, of: axis };
}

function join(s: Site): Value {
  const [first, second] = [s.choice(0), s.choice(1)];
  const into = s.axis('into');
  if (into.size !== first.of.size * second.of.size) s.context.fail('ARCH3002', { axis: into.name, sizes: [first.of.size * second.of.size, into.size] }, s.call.span, { notes: s.context.notes(s.frame) });
  const members = renumbered(s, [first, second], (i, j) => s.build.add(s.build.mul(i, second.of.size), j ?? 0));
  return { kind: 'choice', ...members, score: s.build.add(first.score, second.score), of: into, parts: [first.of, second.of] };
}

/** The members that `number` makes of those of some choices; none where one of them chooses nothing. */
function renumbered({ build }: Site, picks: readonly Choice[], number: (first: Node, second?: Node) => Node): Pick<Choice, 'index' | 'partial'> {
  const [first, second] = picks.map(({ index, partial }) => (partial ? build.max(index, 0) : index));
  if (!first) throw new Error('a choice to renumber');
  const made = number(first, second);
  const partial = picks.filter((pick) => pick.partial);
  if (partial.length === 0) return { index: made };
  const none = build.constant(-1, 'i32');
  return { index: partial.reduce((index, pick) => build.select(build.lt(pick.index, 0), none, index), made), partial: true };
}

function topProduct(s: Site): Value {
  const x = s.tensor(0);
  const build = s.build;
  const half = s.axis('half', x.axes);
  const over = s.axis('over', x.axes);
  const of = s.axis('of');
  if (of.size !== over.size ** 2) s.context.fail('ARCH3002', { axis: of.name, sizes: [over.size ** 2, of.size] }, s.call.span, { notes: s.context.notes(s.frame) });
  const take = s.axis('take');
  if (take.size > of.size) tooMany(s, take, of.name, of.size);
  const index = build.topProduct(x, half, over, take);
  const score = (at: 0 | 1): Node => build.gather(build.slice(x, half, at), [over], [subKey(s, index, over, at)]);
  return { kind: 'choice', index, score: build.add(score(0), score(1)), of };
}

function subKey(s: Site, index: Node, over: Axis, at: 0 | 1): Node {
  return at === 0 ? s.build.map('div', index, over.size) : s.build.map('mod', index, over.size);
}

function halfOf(s: Site): Value {
  const pick = s.choice(0);
  const over = s.axis('over');
  const half = s.number(1, 'which half') === 0 ? 0 : 1;
  return { kind: 'choice', ...renumbered(s, [pick], (index) => subKey(s, index, over, half)), score: pick.score, of: over };
}

function chosen(s: Site): Value {
  const { index, of } = s.choice(0);
  const along = s.optional('along') ? s.axes('along', index.axes) : [];
  const at = s.build.toF32(index);
  return tensor(s.build.stopGradient(s.build.reduce('max', s.build.eq(at, s.build.iota(of)), along)));
}

function position(s: Site): Value {
  const { index, of } = s.choice(0);
  const by = s.optional('by');
  return tensor(s.build.position(index, of.size, s.axes('along', index.axes), by && s.build.stopGradient(evaluateTensor(s.context, s.frame, by))));
}

function keep(s: Site): Value {
  const pick = s.choice(0);
  const kept = s.tensor(1);
  return { ...pick, index: s.build.select(kept, pick.index, s.build.constant(-1, 'i32')), score: s.build.select(kept, pick.score, 0), partial: true };
}

function put(s: Site): Value {
  const value = s.tensor(0);
  const { index, of } = s.choice(1);
  const along = s.axes('along', index.axes);
  const kept = [...new Set([...index.axes, ...value.axes])].filter((axis) => !along.includes(axis) && axis !== of);
  return tensor(s.build.scatter(value, [of], [index], [...kept.filter((axis) => axis.token), of, ...kept.filter((axis) => !axis.token)]));
}

function count(s: Site): { readonly counts: Node; readonly total: number } {
  const picks = s.call.args.map((_, i) => s.choice(i));
  const axes = [...new Set(picks.flatMap((pick) => pick.index.axes))];
  const ones = s.build.expand(s.build.constant(1), axes);
  const of = picks.map((pick) => pick.of);
  const counts = s.build.stopGradient(s.build.scatter(ones, of, picks.map((pick) => pick.index), of));
  return { counts, total: axes.reduce((n, axis) => n * axis.size, 1) };
}
