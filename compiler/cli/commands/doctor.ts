/**
 * @file `archc doctor`: what there is to run on. Exit 2 when there is nothing.
 */
import type { AdapterDescription } from '../../../runtime/index.js';
import { bytes, whole } from '../../show/units.js';
import type { Context } from '../context.js';
import { DONE, FAILED } from '../io.js';
import { runtimeDiagnostic } from '../runtime-failure.js';
import { VERSION } from '../version.js';

export async function doctor(context: Context): Promise<number> {
  const { describeAdapter } = await import('../../../runtime/index.js');
  let adapter: AdapterDescription | undefined;
  let problem: unknown;
  try {
    adapter = await describeAdapter();
  } catch (error) {
    problem = error;
  }
  const diagnostic = adapter === undefined ? runtimeDiagnostic(problem) : undefined;
  if (adapter === undefined && diagnostic === undefined) throw problem;
  if (context.json) {
    context.printJson({ formatVersion: '1.0', archc: VERSION, node: process.versions.node, platform: process.platform, arch: process.arch, adapter: adapter ?? null, problem: diagnostic?.message ?? null, help: diagnostic?.help ?? null });
    return adapter === undefined ? FAILED : DONE;
  }
  context.print(`archc    ${VERSION}\nnode     ${process.versions.node} (${process.platform} ${process.arch})`);
  if (adapter === undefined) {
    context.print('adapter  none');
    if (diagnostic !== undefined) context.warn([diagnostic]);
    return FAILED;
  }
  const limits = Object.entries(adapter.limits).map(([name, value]) => `  ${name.padEnd(36)}${/Size$/.test(name) && !/WorkgroupSize/.test(name) ? bytes(value) : whole(value)}`);
  context.print([`adapter  ${adapter.name}${adapter.software ? ' (software: right, but slow)' : ''}`, 'limits', ...limits, 'features', ...adapter.features.map((f) => `  ${f}`)].join('\n'));
  return DONE;
}
