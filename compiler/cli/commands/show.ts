/**
 * @file `archc show`: the resolved spec with shapes, costs and contract; `--resolved`, `--memory`, `--json`.
 */
import { compileSpec, reached, reportedErrors } from '../compile.js';
import type { Context } from '../context.js';
import { DONE, FOUND } from '../io.js';
import { memoryPlan, memoryText } from '../../show/memory.js';
import { resolvedText } from '../../show/resolved.js';
import { showReport } from '../../show/report.js';
import { showText } from '../../show/text.js';

export interface ShowOptions {
  readonly resolved?: boolean;
  readonly memory?: boolean;
  readonly json?: boolean;
  readonly batch?: number;
}

export function show(context: Context, spec: string, options: ShowOptions): number {
  const compiled = compileSpec(context, { spec, upTo: options.memory === true ? 'kernels' : 'graph', batch: options.batch });
  if (reportedErrors(context, compiled)) return FOUND;
  const model = reached(compiled.model, 'model');
  const json = options.json === true || context.json;
  if (options.resolved === true) {
    if (json) context.printJson({ formatVersion: '1.0', resolved: model.resolved.map((line) => ({ path: line.path, value: line.value, origin: line.origin.text, kind: line.origin.kind })) });
    else context.print(resolvedText(model));
    return DONE;
  }
  if (options.memory === true) {
    const plans = reached(compiled.kernels, 'kernels').map(memoryPlan);
    if (json) context.printJson({ formatVersion: '1.0', programs: plans });
    else context.print(plans.map((plan) => memoryText(plan, context.colours)).join('\n\n'));
    return DONE;
  }
  const report = showReport(model, reached(compiled.graph, 'graph'));
  if (json) context.printJson(report);
  else context.print(showText(report, context.colours));
  return DONE;
}
