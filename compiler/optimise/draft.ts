/**
 * @file Kernels before they are closed: stages over values that name buffers. `close-nest.ts` and `close.ts` make kernels of them.
 */
import type { Buffer } from '../kernels/kernel.js';
import type { Index } from './index-form.js';
import type { Value } from './value.js';

export interface DraftLoop {
  readonly name: string;
  readonly extent: number;
  readonly from?: Value;
  readonly to?: Value;
  /** How often it runs on average, where `from` and `to` make that less than `extent`; for estimates of work. */
  readonly typical?: number;
}

export interface DraftLet {
  readonly name: string;
  readonly value: Value;
}

export interface DraftReduce {
  readonly kind: 'reduce';
  readonly name: string;
  readonly fn: 'sum' | 'max' | 'min';
  readonly dtype: 'f32' | 'i32';
  readonly loops: readonly DraftLoop[];
  readonly lets: readonly DraftLet[];
  /** A sum made anew at each point of `loops`; `value` may use it. */
  readonly inner?: Omit<DraftReduce, 'inner'>;
  readonly value: Value;
}

export interface DraftStore {
  readonly kind: 'store';
  readonly loops: readonly DraftLoop[];
  readonly buffer: Buffer;
  readonly index: Index;
  readonly value: Value;
}

export interface DraftLetStage {
  readonly kind: 'let';
  readonly name: string;
  readonly value: Value;
}

export type DraftStage = DraftLetStage | DraftReduce | DraftStore;

export interface DraftNest {
  readonly name: string;
  readonly grid: readonly DraftLoop[];
  readonly stages: readonly DraftStage[];
  readonly paths: readonly string[];
}
