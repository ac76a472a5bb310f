/**
 * @file What a person sees of a run: on a terminal one line that is rewritten in place, elsewhere one plain line per log. On stderr, so that
 * stdout stays for machines.
 */
import { takingText } from '../checkpoint/take.js';
import type { TrainEvent } from './train.js';

/** The part of a stream this needs; `process.stderr` is one. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const ERASE_LINE = '\r\u001b[2K';

/** Shows the events of `train` on a stream. Pass `event` as `onEvent`; call `close` at the end. */
export class LiveView {
  private open = false;

  constructor(private readonly output: Output) {}

  readonly event = (event: TrainEvent): void => {
    switch (event.kind) {
      case 'train':
        return this.line(
          [
            `step ${event.metrics.step}/${event.steps}`,
            `loss ${event.metrics.loss.toFixed(4)}`,
            `${formatRate(event.metrics.tokens_per_second)} tokens/s`,
            ...(event.metrics.step < event.steps ? [`${formatDuration(event.secondsLeft)} left`] : []),
          ].join('  '),
        );
      case 'eval': {
        const domains = Object.entries(event.metrics.domains);
        const perDomain = domains.length > 1 ? `  (${domains.map(([name, s]) => `${name} ${s.loss.toFixed(3)}`).join(', ')})` : '';
        return this.lasting(`step ${event.metrics.step}  valid loss ${event.metrics.loss.toFixed(4)}  ${event.metrics.bits_per_byte.toFixed(3)} bits per byte${perDomain}`);
      }
      case 'warning':
        return this.lasting(`warning: ${event.message}`);
      case 'resume':
        return this.lasting(`resuming from step ${event.step} of ${event.path}`);
      case 'take':
        return this.lasting(takingText(event.taking));
      case 'stop':
        return this.lasting(`stopped at step ${event.step}; saved to ${event.path}`);
      case 'save':
        return;
    }
  };

  /** Leaves the cursor on a fresh line. */
  close(): void {
    if (this.open) this.output.write('\n');
    this.open = false;
  }

  /** A line that the next one replaces. */
  private line(text: string): void {
    if (!this.output.isTTY) {
      this.output.write(`${text}\n`);
      return;
    }
    this.output.write(ERASE_LINE + text.slice(0, Math.max((this.output.columns ?? 80) - 1, 1)));
    this.open = true;
  }

  /** A line that stays. */
  private lasting(text: string): void {
    this.output.write(`${this.open ? ERASE_LINE : ''}${text}\n`);
    this.open = false;
  }
}

/** `5s`, `3m 20s`, `2h 05m`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  const pad = (n: number): string => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${pad(Math.floor((whole % 3600) / 60))}m`;
}

/** Three significant digits: `950`, `12.3k`, `1.20M`. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return '?';
  if (perSecond < 1000) return perSecond.toPrecision(3).replace(/\.0+$/, '');
  return perSecond < 1e6 ? `${(perSecond / 1e3).toPrecision(3)}k` : `${(perSecond / 1e6).toPrecision(3)}M`;
}
