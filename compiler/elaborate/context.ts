/**
 * @file What one elaboration gathers: the graph under construction, its parameters, named activations and expert families, and how errors
 * are reported.
 */
import type { Source, Span } from '../../grammar/ast.js';
import { type Code, type Extras, type Params, diagnose, dimsNote } from '../diagnostics/catalogue.js';
import { type Diagnostics, Reported } from '../diagnostics/diagnostic.js';
import { LineIndex } from '../diagnostics/positions.js';
import { GraphBuilder, Numbering, ShapeError } from '../graph/build.js';
import type { Axis, ExpertFamily, Node, Param, State, Update } from '../graph/graph.js';
import type { Model } from '../model/model.js';
import { isFrozen } from '../optimizer/groups.js';
import type { Frame } from './frame.js';
import type { Readings } from './readings.js';
import type { Value } from './values.js';

/** Which form of a value with two forms is built: `a if training else b`. */
export type Mode = 'train' | 'infer';

export class Context {
  readonly build: GraphBuilder;
  readonly batch: Axis;
  readonly time: Axis;
  /** i32 [batch, time]. A target below zero is not counted. */
  readonly tokens: Node;
  readonly targets: Node;
  readonly params: Param[] = [];
  readonly states: State[] = [];
  readonly families: ExpertFamily[] = [];
  readonly updates: Update[] = [];
  /** What each application of an entry's block read of its settings, by the entry's path: `layers.ffn`. */
  readonly readings: { readonly entry: string; readonly of: Readings }[] = [];
  /** Whether anything asked for `training`: then the two modes are two graphs. */
  modal = false;
  /** What each entry of `layers` read, by the entry's path: `layers.2.ffn` -> its normed stream. `layers.2.ffn.input` in a spec. */
  readonly inputs = new Map<string, Node>();
  /** The residual stream each entry of `layers` stood in, by the entry's path: `layers.2.ffn.stream` in a spec. */
  readonly streams = new Map<string, Node>();
  /** The stream where the entry being expanded stands: `stream` in a spec. */
  stream: Node | undefined;
  /** Every `let` and parameter, by path. */
  readonly values = new Map<string, Value>();
  private readonly paths = new Set<string>();
  private randomStreams = 0;
  /** The uses of blocks being expanded, outermost first: an error inside a block also shows where it was asked for. */
  readonly uses: { readonly span: Span; readonly block: string }[] = [];
  private readonly lines: LineIndex;

  constructor(readonly model: Model, sources: ReadonlyMap<string, Source>, readonly diagnostics: Diagnostics, batch: number, time: number, private readonly form: Mode = 'train', numbering = new Numbering()) {
    this.build = new GraphBuilder(numbering);
    this.lines = new LineIndex(sources);
    this.batch = this.build.axis('batch', batch, 'batch');
    this.time = this.build.axis('time', time, 'time');
    this.tokens = this.build.input('tokens', [this.batch, this.time], 'i32');
    this.targets = this.build.input('targets', [this.batch, this.time], 'i32');
  }

  /** Of what is being expanded: what is frozen is used, not trained. */
  get mode(): Mode {
    return this.frozen ? 'infer' : this.form;
  }
  private frozen = false;

  /** Expands the entry at `path`, in the form used outside training if its group is frozen. */
  within<T>(path: string, expand: () => T): T {
    const before = this.frozen;
    this.frozen = isFrozen(this.model.train.groups, path);
    try {
      return expand();
    } finally {
      this.frozen = before;
    }
  }

  /** `std/experts.arch:31` */
  where(span: Span): string {
    const line = this.lines.of(span.file)?.at(span.start).line;
    return line === undefined ? span.file : `${span.file}:${line}`;
  }

  /** A path no parameter has yet: `base.name`, else `base.block.name`, else numbered. */
  uniquePath(base: string, block: string, name: string): string {
    let path = `${base}.${name}`;
    if (this.paths.has(path)) path = `${base}.${block}.${name}`;
    for (let i = 2; this.paths.has(path); i++) path = `${base}.${block}${i}.${name}`;
    this.paths.add(path);
    return path;
  }

  /** The number of the next stream of random numbers. */
  nextStream(): number {
    return this.randomStreams++;
  }

  /** Makes a named value visible to losses and analysis; the first of a path stays. */
  record(path: string, value: Value): void {
    if (!this.values.has(path)) this.values.set(path, value);
  }

  /** Reports and abandons the construct at hand. */
  fail<C extends Code>(code: C, params: Params[C], span: Span, extras: Extras = {}): never {
    const related = this.uses.filter((use) => use.span.file !== span.file || use.span.start > span.start || use.span.end < span.end);
    const used = related.slice(0, 1).concat(related.slice(1).slice(-1)).map((use) => ({ span: use.span, label: `\`${use.block}\` is used here` }));
    this.diagnostics.report(diagnose(code, params, span, { ...extras, related: [...(extras.related ?? []), ...used] }));
    throw new Reported();
  }

  /** Runs a graph construction; a violated shape rule becomes a diagnostic at `span` that lists the dims in force. */
  shaped<T>(frame: Frame, span: Span, make: () => T): T {
    try {
      return this.build.at(frame.here, span, make);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      return this.fail('ARCH3010', { text: error.message }, span, { notes: this.notes(frame) });
    }
  }

  /** The note of a shape error: every axis and dim in force, and where it was set. */
  notes(frame: Frame): string[] {
    const dims = [...this.model.dims.values()].flatMap((dim) => (dim.value.kind === 'number' ? [{ name: dim.name, size: dim.value.value, where: dim.origin.text }] : []));
    const axes = [...frame.axisPlaces()].filter((axis) => !dims.some((dim) => dim.name === axis.name && dim.size === axis.size));
    return [dimsNote([...dims, ...axes])];
  }
}
