/**
 * @file The `train` block: steps, batch, seed, optimiser, parameter groups. Every setting has a default; unknown ones are errors.
 */
import type { Expr, Ident, SpecItem } from '../../grammar/ast.js';
import { printExpr } from '../../grammar/print-expressions.js';
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';
import { evaluateNumber } from './settings.js';
import type { OptimizerGroup, Origin, ResolvedLine, Setting, TrainSettings } from './model.js';

/** A setting of the train block by its dotted path (`optimizer.lr`, `group.layers.ffn.experts.lr`), as written. */
interface Written {
  readonly value: Expr;
  readonly origin: Origin;
}

const top = ['steps', 'batch', 'seed', 'log_every', 'eval_every', 'save_every'];
const optimizers = ['adamw', 'touched_adam'];
const shapes = ['constant', 'linear', 'cosine'];
const groupSettings = ['optimizer', 'lr', 'betas', 'eps', 'weight_decay', 'clip', 'freeze'];
const optimizerSettings = ['lr', 'betas', 'eps', 'weight_decay', 'clip', 'schedule'];

/** Gathers the items of one or more train blocks (later ones win) and of `--set train...`, then reads them. */
export class TrainReader {
  private readonly written = new Map<string, Written>();
  private readonly groups: string[] = [];
  private readonly lines: ResolvedLine[] = [];

  constructor(private readonly diagnostics: Diagnostics) {}

  items(items: readonly SpecItem[], originOf: (item: SpecItem) => Origin): void {
    for (const item of items) {
      if (item.kind === 'assign') this.put(item.path.segments, item.value, originOf(item));
      else if (item.kind === 'block') this.block(item, originOf);
      else this.unknown('train setting', { name: item.name.name, span: item.span }, [...top, 'optimizer', 'group']);
    }
  }

  private block(block: Extract<SpecItem, { kind: 'block' }>, originOf: (item: SpecItem) => Origin): void {
    const word = block.label?.name ?? block.head.name;
    const arg = block.args[0];
    if (word === 'optimizer') {
      if (arg?.kind === 'path') this.choose('optimizer.kind', arg, optimizers, 'optimizer', originOf(block));
      this.nested('optimizer', block.items, optimizerSettings, originOf);
    } else if (word === 'group' && arg?.kind === 'path') {
      const path = arg.segments.map((s) => s.name).join('.');
      if (!this.groups.includes(path)) this.groups.push(path);
      this.nested(`group ${path}`, block.items, groupSettings, originOf);
    } else this.unknown('train setting', block.head, [...top, 'optimizer', 'group']);
  }

  private nested(prefix: string, items: readonly SpecItem[], known: readonly string[], originOf: (item: SpecItem) => Origin): void {
    for (const item of items) {
      if (item.kind === 'assign') this.leaf(prefix, item.path.segments, item.value, known, originOf(item));
      else if (item.kind === 'block' && item.label?.name === 'schedule' && prefix === 'optimizer') {
        this.choose('optimizer.schedule', { kind: 'path', segments: [item.head], span: item.head.span }, shapes, 'schedule', originOf(item));
        for (const inner of item.items) {
          if (inner.kind === 'assign') this.leaf('optimizer.schedule', inner.path.segments, inner.value, ['warmup', 'floor'], originOf(inner));
        }
      } else this.unknown('optimizer setting', { name: item.kind === 'block' ? item.head.name : item.name.name, span: item.span }, known);
    }
  }

  private leaf(prefix: string, segments: readonly Ident[], value: Expr, known: readonly string[], origin: Origin): void {
    const name = segments.map((s) => s.name).join('.');
    const last = segments[segments.length - 1];
    if (!known.includes(name)) return this.unknown(prefix === 'optimizer' ? 'optimizer setting' : 'train setting', last, known);
    if (name === 'schedule' && value.kind === 'path') return this.choose('optimizer.schedule', value, shapes, 'schedule', origin);
    if (name === 'optimizer' && value.kind === 'path') return this.choose(`${prefix}.kind`, value, optimizers, 'optimizer', origin);
    this.written.set(`${prefix}.${name}`, { value, origin });
  }

