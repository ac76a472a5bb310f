/**
 * @file What the test's server and its page say to each other, as JSON.
 */

/** A number; what JSON has none for is text: `NaN`, `Infinity`, `-Infinity`. Float32 numbers survive to the bit. */
export type Encoded = number | string;

export const encode = (values: ArrayLike<number>): Encoded[] => Array.from(values, (value) => (Number.isFinite(value) ? value : String(value)));
export const decode = (values: readonly Encoded[]): number[] => values.map(Number);

/** Steps of training from a seed: `loss` of each. */
export interface Training {
  readonly kind: 'train';
  readonly seed: number;
  readonly steps: readonly { readonly tokens: readonly number[]; readonly targets: readonly number[] }[];
}

/** A forward pass with the weights at an address: `logits`. */
export interface Forward {
  readonly kind: 'forward';
  readonly checkpoint: string;
  readonly tokens: readonly number[];
}

/** One run of an entry: its outputs. */
export interface Evaluation {
  readonly kind: 'evaluate';
  readonly entry: string;
  /** Of parameters and states, by path. */
  readonly tensors: Readonly<Record<string, readonly Encoded[]>>;
  readonly inputs: Readonly<Record<string, readonly Encoded[]>>;
  readonly step: number;
  /** Initialised with it first. */
  readonly seed?: number;
}

export interface Job {
  readonly name: string;
  /** Address of `program.json`. */
  readonly program: string;
  readonly work: Training | Forward | Evaluation;
  readonly threads?: number;
  /** In a worker of the page, where waiting is allowed. */
  readonly inWorker?: boolean;
}

export type Results = Readonly<Record<string, readonly Encoded[]>>;

export interface Done {
  readonly kind: 'done';
  readonly device: string;
  readonly results: Results;
  /** Whether threads may share memory. */
  readonly isolated: boolean;
}

/** `adapter`: whether the browser, asked directly, has one. */
export type Outcome = Done | { readonly kind: 'failed'; readonly error: string; readonly message: string; readonly adapter?: boolean };
