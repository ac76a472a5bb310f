/**
 * @file `archc doctor`: what there is to run on. Exit 2 when nothing can run.
 */
import type { AdapterDescription } from '../../../runtime/index.js';
import { bytes, whole } from '../../show/units.js';
import type { Context } from '../context.js';
import { DONE, FAILED } from '../io.js';
import { runtimeDiagnostic } from '../runtime-failure.js';
import { VERSION } from '../version.js';

export async function doctor(context: Context): Promise<number> {
  const { describeAdapter, describeCpu } = await import('../../../runtime/index.js');
  const cpu = await describeCpu();
  let adapter: AdapterDescription | undefined;
  let problem: unknown;
  try {
    adapter = await describeAdapter();
  } catch (error) {
    problem = error;
  }
  const diagnostic = adapter === undefined ? runtimeDiagnostic(problem) : undefined;
  if (adapter === undefined && diagnostic === undefined) throw problem;
  const chosen = adapter !== undefined && (!adapter.software || cpu.problem !== undefined) ? 'gpu' : cpu.problem === undefined ? 'cpu' : null;
  const code = chosen === null ? FAILED : DONE;
  if (context.json) {
    context.printJson({ formatVersion: '1.0', archc: VERSION, node: process.versions.node, platform: process.platform, arch: process.arch, cpu, device: chosen, adapter: adapter ?? null, problem: diagnostic?.message ?? null, help: diagnostic?.help ?? null });
    return code;
  }
  const { dim } = context.colours;
  const lines = [
    `archc    ${VERSION}`,
    `node     ${process.versions.node} (${process.platform} ${process.arch})`,
    `cpu      ${cpu.problem ?? cpu.name.replace(/^CPU, /, '')}`,
    `memory   ${cpu.memory64 ? '64-bit: programs of up to 16 GiB on the CPU' : '32-bit: programs of up to 4 GiB on the CPU (more with Node 24 or later)'}`,
    `adapter  ${adapter === undefined ? 'none' : `${adapter.name}${adapter.software ? ' (software: right, but slow; for testing)' : ''}`}`,
    `device   ${chosen === null ? 'none: nothing can run here' : `${chosen} ${dim('(what --device auto runs on)')}`}`,
  ];
  if (adapter === undefined) lines.push('', 'for a GPU', ...[diagnostic?.message ?? '', ...(diagnostic?.help ?? '').split('\n')].filter((line) => line !== '').map((line) => `  ${line}`));
  else {
    const limits = Object.entries(adapter.limits).map(([name, value]) => `  ${name.padEnd(36)}${/Size$/.test(name) && !/WorkgroupSize/.test(name) ? bytes(value) : whole(value)}`);
    lines.push('limits', ...limits, 'features', ...adapter.features.map((f) => `  ${f}`));
  }
  context.print(lines.join('\n'));
  if (chosen === null && diagnostic !== undefined) context.warn([diagnostic]);
  return code;
}
