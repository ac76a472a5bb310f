/**
 * @file One WGSL module under construction: its names, slots, helpers, workgroup memory and the body of `main`; and what an emitted kernel is.
 */
import type { Expr, Kernel, TargetLimits } from '../../kernels/kernel.js';
import { ExpressionTable } from './expressions.js';
import type { Grid } from './grid.js';
import { header } from './header.js';
import { type Helper, helperNeeds, helpers } from './helpers.js';
import { Names } from './names.js';
import { Scope } from './scope.js';
import { type SlotBinding, Slots } from './slots.js';

/** One dispatch of a kernel: a module, how many workgroups, and which slots it binds. */
export interface Step {
  readonly name: string;
  readonly source: string;
  readonly groups: readonly [number, number, number];
  readonly bindings: readonly SlotBinding[];
}

/** What emission is given besides the kernel. */
export interface EmitContext {
  readonly limits: TargetLimits;
  /** Spec paths for the header. */
  readonly paths: readonly string[];
}

export class Module {
  readonly names: Names;
  readonly slots: Slots;
  /** The body of `main`. */
  readonly body: Scope;
  private readonly used = new Set<Helper>();
  private readonly workgroup: string[] = [];
  private readonly functions: string[] = [];

  constructor(
    private readonly kernel: Kernel,
    private readonly context: EmitContext,
    exprs: readonly Expr[],
    /** Identifiers the caller's statements declare without asking for a fresh one. */
    reserved: readonly string[],
    /** Which step of the kernel it is, where there are several. */
    private readonly step?: { readonly name: string; readonly about: string },
  ) {
    this.names = new Names(reserved);
    this.slots = new Slots(kernel, context.limits, this.names);
    this.body = new Scope({
      names: this.names,
      slots: this.slots,
      table: new ExpressionTable(),
      use: (helper) => {
        this.used.add(helper);
        for (const needed of helperNeeds[helper] ?? []) this.used.add(needed);
      },
      counts: new Map(),
    });
    this.body.count(exprs);
  }

  /** Declares workgroup memory; returns its identifier. */
  shared(hint: string, type: string): string {
    const name = this.names.fresh(hint);
    this.workgroup.push(`var<workgroup> ${name}: ${type};`);
    return name;
  }

  /** Adds a function to the module. */
  fn(text: string): void {
    this.functions.push(text);
  }

  /** The finished module and its dispatch. `group` and `lane_index` are the builtins `main` reads. */
  finish(workgroupSize: number, grid: Grid): Step {
    const name = this.step === undefined ? this.kernel.name : `${this.kernel.name}_${this.step.name}`;
    const parts = [
      header(this.kernel, this.step?.about, this.context.paths),
      this.slots.declarations(),
      this.workgroup.join('\n'),
      ...[...this.used].sort().map((helper) => helpers[helper]),
      ...this.functions,
      [
        `@compute @workgroup_size(${workgroupSize})`,
        'fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {',
        ...(grid.outside === undefined ? [] : [`  if (${grid.outside}) { return; }`]),
        ...this.body.render(1),
        '}',
      ].join('\n'),
    ];
    return { name, source: `${parts.filter((part) => part !== '').join('\n\n')}\n`, groups: grid.groups, bindings: this.slots.bindings() };
  }
}
