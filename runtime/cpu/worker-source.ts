/**
 * @file What a worker thread runs, as text: so that it needs no file of its own, whether the runtime was compiled, bundled, or is run from its sources. It is plain
 * JavaScript for Node and browsers; `threads.ts` is its other half.
 */
import { BARRIER, ENTRY, FIRST, IDLE, LAST, ORDER } from './control.js';

/** Receives { module, memory, schedules, thread, threads, own, meeting, spins }; says 'ready', then works until told entry -1. */
export const workerSource = `
const start = ({ module, memory, schedules, thread, threads, own, meeting, spins }, say) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const words = new Int32Array(memory.buffer, 0, 128);
  const failed = ${(BARRIER + 192) / 4};
  const plans = schedules.map((launches) => launches.map((phases) => phases.map(({ name, args }) => ({ fn: exports[name], args: [own, ...args] }))));
  say('ready');
  let seen = 0;
  for (;;) {
    for (let i = 0; i < spins && Atomics.load(words, ${ORDER}) === seen; i++);
    while (Atomics.load(words, ${ORDER}) === seen) {
      Atomics.add(words, ${IDLE}, 1);
      Atomics.wait(words, ${ORDER}, seen);
      Atomics.sub(words, ${IDLE}, 1);
    }
    seen = Atomics.load(words, ${ORDER});
    const entry = Atomics.load(words, ${ENTRY});
    if (entry < 0) return;
    const launches = plans[entry];
    const last = Atomics.load(words, ${LAST});
    try {
      run: for (let l = Atomics.load(words, ${FIRST}); l < last; l++) {
        for (const { fn, args } of launches[l]) {
          fn(...args);
          if (exports.barrier(meeting, threads, spins) !== 0) break run;
        }
      }
    } catch (error) {
      Atomics.store(words, failed, 1);
      say(String(error));
    }
  }
};
if (typeof self === 'undefined' || typeof self.postMessage !== 'function') {
  const { parentPort, workerData } = require('node:worker_threads');
  start(workerData, (text) => parentPort.postMessage(text));
} else {
  self.onmessage = ({ data }) => start(data, (text) => self.postMessage(text));
}
`;
