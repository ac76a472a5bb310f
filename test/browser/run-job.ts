/**
 * @file One job, with the browser's runtime: in a page or in a worker of it.
 */
import { type Executor, type Values, createModel, loadProgram, openSession } from '../../runtime/browser.js';
import { type Encoded, type Evaluation, type Forward, type Job, type Outcome, type Results, type Training, decode, encode } from './protocol.js';

export async function runJob({ program: address, work, threads }: Job, base: string): Promise<Outcome> {
  try {
    const program = await loadProgram(new URL(address, base));
    if (work.kind === 'forward') return done(...(await forward(program, work, threads, base)));
    const session = await openSession(program, { threads });
    try {
      return done(session.deviceName, work.kind === 'train' ? await train(session, work) : await evaluate(session, work));
    } finally {
      session.destroy();
    }
  } catch (error) {
    const [name, message] = error instanceof Error ? [error.name, error.message] : [typeof error, String(error)];
    return { kind: 'failed', error: name, message, ...(name === 'NoAdapterError' && { adapter: Boolean(await navigator.gpu?.requestAdapter()) }) };
  }
}

const done = (device: string, results: Results): Outcome => ({ kind: 'done', device, results, isolated: crossOriginIsolated });

async function train(session: Executor, { seed, steps }: Training): Promise<Results> {
  await session.initialise(seed);
  const loss: Encoded[] = [];
  for (const [i, { tokens, targets }] of steps.entries()) {
    session.run('train', { tokens: Int32Array.from(tokens), targets: Int32Array.from(targets) }, i + 1);
    loss.push(...encode([(await session.readOutputs('train', ['loss'])).get('loss') ?? NaN]));
  }
  return { loss };
}

async function forward(program: Parameters<typeof createModel>[0], { checkpoint: address, tokens }: Forward, threads: number | undefined, base: string): Promise<[string, Results]> {
  const checkpoint = new Uint8Array(await (await fetch(new URL(address, base))).arrayBuffer());
  const model = await createModel(program, undefined, { threads, checkpoint });
  try {
    return [model.session.deviceName, { logits: encode(await model.forward(Int32Array.from(tokens))) }];
  } finally {
    model.destroy();
  }
}

async function evaluate(session: Executor, { entry, tensors, inputs, step, seed }: Evaluation): Promise<Results> {
  if (seed !== undefined) await session.initialise(seed);
  const typed = (id: number, values: readonly Encoded[] = []): Values => (session.tensor(id).dtype === 'i32' ? Int32Array.from(decode(values)) : Float32Array.from(decode(values)));
  for (const { id, name } of session.persistent()) if (tensors[name]) await session.write(id, typed(id, tensors[name]));
  const info = session.entry(entry);
  session.run(entry, Object.fromEntries(Object.entries(info.inputs).map(([name, id]) => [name, typed(id, inputs[name])])), step);
  const results: Record<string, Encoded[]> = {};
  for (const [name, id] of Object.entries(info.outputs)) results[name] = encode(await session.read(id));
  return results;
}
