/**
 * @file Scales the rows of a parameter back to norm 1 once an update has stored them: all of them, or those a scatter touched. A row that is there
 * already stays as it is, so a step that changes nothing changes no bit; a row of zeros stays zero.
 */
import { UNIT_TOLERANCE, type Update } from '../graph/graph.js';
import { closeNest } from './close-nest.js';
import type { DraftStage } from './draft.js';
import { isKind, lastName, scatterAxes } from './facts.js';
import { add, constant, dynamic, rowMajor } from './index-form.js';
import type { Lowering } from './lowering.js';
import { Variables } from './nests.js';
import { rowLoop, rowNumber, rowPlaces, segmentsOf } from './segments.js';
import { Signature } from './signature.js';
import { call, load, num, type Value } from './value.js';

/** Launches it for each update that asks for it; every update must have been launched. */
export function launchUnitRows(lowering: Lowering): void {
  for (const { updates } of lowering.schedule.groups) for (const update of updates) if (update.unit) launch(lowering, update, update.unit);
}

function launch(lowering: Lowering, { target, touched }: Update, unit: NonNullable<Update['unit']>): void {
  const home = lowering.buffers.target(target);
  const scatter = touched && isKind(touched, 'scatter') && !lowering.schedule.dense.has(touched) ? touched : undefined;
  const of = scatter && segmentsOf(lowering, scatter);
  const touchedRows = scatter ? scatterAxes(scatter).rows : [];
  const signature = new Signature(lowering, new Set());
  signature.word('unit rows');
  signature.list(home.layout);
  signature.list(unit);
  signature.list(touchedRows);
  signature.home(home);
  if (of) signature.buffer(of.packed);
  const known = lowering.patterns.find(signature);
  if (known) return void lowering.finish(known.kernel, known.buffers, [target.path]);

  const variables = new Variables();
  const rows = home.layout.filter((axis) => !unit.includes(axis) && !touchedRows.includes(axis));
  const grid = variables.loops(rows);
  const places = variables.places([...rows, ...unit]);
  const stages: DraftStage[] = [];
  if (scatter && of) {
    grid.unshift(rowLoop(of));
    stages.push({ kind: 'let', name: 'row_number', value: rowNumber(of) });
    const number = dynamic({ kind: 'local', name: 'row_number', dtype: 'i32' }, 'row_number', 0, of.rows - 1);
    for (const [axis, at] of rowPlaces(scatter, number)) places.set(axis, at);
  }
  const place = rowMajor(home.layout.map((axis) => places.get(axis) ?? constant(0)), home.layout.map((axis) => axis.size));
  const index = add(place, constant(home.offset));
  const element = load(home.buffer, index);
  const squares: Value = { kind: 'local', name: 'squares', dtype: 'f32' };
  const off = call('abs', [call('sub', [squares, num(1)], 'f32')], 'f32');
  const stays = call('max', [call('le', [off, num(UNIT_TOLERANCE)], 'f32'), call('eq', [squares, num(0)], 'f32')], 'f32');
  const factor = call('select', [stays, num(1), call('div', [num(1), call('sqrt', [squares], 'f32')], 'f32')], 'f32');
  const loops = variables.loops(unit);
  stages.push({ kind: 'reduce', name: 'squares', fn: 'sum', dtype: 'f32', loops, lets: [], value: call('mul', [element, element], 'f32') });
  stages.push({ kind: 'store', loops, buffer: home.buffer, index, value: call('mul', [element, factor], 'f32') });
  const closed = closeNest({ name: `unit_rows_${lastName(target.path)}`, grid, stages, paths: [] });
  lowering.finish(lowering.patterns.add(signature, closed.kernel, closed.buffers), closed.buffers, [target.path]);
}
