/**
 * @file Whether training grows: `npx tsx test/bench/memory.ts [steps]`. Trains a small pools spec and prints, every tenth of the way, resident memory
 * and what is allocated on the device, and at the end by how much they grew after the first tenth.
 */
import { Corpus, Session, openDevice } from '../../runtime/index.js';
import { TEXTS, TINY, compileText } from '../e2e/tiny.js';

const steps = Number(process.argv[2] ?? 1000);
const { program } = compileText(TINY.replace('steps = 6', `steps = ${steps}`));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const corpus = new Corpus('memory', program.time, Object.entries(TEXTS).map(([name, text]) => ({ name, train: bytes(text), valid: bytes(text), files: 1 })), []);

const device = await openDevice({ needs: program.needs });
/** Bytes of buffers made and not destroyed. */
let allocated = 0;
const createBuffer = device.gpu.createBuffer.bind(device.gpu);
device.gpu.createBuffer = (descriptor) => {
  const buffer = createBuffer(descriptor);
  const destroy = buffer.destroy.bind(buffer);
  let alive = true;
  allocated += descriptor.size;
  buffer.destroy = () => {
    if (alive) allocated -= descriptor.size;
    alive = false;
    return destroy();
  };
  return buffer;
};

const MIB = 2 ** 20;
const session = await Session.create(device, program);
await session.initialise(1);
console.log(`adapter: ${device.adapter.name}`);
console.log(`plan: ${(program.allocations.reduce((n, a) => n + a.bytes, 0) / MIB).toFixed(2)} MiB in ${program.allocations.length} allocations`);
console.log('step    loss     RSS MiB   heap MiB  device MiB');
const every = Math.max(1, Math.floor(steps / 10));
let start: { rss: number; device: number } | undefined;
let now = { rss: 0, device: 0 };
const began = performance.now();
for (let step = 1; step <= steps; step++) {
  session.run('train', corpus.batch(step, program.batch, 1), step);
  if (step % 4 === 0) await session.device.settle();
  if (step % every !== 0) continue;
  const outputs = await session.readOutputs('train', ['loss']);
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  now = { rss: rss / MIB, device: allocated / MIB };
  start ??= now;
  console.log(`${String(step).padEnd(8)}${(outputs.get('loss') ?? NaN).toFixed(4).padEnd(9)}${now.rss.toFixed(1).padStart(7)}   ${(heapUsed / MIB).toFixed(1).padStart(8)}  ${now.device.toFixed(3).padStart(10)}`);
}
const seconds = (performance.now() - began) / 1000;
console.log(`after step ${every}: RSS ${(now.rss - (start?.rss ?? 0)).toFixed(1)} MiB, device ${(now.device - (start?.device ?? 0)).toFixed(3)} MiB; ${(1000 * seconds / steps).toFixed(1)} ms a step`);
session.destroy();
device.destroy();
process.exit(0);
