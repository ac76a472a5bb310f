/**
 * @file Where all threads meet between phases. Whoever comes last lets the others go; the others watch a word of shared memory for a while, and sleep only if it
 * takes long, so that a barrier between short phases costs about a microsecond.
 */
import { plus } from './address.js';
import { access, type Callee, get, i32, type Instr, op, set } from './instructions.js';
import type { WasmModule } from './module.js';

/** Words of the barrier, each in a cache line of its own: how many have come, which round it is, how many sleep, whether a thread has failed. */
const [ARRIVED, ROUND, SLEEPING, FAILED] = [0, 64, 128, 192];
/** Rounds watched between looks at the clock of `memory.atomic.wait32`, nanoseconds: a thread that failed is noticed within this time. */
const NAP = 50_000_000;

/**
 * (at, threads, spins) -> 0, or 1 when a thread has failed. `at`: address of the barrier; `spins`: how often to look before sleeping; negative: never sleep (where
 * waiting is forbidden).
 */
export function barrier(module: WasmModule): Callee {
  return module.fn(
    'barrier',
    [['at', module.address], ['threads', 'i32'], ['spins', 'i32']],
    'i32',
    (fn, at, threads, spins) => {
      if (!at || !threads || !spins) return undefined;
      const { body } = fn;
      const word = (offset: number): Instr => access('i32.atomic.load', get(at), offset, []);
      const addTo = (offset: number, by: number): Instr => access('i32.atomic.rmw.add', get(at), offset, [i32(by)]);
      const round = body.bind('round', word(ROUND));
      body.if(
        op('i32.eq', op('i32.add', addTo(ARRIVED, 1), i32(1)), get(threads)),
        (last) => {
          last.add(access('i32.atomic.store', get(at), ARRIVED, [i32(0)]), op('drop', addTo(ROUND, 1)));
          last.if(word(SLEEPING), (some) => some.add(op('drop', access('memory.atomic.notify', plus(get(at), ROUND), 0, [i32(0x7fffffff)]))));
        },
        (early) => {
          const left = early.variable('left', get(spins));
          const waiting = op('i32.and', op('i32.eq', word(ROUND), round), op('i32.eqz', word(FAILED)));
          early.while('spin', op('i32.and', waiting, op('i32.ne', get(left), i32(0))), (spin) => spin.add(set(left, op('i32.sub', get(left), op('i32.gt_s', get(left), i32(0))))));
          early.while('sleep', waiting, (sleep) => {
            const nap: Instr = { kind: 'const', type: 'i64', value: NAP };
            sleep.add(
              op('drop', addTo(SLEEPING, 1)),
              op('drop', access('memory.atomic.wait32', plus(get(at), ROUND), 0, [round, nap])),
              op('drop', addTo(SLEEPING, -1)),
            );
          });
        },
      );
      return word(FAILED);
    },
    { exported: true, about: ['all threads meet; 1 when one has failed'] },
  );
}

