/**
 * @file `archc diff`: what differs between two specs, by path, and what an old checkpoint makes of it.
 */
import type { Compiled } from '../../compiled.js';
import { compare } from '../../diff/compare.js';
import type { Severity } from '../../diff/change.js';
import { diffText } from '../../diff/text.js';
import { sideOf } from '../../diff/side.js';
import { compileSpec, reached } from '../compile.js';
import type { Context } from '../context.js';
import { DONE, FAILED, FOUND } from '../io.js';

export interface DiffOptions {
  readonly exitCode?: boolean;
  readonly failOn?: 'breaking' | 'dangerous' | 'any';
  readonly json?: boolean;
}

const FAILS: Readonly<Record<'breaking' | 'dangerous' | 'any', readonly Severity[]>> = {
  breaking: ['breaking'],
  dangerous: ['breaking', 'dangerous'],
  any: ['breaking', 'dangerous', 'neutral'],
};

export function diff(context: Context, before: string, after: string, options: DiffOptions): number {
  const old = compileSpec(context, { spec: before, upTo: 'kernels' });
  const now = compileSpec(context, { spec: after, upTo: 'kernels' });
  if (old.diagnostics.failed || now.diagnostics.failed) {
    context.report([...old.diagnostics.all, ...now.diagnostics.all], new Map([...old.sources, ...now.sources]));
    return FAILED;
  }
  const side = (spec: string, c: Compiled) => sideOf(spec, reached(c.model, 'model'), reached(c.graph, 'graph'), c.kernels ?? [], c.sources);
  const result = compare(side(before, old), side(after, now));
  if (options.json === true || context.json) context.printJson(result);
  else context.print(diffText(result, context.colours));
  if (options.failOn !== undefined) return result.changes.some((c) => FAILS[options.failOn ?? 'any'].includes(c.severity)) ? FOUND : DONE;
  return options.exitCode === true && result.changes.length > 0 ? FOUND : DONE;
}
