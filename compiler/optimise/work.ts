/**
 * @file Estimates of a loop nest's work: floating-point operations and bytes moved by one launch.
 */
import type { Buffer } from '../kernels/kernel.js';
import type { DraftLoop, DraftNest, DraftStage } from './draft.js';
import { parts, type Value } from './value.js';

export interface Work {
  readonly flops: number;
  readonly bytes: number;
}

const times = (loops: readonly DraftLoop[]): number => loops.reduce((n, loop) => n * (loop.typical ?? loop.extent), 1);

/** A tensor counts once if all of it is read, else what is read of it. */
export function nestWork(draft: Pick<DraftNest, 'grid' | 'stages'>): Work {
  const points = times(draft.grid);
  const touched = new Map<Buffer, number>();
  let flops = 0;
  const touch = (buffer: Buffer, count: number): void => {
    touched.set(buffer, Math.max(touched.get(buffer) ?? 0, count));
  };
  const evaluate = (values: readonly Value[], count: number): void => {
    const seen = new Set<Value>();
    const walk = (value: Value): void => {
      if (seen.has(value)) return;
      seen.add(value);
      if (value.kind === 'call' && value.dtype === 'f32') flops += count;
      if (value.kind === 'load') touch(value.buffer, count);
      parts(value).forEach(walk);
    };
    values.forEach(walk);
  };
  const stageWork = (stage: DraftStage, outer: number): void => {
    if (stage.kind === 'let') return evaluate([stage.value], outer);
    const count = outer * times(stage.loops);
    evaluate(stage.loops.flatMap((loop) => [...(loop.from ? [loop.from] : []), ...(loop.to ? [loop.to] : [])]), outer);
    if (stage.kind === 'store') {
      evaluate([stage.value], count);
      return touch(stage.buffer, count);
    }
    if (stage.inner) stageWork({ ...stage.inner, kind: 'reduce' }, count);
    evaluate([...stage.lets.map((x) => x.value), stage.value], count);
    flops += count;
  };
  for (const stage of draft.stages) stageWork(stage, points);
  let bytes = 0;
  for (const [buffer, count] of touched) bytes += 4 * Math.min(count, buffer.size);
  return { flops: Math.round(flops), bytes: Math.round(bytes) };
}
