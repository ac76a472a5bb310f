/**
 * @file Messages about what surrounds a spec: files, run folders, data, devices (ARCH6xxx), and about archc itself (ARCH9xxx).
 * Commands that report one of these could not do their work: exit code 2.
 */
import type { MessageTable } from '../message.js';
import { suggestOrList } from '../suggest.js';

export interface EnvironmentParams {
  readonly ARCH6001: { readonly file: string; readonly among: readonly string[] };
  /** `why`: `it is a folder`, `it holds binary data`, `its name does not end in .arch`. */
  readonly ARCH6002: { readonly file: string; readonly why: string };
  readonly ARCH6003: { readonly file: string; readonly reason: string };
  readonly ARCH6004: { readonly run: string; readonly reason: string; readonly among: readonly string[] };
  readonly ARCH6005: { readonly run: string };
  readonly ARCH6006: { readonly reason: string };
  readonly ARCH6007: { readonly reason: string };
  readonly ARCH6008: { readonly reason: string };
  readonly ARCH6009: { readonly reason: string };
  readonly ARCH6010: { readonly code: string; readonly among: readonly string[] };
  readonly ARCH6011: { readonly reason: string };
  readonly ARCH6012: { readonly reason: string };
  /** `lines`: `path: value here, value there`. */
  readonly ARCH6013: { readonly run: string; readonly spec: string; readonly lines: readonly string[] };
  readonly ARCH9001: { readonly reason: string };
}

