/**
 * @file Text from a model, byte by byte, with the program's `forward` entry.
 */
import { elements } from '../execute.js';
import type { Executor } from '../executor.js';
import { NaNError } from '../errors.js';
import { RandomStream } from '../rng.js';
import { chooseToken } from './choose.js';

export interface SampleOptions {
  /** UTF-8; an empty prompt counts as a newline. */
  readonly prompt: string;
  /** How many bytes to make. */
  readonly tokens: number;
  /** Default 1; 0 takes the most likely byte. */
  readonly temperature?: number;
  /** Default 0: all bytes. */
  readonly topK?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

const BYTES = 256;

/**
 * The bytes that follow the prompt. The same session values, options and seed give the same bytes.
 * @throws NaNError when the model's logits are not finite; RangeError for options out of range
 */
export async function* sampleBytes(session: Executor, options: SampleOptions): AsyncGenerator<number> {
  const { vocab } = session.program;
  const { temperature = 1, topK = 0 } = options;
  if (!(temperature >= 0) || !Number.isFinite(temperature)) throw new RangeError(`temperature is 0 or more, not ${temperature}`);
  if (!Number.isInteger(topK) || topK < 0) throw new RangeError(`top-k is a whole number, 0 or more, not ${topK}`);
  const stream = new RandomStream(options.seed ?? 0, 'sample');
  const text: number[] = [...new TextEncoder().encode(options.prompt === '' ? '\n' : options.prompt)];
  const logits = session.output('forward', 'logits');
  // the forward pass may be built for another batch than training
  const input = session.input('forward', 'tokens');
  const time = input.axes.at(-1)?.size ?? 1;
  for (let i = 0; i < options.tokens && !options.signal?.aborted; i++) {
    const context = text.slice(-time);
    const tokens = new Int32Array(elements(input));
    // Only the first row is read, and only its last token: causality makes what follows it irrelevant.
    tokens.set(context);
    session.run('forward', { tokens });
    const row = await session.readFloats(logits.id, (context.length - 1) * vocab, Math.min(vocab, BYTES));
    if (!row.every(Number.isFinite)) throw new NaNError('the model\'s logits are not finite: its weights are broken\n  Train again, with a lower learning rate.', 0, logits.name);
    const token = chooseToken(row, { temperature, topK }, stream.uniform(i));
    text.push(token);
    yield token;
  }
}

/** The same as text, in pieces: a character comes out when its last byte has; invalid bytes become U+FFFD. */
export async function* sampleText(session: Executor, options: SampleOptions): AsyncGenerator<string> {
  yield* decodeUtf8(sampleBytes(session, options));
}

/** Bytes to text as they come. */
export async function* decodeUtf8(bytes: AsyncIterable<number>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const byte of bytes) {
    const piece = decoder.decode(Uint8Array.of(byte), { stream: true });
    if (piece !== '') yield piece;
  }
  const rest = decoder.decode();
  if (rest !== '') yield rest;
}
