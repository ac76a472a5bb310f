/**
 * @file Packing the operands of a contraction: an expression of a lane variable and `k` becomes panels. One that is a plain load is copied by rows or by lanes,
 * whichever are neighbours in memory; anything else is computed element by element.
 */
import type { Expr } from '../../kernels/kernel.js';
import { distance, plus } from './address.js';
import { stride } from './facts.js';
import { call, f32, i32, type Instr, load, op, store } from './instructions.js';
import { copyLanes, packLanes, packRows } from './panels.js';
import type { Scope } from './scope.js';

export interface Operand {
  readonly expr: Expr;
  /** `m` or `n`. */
  readonly lane: string;
  readonly lanes: number;
  /** Where the lanes end, if known only at run time. */
  readonly end?: Instr;
}

const nothing: ReadonlySet<number> = new Set();

/** Packs lanes [from, from + width) and depths [k0, k0 + depth) to `to`. Lanes past the end hold anything. */
export function packPanel(scope: Scope, operand: Operand, width: number, from: Instr, k0: Instr, depth: Instr, to: Instr): void {
  const { expr, lane, lanes, end: lanesEnd } = operand;
  const { module, facts } = scope.context;
  const at = (laneAt: Instr, kAt: Instr): Scope => {
    const inner = scope.inner(scope.block);
    inner.define(lane, { varies: false, instr: laneAt });
    inner.define('k', { varies: false, instr: kAt });
    return inner;
  };
  const clamped = (i: number): Instr => {
    if (i === 0) return from;
    const place = scope.block.bind('lane', op('i32.add', from, i32(i)));
    return scope.block.bind('lane', { kind: 'select', condition: op('i32.lt_s', place, lanesEnd ?? i32(lanes)), yes: place, no: lanesEnd ? op('i32.sub', lanesEnd, i32(1)) : i32(lanes - 1) });
  };
  const addressOf = (source: Extract<Expr, { kind: 'load' }>, laneAt: Instr): Instr => {
    const { address, offset } = at(laneAt, k0).address(source.slot, source.index);
    return scope.block.bind('row', plus(address, offset));
  };
  if (expr.kind === 'load') {
    const [byLane, byDepth] = [laneStride(expr.index, lane, width, scope), stride(expr.index, 'k', facts)];
    if (byLane === 1 && byDepth !== undefined) {
      scope.block.add(call(packLanes(module, width), addressOf(expr, from), to, distance(module.address, 4 * byDepth), depth, f32(1)));
      return;
    }
    if (byDepth !== undefined) {
      const rows = Array.from({ length: width }, (_, i) => addressOf(expr, clamped(i)));
      if (byDepth === 1) {
        scope.block.add(call(packRows(module, width), to, depth, f32(1), ...rows));
        return;
      }
      scope.block.loop('k', i32(0), depth, 1, (block, k) => {
        const offset = block.bind('offset', distance(module.address, k, 4 * byDepth));
        const target = block.bind('target', plus(to, k, 4 * width));
        rows.forEach((row, i) => block.add(store('f32.store', target, load('f32.load', plus(row, offset)), 4 * i)));
      });
      return;
    }
  }
  if (expr.kind === 'load' && laneStride(expr.index, lane, width, scope) === 1) {
    const first = scope.inner(scope.block);
    first.define(lane, { varies: false, instr: from });
    first.loop('k', k0, scope.block.bind('k_end', op('i32.add', k0, depth)), nothing, (inner) => {
      const k = inner.lookup('k');
      if (k.varies) return;
      const { address, offset } = inner.address(expr.slot, expr.index);
      copyLanes(inner.block, address, offset, plus(to, op('i32.sub', k.instr, k0), 4 * width), width);
    });
    return;
  }
  const places = Array.from({ length: width }, (_, i) => clamped(i));
  const end = scope.block.bind('k_end', op('i32.add', k0, depth));
  scope.loop('k', k0, end, nothing, (inner) => {
    const k = inner.lookup('k');
    if (k.varies) return;
    const target = inner.block.bind('target', plus(to, op('i32.sub', k.instr, k0), 4 * width));
    places.forEach((place, i) => {
      const one = inner.inner(inner.block);
      one.define(lane, { varies: false, instr: place });
      one.block.add(store('f32.store', target, one.scalar(expr), 4 * i));
    });
  });
}

/**
 * The stride along a lane variable within a panel. Panels start at multiples of `width`, so a quotient or remainder by a multiple of `width` does not break
 * inside one.
 */
function laneStride(index: Expr, lane: string, width: number, scope: Scope): number | undefined {
  const { facts } = scope.context;
  const within = (expr: Expr): number | undefined => {
    const plain = stride(expr, lane, facts);
    if (plain !== undefined || expr.kind !== 'call') return plain;
    const [x, y] = expr.args;
    if (!x || !y) return undefined;
    if (expr.fn === 'add' || expr.fn === 'sub') {
      const [a, b] = [within(x), within(y)];
      return a === undefined || b === undefined ? undefined : expr.fn === 'add' ? a + b : a - b;
    }
    if (expr.fn === 'mul' && (x.kind === 'number' || y.kind === 'number')) {
      const [factor, inner] = x.kind === 'number' ? [x.value, within(y)] : [y.kind === 'number' ? y.value : 0, within(x)];
      return inner === undefined ? undefined : factor * inner;
    }
    const isLane = x.kind === 'var' && x.name === lane;
    if ((expr.fn === 'div' || expr.fn === 'mod') && isLane && y.kind === 'number' && y.value % width === 0) return expr.fn === 'div' ? 0 : 1;
    return undefined;
  };
  return within(index);
}