export const environmentMessages: MessageTable<EnvironmentParams> = {
  ARCH6001: {
    title: 'file not found',
    message: (p) => `cannot find \`${p.file}\``,
    help: (p) => suggestOrList(p.file, p.among, 'there are', 6),
    explain: {
      text: `The file named on the command line does not exist. Paths are relative to the current folder.`,
      failing: `archc check specs/pool.arch`,
      fixed: `archc check specs/pools.arch`,
    },
  },
  ARCH6002: {
    title: 'not an .arch file',
    message: (p) => `\`${p.file}\` is not an .arch file: ${p.why}`,
    help: () => 'give a spec: text, in a file whose name ends in .arch',
    explain: {
      text: `A spec is UTF-8 text in a file whose name ends in \`.arch\`.`,
      failing: `archc check runs/a/checkpoint.safetensors`,
      fixed: `archc check specs/pools.arch`,
    },
  },
  ARCH6003: {
    title: 'file cannot be read',
    message: (p) => `cannot read \`${p.file}\`: ${p.reason}`,
    explain: {
      text: `The file exists, but the system refuses to read it; the message says why (often: no permission).`,
      failing: `chmod 000 pools.arch; archc check pools.arch`,
      fixed: `chmod 644 pools.arch; archc check pools.arch`,
    },
  },
  ARCH6004: {
    title: 'not a run folder',
    message: (p) => `\`${p.run}\` is not a run: ${p.reason}`,
    help: (p) => suggestOrList(p.run, p.among, 'runs', 6) ?? 'a run is made by `archc train SPEC --data PATH --run DIR`',
    explain: {
      text: `\`eval\`, \`sample\` and \`train --resume\` read a folder that \`archc train --run DIR\` wrote: \`spec.json\` (the sources and settings it was
compiled from), \`resolved.json\`, \`metrics.jsonl\` and \`checkpoint.safetensors\`.`,
      failing: `archc sample runs/b`,
      fixed: `archc train specs/pools.arch --data texts --run runs/b
archc sample runs/b`,
    },
  },
  ARCH6005: {
    title: 'the run folder is not empty',
    message: (p) => `\`${p.run}\` already holds a run`,
    help: () => 'continue it with --resume, replace it with --force, or choose another --run',
    explain: {
      text: `\`archc train\` never overwrites a run unasked. \`--resume\` continues it where it stopped, to the same bits as a run that was never
interrupted; \`--force\` starts again from step 0 and replaces its files.`,
      failing: `archc train specs/pools.arch --data texts --run runs/a
archc train specs/pools.arch --data texts --run runs/a`,
      fixed: `archc train specs/pools.arch --data texts --run runs/a
archc train specs/pools.arch --data texts --run runs/a --resume`,
    },
  },
  ARCH6006: {
    title: 'the data cannot be used',
    message: (p) => p.reason,
    help: () => 'give --data a text file, or a folder of text files (sub-folders are domains) with more bytes than a context',
    explain: {
      text: `Data are files of text, or folders of them; the name of a sub-folder becomes the domain label of its files. There must be at least one
context (\`dims.ctx\` bytes) for training and one for validation.`,
      failing: `archc train specs/pools.arch --data empty/ --run runs/a`,
      fixed: `archc train specs/pools.arch --data texts/ --run runs/a`,
    },
  },
  ARCH6007: {
    title: 'no device to run on',
    message: (p) => p.reason,
    help: () => 'leave out `--device gpu` to run on the CPU, or install a Vulkan driver (in software: mesa-vulkan-drivers 25 or newer); `archc doctor` says what is found',
    explain: {
      text: `On a GPU kernels run through WebGPU: the optional package \`webgpu\` and a driver (Vulkan, Metal or D3D12). Without a GPU they run on
the CPU, which needs nothing installed and is many times as fast as a driver in software (Mesa's lavapipe, good for testing).
\`archc doctor\` says what is found.`,
      failing: `archc train specs/pools.arch --data texts --run runs/a --device gpu`,
      fixed: `archc train specs/pools.arch --data texts --run runs/a`,
    },
  },
  ARCH6008: {
    title: 'the checkpoint cannot be used',
    message: (p) => p.reason,
    explain: {
      text: `A checkpoint is loaded only if every parameter of the spec is in it, with the same shape and finite values. It is refused when it belongs
to another spec, is cut off, or holds NaN.`,
      failing: `cp runs/a/checkpoint.safetensors runs/b/; archc eval runs/b --data texts`,
      fixed: `archc eval runs/a --data texts`,
    },
  },
  ARCH6009: {
    title: 'cannot write',
    message: (p) => p.reason,
    explain: {
      text: `Writing failed; the message has the system's reason (a full disk, no permission). Files are replaced only when the new one is complete,
so what was there is intact.`,
      failing: `archc build specs/pools.arch -o /`,
      fixed: `archc build specs/pools.arch -o out`,
    },
  },
  ARCH6010: {
    title: 'unknown diagnostic code',
    message: (p) => `there is no diagnostic \`${p.code}\``,
    help: (p) => suggestOrList(p.code, p.among, 'codes', 40),
    explain: {
      text: `\`archc explain CODE\` prints the page of a code that a diagnostic showed in brackets; \`archc explain\` alone lists all codes.`,
      failing: `archc explain ARCH201`,
      fixed: `archc explain ARCH2001`,
    },
  },
  ARCH6011: {
    title: 'training stopped',
    message: (p) => p.reason,
    help: () => 'the last good checkpoint is kept; lower `lr`, lengthen `warmup` or set `clip`, then continue with --resume',
    explain: {
      text: `A gradient or a loss was not finite (NaN or infinite), so training stopped before it was applied: the message says at which step and in
which tensor it first appeared. The parameters are those of the step before.`,
      failing: `optimizer adamw { lr = 10; clip = 0 }`,
      fixed: `optimizer adamw { lr = 3e-3; clip = 1 }`,
    },
  },
  ARCH6012: {
    title: 'the command line is wrong',
    message: (p) => p.reason,
    help: () => '`archc --help` and `archc COMMAND --help` show what there is, with examples',
    explain: {
      text: `The command, an option or an argument is not known, or one is missing.`,
      failing: `archc chekc pools.arch`,
      fixed: `archc check pools.arch`,
    },
  },
  ARCH6013: {
    title: 'the run was started from another spec',
    message: (p) => `\`${p.run}\` was started from another spec than \`${p.spec}\` is now: ${p.lines.slice(0, 3).join('; ')}${p.lines.length > 3 ? ` and ${p.lines.length - 3} more` : ''}`,
    help: () => 'leave the spec out to go on with the run\'s own copy, or train the new spec in another --run',
    explain: {
      text: `A run keeps a copy of the spec it was started from, and \`--resume\` goes on with that copy, so that the result is what one uninterrupted run
would have given. The spec named beside \`--resume\` says something else. Only \`--steps\` may differ.`,
      failing: `archc train pools.arch --data texts --run runs/a --set layers.ffn.count=16 --resume`,
      fixed: `archc train --data texts --run runs/a --resume`,
    },
  },
  ARCH9001: {
    title: 'internal error',
    message: (p) => `archc failed: ${p.reason}`,
    help: () => 'this is a bug in archc, not in your spec: please report it with the spec and this message',
    explain: {
      text: `archc met a state it holds to be impossible. The spec may still be at the edge of something untested: taking parts of it away often shows
which part. \`ARCHC_TRACE=1\` prints the stack.`,
      failing: `archc check odd.arch`,
      fixed: `ARCHC_TRACE=1 archc check odd.arch`,
    },
  },
};