  /** `steps = 100`, and the dotted forms `optimizer.lr = 1e-3`, `optimizer.schedule.warmup = 10`, `group.layers.ffn.experts.lr = 1e-2` of `--set`. */
  put(segments: readonly Ident[], value: Expr, origin: Origin): void {
    const [first] = segments;
    if (!first) return;
    if (segments.length === 1 && top.includes(first.name)) {
      this.written.set(first.name, { value, origin });
      return;
    }
    if (first.name === 'optimizer' && segments.length === 1 && value.kind === 'path') return this.choose('optimizer.kind', value, optimizers, 'optimizer', origin);
    if (first.name === 'optimizer' && segments[1]?.name === 'schedule' && segments.length === 3) return this.leaf('optimizer.schedule', segments.slice(2), value, ['warmup', 'floor'], origin);
    if (first.name === 'optimizer' && segments.length > 1) return this.leaf('optimizer', segments.slice(1), value, optimizerSettings, origin);
    if (first.name === 'group' && segments.length <= 2) {
      const path = ['group', ...segments.slice(1).map((s) => s.name)].join('.');
      this.diagnostics.report(diagnose('ARCH2012', { owner: 'train', name: 'group', expected: 'the path of parameters and a setting', got: `\`${path}\`` }, first.span, { help: 'for example `--set train.group.layers.ffn.experts.lr=0.01`' }));
      return;
    }
    if (first.name === 'group') {
      const path = segments.slice(1, -1).map((s) => s.name).join('.');
      if (!this.groups.includes(path)) this.groups.push(path);
      return this.leaf(`group ${path}`, segments.slice(-1), value, groupSettings, origin);
    }
    this.unknown('train setting', first, [...top, 'optimizer', 'group']);
  }

  private choose(key: string, value: Extract<Expr, { kind: 'path' }>, known: readonly string[], kind: string, origin: Origin): void {
    const name = value.segments.map((s) => s.name).join('.');
    if (known.includes(name)) this.written.set(key, { value, origin });
    else this.unknown(kind, value.segments[0], known);
  }

  /** Reports a value that does not fit, with an example of one that does. `value`: what it comes to, where that is a number. */
  private refuse(key: string, expected: string, example: string, written: Written, value?: number): void {
    const text = printExpr(written.value);
    const got = value === undefined || String(value) === text || written.value.kind === 'number' ? `\`${text}\`` : `\`${text}\`, which is ${value}`;
    const path = `train.${key.replace(/^group /, 'group.')}`;
    const help = written.origin.kind === 'set' ? `for example \`--set ${path}=${example}\`` : `for example \`${path.slice(path.lastIndexOf('.') + 1)} = ${example}\``;
    this.diagnostics.report(diagnose('ARCH2012', { owner: 'train', name: key, expected, got }, written.value.span, { help }));
  }

  private unknown(kind: string, name: Ident | undefined, among: readonly string[]): void {
    this.diagnostics.report(diagnose('ARCH2017', { kind, name: name?.name ?? '', among }, name?.span));
  }

  /** The settings, with defaults, and a resolved line for each. `dims` may be used in values. */
  read(dims: ReadonlyMap<string, Setting>): { settings: TrainSettings; lines: readonly ResolvedLine[] } {
    const number = (key: string, otherwise: number, least: number, whole = false): number => {
      const written = this.written.get(key);
      const value = written ? evaluateNumber(written.value, dims) : otherwise;
      const fits = value !== undefined && value >= least && Number.isFinite(value) && (!whole || Number.isInteger(value));
      if (written && !fits) {
        const expected = `${whole ? 'a whole number' : 'a number'} of at least ${least}`;
        this.refuse(key, expected, String(otherwise), written, value);
      }
      return this.line(key, fits ? value : otherwise);
    };
    const steps = number('steps', 1000, 1, true);
    const settings: TrainSettings = {
      steps,
      batch: number('batch', 8, 1, true),
      seed: number('seed', 0, 0, true),
      logEvery: number('log_every', 10, 1, true),
      evalEvery: number('eval_every', Math.max(1, Math.round(steps / 4)), 1, true),
      saveEvery: number('save_every', Math.max(1, Math.round(steps / 4)), 1, true),
      clip: number('optimizer.clip', 0, 0),
      schedule: {
        shape: this.shape(),
        warmup: number('optimizer.schedule.warmup', 0, 0, true),
        floor: number('optimizer.schedule.floor', 0, 0),
      },
      groups: this.readGroups(number),
    };
    return { settings, lines: this.lines };
  }

