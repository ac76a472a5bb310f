/**
 * @file Messages about budgets and device limits (ARCH4xxx).
 */
import { bytes, whole } from '../../show/units.js';
import type { MessageTable } from '../message.js';

export interface LimitParams {
  /** `what`: `layers`, `operations`. */
  readonly ARCH4001: { readonly what: string; readonly got: number; readonly limit: number };
  /** `limitName`: the device limit, as WebGPU calls it. Bytes, but for the limits that `counted` names. */
  readonly ARCH4002: { readonly tensor: string; readonly bytes: number; readonly limit: number; readonly limitName: string };
  readonly ARCH4003: { readonly param: string; readonly use: string };
  /** `bytes`: in all; `kept`: of them, parameters, their moments and states; `limit`: of 32-bit memory. */
  readonly ARCH4004: { readonly arch: string; readonly bytes: number; readonly kept: number; readonly limit: number; readonly batch: number };
}

/** Limits that count something: `slots` are the buffers one kernel binds. */
const counted: ReadonlySet<string> = new Set(['slots', 'maxSlots', 'elements']);

/** What to change so that a program fits: smaller tables, or the batch for which activations leave enough room. */
function fitting({ bytes: all, kept, limit, batch }: LimitParams['ARCH4004']): string {
  if (kept >= limit) return 'make its tables smaller: fewer experts or layers, or a smaller `d`';
  const exactly = Math.floor((batch * (limit - kept)) / (all - kept));
  // Two digits of it: some memory does not shrink with the batch.
  const unit = Math.max(1, 10 ** (String(exactly).length - 2));
  const fits = Math.floor(exactly / unit) * unit;
  return fits < 1 ? 'lower `dims.ctx`' : `lower \`train.batch\` from ${whole(batch)} to ${whole(fits)} or so, or \`dims.ctx\` likewise`;
}

export const limitMessages: MessageTable<LimitParams> = {
  ARCH4001: {
    title: 'too large to compile',
    message: (p) => `the spec has ${whole(p.got)} ${p.what}; the limit is ${whole(p.limit)}`,
    help: (p) => (p.what === 'layers' ? 'use fewer, wider layers' : 'use fewer layers, or smaller blocks'),
    explain: {
      text: `archc expands every layer into operations before it can run anything. Beyond the limit compilation would take minutes and the step
could not be dispatched in reasonable time; more often a number was mistyped.`,
      failing: `layers 10000 { attention { heads = 4 } }`,
      fixed: `layers 10 { attention { heads = 4 } }`,
    },
  },
  ARCH4002: {
    title: 'a tensor exceeds a limit of the device',
    message: (p) => (counted.has(p.limitName) ? `\`${p.tensor}\` needs ${whole(p.bytes)} ${p.limitName}; the limit is ${whole(p.limit)}` : `\`${p.tensor}\` needs ${bytes(p.bytes)}; ${p.limitName} is ${bytes(p.limit)}`),
    help: () => 'lower `batch` or the dims it is made of; `archc show --memory` prints every tensor, `archc doctor` the limits',
    explain: {
      text: `A device binds at most so many bytes to one kernel (128 MiB on some adapters) and allocates at most so many in one buffer. The
tensor named is larger and cannot be split. Activations shrink with \`train.batch\` and \`dims.ctx\`, tables with the number of experts.`,
      failing: `train { batch = 4096 }`,
      fixed: `train { batch = 16 }`,
    },
  },
  ARCH4003: {
    title: 'touched_adam on a table that is not only gathered from',
    message: (p) => `\`touched_adam\` updates only gathered rows, but \`${p.param}\` is also used by ${p.use}`,
    help: () => 'use `adamw` for this group',
    explain: {
      text: `\`touched_adam\` (SparseAdam in PyTorch) reads and writes only the rows that were gathered in a step; moments of the others do not
decay. It is right only for tables that are read through a choice and in no other way: elsewhere every row has a gradient.`,
      failing: `group layers.attention { optimizer = touched_adam }`,
      fixed: `group layers.ffn.unit { optimizer = touched_adam }`,
    },
  },
  ARCH4004: {
    title: 'more memory than 32 bits address',
    severity: 'warning',
    message: (p) => `\`${p.arch}\` needs ${bytes(p.bytes)} on the CPU, and 32-bit memory is ${bytes(p.limit)}: it is compiled for 64-bit memory`,
    help: (p) => `run it with Node 24 or later, or in a current browser; to fit 32-bit memory, ${fitting(p)}`,
    explain: {
      text: `On the CPU a program runs in WebAssembly memory. What fits 4 GiB is compiled with 32-bit addresses: every engine has them, and they are the faster
ones. What does not is compiled with 64-bit addresses, up to 16 GiB, which only newer engines have: Node 24 or later and current browsers
(\`archc doctor\` says whether this one does). The largest tensors are named; \`archc show --memory\` prints every one. Tables of experts
and their two moments shrink with the number of experts and with \`d\`, activations with \`train.batch\` and \`dims.ctx\`.`,
      failing: `archc train specs/peer_paper.arch#PeerMillion --data texts --run runs/a --device cpu --set dims.d=256`,
      fixed: `archc train specs/peer_paper.arch#PeerMillion --data texts --run runs/a --device cpu`,
    },
  },
};
