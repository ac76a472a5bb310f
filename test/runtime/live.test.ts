import { expect, it } from 'vitest';
import { LiveView } from '../../runtime/index.js';
import { formatDuration, formatRate } from '../../runtime/train/live.js';
import type { TrainEvent } from '../../runtime/index.js';

const events: readonly TrainEvent[] = [
  { kind: 'train', steps: 20, secondsLeft: 3725, metrics: { kind: 'train', step: 10, loss: 2.5, losses: {}, tokens: 320, tokens_per_second: 12_345, elapsed: 1 } },
  { kind: 'eval', metrics: { kind: 'eval', step: 10, loss: 2.25, bits_per_byte: 3.246, bytes: 10, elapsed: 1, domains: { a: { loss: 2, bits_per_byte: 3, bytes: 5 }, b: { loss: 2.5, bits_per_byte: 4, bytes: 5 } } } },
  { kind: 'stop', step: 10, path: 'runs/a/checkpoint.safetensors' },
];
const show = (isTTY: boolean): string => {
  let text = '';
  const view = new LiveView({ isTTY, columns: 80, write: (piece) => (text += piece) });
  for (const event of events) view.event(event);
  view.close();
  return text;
};

it('prints plain lines where there is no terminal', () => {
  expect(show(false)).toBe(
    'step 10/20  loss 2.5000  12.3k tokens/s  1h 02m left\nstep 10  valid loss 2.2500  3.246 bits per byte  (a 2.000, b 2.500)\nstopped at step 10; saved to runs/a/checkpoint.safetensors\n',
  );
});

it('rewrites one line on a terminal', () => {
  expect(show(true)).toMatch(/^\r\u001b\[2Kstep 10\/20 {2}loss 2\.5000 {2}12\.3k tokens\/s {2}1h 02m left\r\u001b\[2Kstep 10 {2}valid/);
});

it('formats durations and rates', () => {
  expect([4.4, 65, 3725, Infinity].map(formatDuration)).toEqual(['4s', '1m 05s', '1h 02m', '?']);
  expect([950, 12_345, 1_200_000].map(formatRate)).toEqual(['950', '12.3k', '1.20M']);
});
