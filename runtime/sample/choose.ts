/**
 * @file From logits to one token.
 */

export interface ChooseOptions {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  /** Only the `topK` most likely tokens; 0 for all. */
  readonly topK: number;
}

/**
 * Draws a token from softmax(logits / temperature), restricted to the `topK` best (ties to the lowest token).
 * @param u uniform in [0, 1)
 */
export function chooseToken(logits: Float32Array, options: ChooseOptions, u: number): number {
  const order = Array.from(logits.keys()).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
  const best = order[0] ?? 0;
  if (options.temperature <= 0) return best;
  const candidates = options.topK > 0 ? order.slice(0, options.topK) : order;
  const top = logits[best] ?? 0;
  const weights = candidates.map((token) => Math.exp(((logits[token] ?? 0) - top) / options.temperature));
  let left = u * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return candidates[i] ?? best;
  }
  return candidates.at(-1) ?? best;
}
