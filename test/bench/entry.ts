/**
 * @file An entry of a program, timed as a whole and by kernel.
 */
import { profileLines } from '../../compiler/cli/profile-text.js';
import { profileEntry, type Executor, type Values } from '../../runtime/index.js';
import { time, type Timing } from './measure.js';

type Inputs = Readonly<Record<string, Values>>;

/** Runs the entry again and again, each run to its end, on whatever device. A few runs before are not counted. */
export function timeEntry(session: Executor, entry: string, inputs: Inputs, rounds: number): Promise<Timing> {
  let step = 0;
  return time(rounds, Math.min(3, rounds), async () => {
    session.run(entry, inputs, ++step);
    await session.settle();
  });
}

/** Where its time goes, as `archc train --profile` says it. */
export async function profileText(session: Executor, entry: string, inputs: Inputs): Promise<string> {
  const kernels = await profileEntry(session, entry, () => inputs, { step: 1 });
  return profileLines({ by: session.profiledBy, kernels, peak: session.peak() }, session.program, (text) => text).join('\n');
}