  private readGroups(number: (key: string, otherwise: number, least: number) => number): OptimizerGroup[] {
    const base: OptimizerGroup = {
      path: '', optimizer: this.kind('optimizer', 'adamw'), lr: number('optimizer.lr', 1e-3, 0), betas: this.betas('optimizer', [0.9, 0.95]),
      eps: number('optimizer.eps', 1e-8, 0), weightDecay: number('optimizer.weight_decay', 0, 0),
    };
    const groups = this.groups.map((path): OptimizerGroup => {
      const prefix = `group ${path}`;
      const kind = this.kind(prefix, base.optimizer);
      return {
        path, optimizer: kind, lr: number(`${prefix}.lr`, base.lr, 0), betas: this.betas(prefix, kind === base.optimizer ? base.betas : [0.9, 0.999]),
        eps: number(`${prefix}.eps`, base.eps, 0), weightDecay: number(`${prefix}.weight_decay`, kind === 'touched_adam' ? 0 : base.weightDecay, 0),
        ...(this.written.has(`${prefix}.clip`) ? { clip: number(`${prefix}.clip`, 0, 0) } : {}),
        ...(this.flag(`${prefix}.freeze`) ? { frozen: true } : {}),
      };
    });
    return [base, ...groups];
  }

  /** True or false, false unless said; without a line in the resolved settings when it is not said. */
  private flag(key: string): boolean {
    const written = this.written.get(key);
    if (!written) return false;
    const { value } = written;
    if (value.kind === 'bool') return this.line(key, String(value.value)) === 'true';
    this.refuse(key, 'true or false', 'true', written);
    return false;
  }

  private kind(prefix: string, otherwise: OptimizerGroup['optimizer']): OptimizerGroup['optimizer'] {
    const name = this.wordAt(`${prefix}.kind`);
    return this.line(`${prefix}.kind`, name === 'touched_adam' || name === 'adamw' ? name : otherwise);
  }

  private shape(): TrainSettings['schedule']['shape'] {
    const name = this.wordAt('optimizer.schedule');
    return this.line('optimizer.schedule', name === 'linear' || name === 'cosine' ? name : 'constant');
  }

  private wordAt(key: string): string | undefined {
    const value = this.written.get(key)?.value;
    return value?.kind === 'path' ? value.segments[0]?.name : undefined;
  }

  private betas(prefix: string, otherwise: readonly [number, number]): readonly [number, number] {
    const key = `${prefix}.betas`;
    const written = this.written.get(key);
    const items = written?.value.kind === 'list' ? written.value.items.map((item) => evaluateNumber(item, new Map())) : [];
    const [first, second] = items;
    const fits = items.length === 2 && first !== undefined && second !== undefined && first >= 0 && first < 1 && second >= 0 && second < 1;
    if (written && !fits) this.refuse(key, 'two numbers from 0 up to 1', '[0.9, 0.95]', written);
    const betas: readonly [number, number] = fits ? [first, second] : otherwise;
    this.line(key, `[${betas.join(', ')}]`);
    return betas;
  }

  private line<T extends number | string>(key: string, value: T): T {
    const origin = this.written.get(key)?.origin ?? { kind: 'default', text: 'default' };
    this.lines.push({ path: `train.${key.replace(/^group /, 'group.')}`, value: String(value), origin });
    return value;
  }
}
