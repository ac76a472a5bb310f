/**
 * @file `archc sample`: text from a run, streamed to stdout as it comes.
 */
import { join, resolve } from 'node:path';
import type { Context } from '../context.js';
import { chooseTarget, type DeviceOptions, withSession } from '../device.js';
import { DONE, INTERRUPTED } from '../io.js';
import { compileRun } from '../run-folder.js';

export interface SampleOptions extends DeviceOptions {
  readonly prompt: string;
  readonly tokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly seed: number;
}

export async function sample(context: Context, dir: string, options: SampleOptions): Promise<number> {
  const { program } = compileRun(context, dir, await chooseTarget(options));
  const { CHECKPOINT_FILE, loadCheckpoint, sampleText } = await import('../../../runtime/index.js');
  await withSession(program, options, async (session) => {
    await loadCheckpoint(join(resolve(context.io.cwd, dir), CHECKPOINT_FILE), session, ['param', 'state']);
    let text = '';
    if (!context.json) context.io.stdout.write(options.prompt);
    for await (const piece of sampleText(session, { ...options, signal: context.io.signal })) {
      text += piece;
      if (!context.json) context.io.stdout.write(piece);
    }
    if (context.json) context.printJson({ formatVersion: '1.0', run: dir, prompt: options.prompt, text, seed: options.seed, temperature: options.temperature, topK: options.topK });
    else context.io.stdout.write('\n');
  });
  return context.io.signal.aborted ? INTERRUPTED : DONE;
}
