/**
 * @file Losses added, removed, of another formula or another weight: the objective changes, checkpoints load.
 */
import type { Expr } from '../../../grammar/ast.js';
import type { ModelLoss } from '../../model/model.js';
import type { Change, ChangeKind } from '../change.js';
import { meaning, type Side, sourceText } from '../side.js';

export function losses(before: Side, after: Side): readonly Change[] {
  const old = new Map(before.model.losses.map((l) => [l.name, l]));
  const now = new Map(after.model.losses.map((l) => [l.name, l]));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name): Change[] => {
    const [a, b] = [old.get(name), now.get(name)];
    if (a !== undefined && b !== undefined && meaning(a.value) === meaning(b.value)) return [];
    return [{
      path: `losses.${name}`, kind: kindOf(a, b), severity: 'dangerous',
      before: a === undefined ? null : sourceText(before, a.value), after: b === undefined ? null : sourceText(after, b.value),
      origins: [...new Set([a?.origin.text, b?.origin.text].filter((t) => t !== undefined))], reason: 'the objective is another',
    }];
  });
}

function kindOf(a: ModelLoss | undefined, b: ModelLoss | undefined): ChangeKind {
  if (a === undefined) return 'loss added';
  if (b === undefined) return 'loss removed';
  return meaning(unweighted(a.value)) === meaning(unweighted(b.value)) ? 'loss weight changed' : 'loss changed';
}

/** `0.01 * mean(layers)(f)` without its first factor, where that is a number or a schedule. */
function unweighted(expr: Expr): Expr {
  if (expr.kind !== 'binary' || expr.operator !== '*') return expr;
  const { left } = expr;
  if (left.kind === 'binary') return { ...expr, left: unweighted(left) };
  const isWeight = left.kind === 'number' || (left.kind === 'call' && left.callee.kind === 'path' && left.callee.segments.at(-1)?.name === 'ramp');
  return isWeight ? expr.right : expr;
}
