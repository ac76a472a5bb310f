/**
 * @file `archc eval`: loss and bits per byte of a run on text, in all and per domain.
 */
import { join, resolve } from 'node:path';
import { table } from '../../show/table.js';
import { whole } from '../../show/units.js';
import type { Context } from '../context.js';
import { chooseTarget, type DeviceOptions, withSession } from '../device.js';
import { DONE, INTERRUPTED } from '../io.js';
import { compileRun } from '../run-folder.js';
import { usageJson, usageLines } from '../usage-text.js';

export interface EvalOptions extends DeviceOptions {
  readonly data: string;
  readonly windows: number;
  /** Also say which members each choice picks in which domain. */
  readonly experts?: boolean;
}

export async function evaluate(context: Context, dir: string, options: EvalOptions): Promise<number> {
  const { program, model } = compileRun(context, dir, await chooseTarget(options));
  const { CHECKPOINT_FILE, choiceUsage, evaluate: score, loadCheckpoint, openCorpus } = await import('../../../runtime/index.js');
  const corpus = await openCorpus(resolve(context.io.cwd, options.data), { time: program.time });
  for (const warning of corpus.warnings) context.say(`warning: ${warning}`);
  const { evaluation, usage, step } = await withSession(program, options, async (session) => {
    const info = await loadCheckpoint(join(resolve(context.io.cwd, dir), CHECKPOINT_FILE), session, ['param', 'state']);
    const evaluation = await score(session, corpus, { windows: options.windows, signal: context.io.signal });
    const usage = options.experts === true ? await choiceUsage(session, corpus, { windows: options.windows, signal: context.io.signal }) : [];
    return { evaluation, usage, step: info.step };
  });
  if (context.io.signal.aborted) return INTERRUPTED;
  const rows = [...evaluation.domains].map(([name, s]) => ({ name, ...s }));
  if (context.json) {
    context.printJson({ formatVersion: '1.0', run: dir, arch: model.name, step, loss: evaluation.loss, bitsPerByte: evaluation.bitsPerByte, bytes: evaluation.bytes, domains: Object.fromEntries(rows.map(({ name, ...s }) => [name, s])), ...(options.experts === true && { choices: usage.map(usageJson) }) });
    return DONE;
  }
  const right = (title: string) => ({ title, align: 'right' as const });
  const cells = [...rows, { name: 'all', loss: evaluation.loss, bitsPerByte: evaluation.bitsPerByte, bytes: evaluation.bytes }].map((r) => [r.name, r.loss.toFixed(4), r.bitsPerByte.toFixed(4), whole(r.bytes)]);
  context.print([`${model.name}, step ${step}`, ...table([{ title: 'domain', align: 'left' }, right('nats/byte'), right('bits/byte'), right('bytes')], cells, context.colours.dim), ...usage.flatMap((choice) => usageLines(choice, context.colours.dim))].join('\n'));
  return DONE;
}
