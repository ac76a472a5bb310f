/**
 * @file Messages about names, imports, derivation and settings (ARCH2xxx).
 */
import type { MessageTable } from '../message.js';
import { didYouMean, only, suggestOrList } from '../suggest.js';

type Unknown = { readonly name: string; readonly among: readonly string[] };

export interface NameParams {
  /** A name that nothing in reach has. `kind`: `name`, `tensor`, `dim` ... */
  readonly ARCH2001: Unknown & { readonly kind: string };
  /** `owner`: the block or function whose setting it is. */
  readonly ARCH2002: Unknown & { readonly owner: string };
  readonly ARCH2003: Unknown;
  readonly ARCH2004: Unknown;
  readonly ARCH2005: Unknown;
  /** `path`: the whole path; `name`: its part that does not exist, in `parent` (`''`: the arch). The span is that of the part. */
  /** `block`: the path is there, but leads to a block; `among` are its settings. */
  readonly ARCH2006: Unknown & { readonly path: string; readonly parent: string; readonly block?: boolean };
  /** Without `name` the file itself is not found; `file`: what was imported, as written. */
  readonly ARCH2007: { readonly file: string; readonly name?: string; readonly among: readonly string[] };
  /** Files in order; the first is imported by the last. */
  readonly ARCH2008: { readonly cycle: readonly string[] };
  /** Blocks in order; the last uses the first. */
  readonly ARCH2009: { readonly chain: readonly string[] };
  readonly ARCH2010: { readonly kind: string; readonly name: string };
  readonly ARCH2011: { readonly owner: string; readonly name: string; readonly type: string };
  /** `expected`: `int`, `one of bytes | bpe`; `got`: `true`, `the word gelu`. */
  readonly ARCH2012: { readonly owner: string; readonly name: string; readonly expected: string; readonly got: string };
  /** Without `name`: the file holds several (or none) and none was chosen. */
  readonly ARCH2013: { readonly name?: string; readonly file: string; readonly among: readonly string[] };
  readonly ARCH2014: Unknown;
  /** Arches in order; the last extends the first. */
  readonly ARCH2015: { readonly cycle: readonly string[] };
  readonly ARCH2016: Unknown & { readonly loss: string };
  /** `kind`: `train setting`, `optimizer`, `schedule`, `optimizer setting`. */
  readonly ARCH2017: Unknown & { readonly kind: string };
  readonly ARCH2018: { readonly text: string; readonly reason: string };
}

/** A value of a setting's type, as one would write it. */
function example(type: string): string | undefined {
  if (type.startsWith('one of ')) return type.slice('one of '.length).split(' | ')[0];
  return new Map([['int', '4'], ['float', '0.5'], ['bool', 'true'], ['fn', 'gelu'], ['block', 'rms_norm'], ['a list of whole numbers, or none', '[4, 2]']]).get(type);
}

/** `a.x`, `a.y`; where to find them where none are known. */
const listed = (path: string, names: readonly string[]): string => (names.length === 0 ? '`archc show --resolved` lists every path' : names.map((name) => `\`${path}.${name}\``).join(', '));

/** `a -> b -> a`, whether or not the last already repeats the first. */
const circle = (names: readonly string[]): string => (names.length > 1 && names.at(-1) === names[0] ? names : [...names, names[0] ?? '']).join(' -> ');

export const nameMessages: MessageTable<NameParams> = {
  ARCH2001: {
    title: 'unknown name',
    message: (p) => `unknown ${p.kind} \`${p.name}\``,
    label: () => 'not defined here',
    help: (p) => suggestOrList(p.name, p.among, 'in reach'),
    replacement: only,
    explain: {
      text: `An expression uses a name that nothing in reach defines. In a block these are its tensors, its settings, its axes and what
\`let\`, \`param\` and \`state\` have bound above; in an arch these are its dims and its entries, by path.

A name is in reach only after the line that defines it.`,
      failing: `block double(x[d]) -> y[d] {
  let twice = x + x
  return twcie
}`,
      fixed: `block double(x[d]) -> y[d] {
  let twice = x + x
  return twice
}`,
    },
  },
  ARCH2002: {
    title: 'unknown setting',
    message: (p) => `\`${p.owner}\` has no setting \`${p.name}\``,
    label: () => 'no such setting',
    help: (p) => suggestOrList(p.name, p.among, `settings of \`${p.owner}\``),
    replacement: only,
    explain: {
      text: `A block is given a setting that it does not declare. Nothing is ever silently ignored: a misspelt setting would otherwise leave
the default in force, and a run would be lost to it.

\`archc show\` lists the settings of every block in a spec, with their values and where each came from.`,
      failing: `attention { head = 4 }`,
      fixed: `attention { heads = 4 }`,
    },
  },
  ARCH2003: {
    title: 'unknown axis',
    message: (p) => `unknown axis \`${p.name}\``,
    label: () => 'no tensor here has this axis',
    help: (p) => suggestOrList(p.name, p.among, 'axes in reach'),
    replacement: only,
    explain: {
      text: `A reduction, an index or a tensor pattern names an axis that does not exist there. Axes come from the tensors a block receives
(\`x[d]\`), from \`axis h = heads\`, and from sizes written at a first use (\`q[h = heads]\`).

\`batch\` and \`time\` are always there, but mention them only where tokens should mix: the causality of a spec is read off that.`,
      failing: `block scaled(x[d]) -> y[d] { return x / mean(e)(x ^ 2) }`,
      fixed: `block scaled(x[d]) -> y[d] { return x / mean(d)(x ^ 2) }`,
    },
  },
  ARCH2004: {
    title: 'unknown block',
    message: (p) => `unknown block \`${p.name}\``,
    label: () => 'no such block in reach',
    help: (p) => didYouMean(p.name, p.among) ?? `define it with \`block ${p.name}(...) -> ...\`, or import it: \`use std.transformer { ... }\``,
    replacement: only,
    explain: {
      text: `An arch places a block, or a block calls one, that this file neither defines nor imports. Blocks of the standard library are imported
by name: \`use std.transformer { embed, attention, lm_head }\`.`,
      failing: `layers 2 { atention { heads = 4 } }`,
      fixed: `layers 2 { attention { heads = 4 } }`,
    },
  },
  ARCH2005: {
    title: 'unknown loss',
    message: (p) => `unknown loss \`${p.name}\``,
    label: () => 'no such loss in reach',
    help: (p) => didYouMean(p.name, p.among) ?? `define it with \`loss ${p.name}(...) = ...\`, or import it: \`use std.losses { ... }\``,
    replacement: only,
    explain: {
      text: `A loss of an arch is an expression over losses: declared functions of activations, defined in the file or imported
from \`std.losses\`. The one that is called here is neither.`,
      failing: `loss ce = next_tokn(lm_head.logits)`,
      fixed: `loss ce = next_token(lm_head.logits)`,
    },
  },
  ARCH2006: {
    title: 'the path of an override does not exist',
    message: (p) =>
      p.block === true ? `\`${p.path}\` is a block, not a value` : `\`${p.path}\` does not exist: ${p.parent === '' ? 'the arch' : `\`${p.parent}\``} has no \`${p.name}\``,
    label: (p) => (p.block === true ? 'a block' : 'no such path'),
    help: (p) =>
      p.block === true ? `name one of its settings: ${listed(p.path, p.among)}` : suggestOrList(p.name, p.among, p.parent === '' ? 'the arch has' : `\`${p.parent}\` has`),
    replacement: only,
    explain: {
      text: `\`arch B extends A { path = value }\` and \`--set path=value\` change what is there; they never add. The path must lead to a dim or
to a setting of an entry: \`dims.d\`, \`layers.count\`, \`layers.ffn.count\`, \`layers.2.ffn.count\` (one layer only).

\`archc show --resolved\` prints every path of a spec.`,
      failing: `arch Wide extends Small { layers.fnn.count = 32 }`,
      fixed: `arch Wide extends Small { layers.ffn.count = 32 }`,
    },
  },
  ARCH2007: {
    title: 'import not found',
    message: (p) => (p.name === undefined ? `cannot find \`${p.file}\`` : `\`${p.file}\` defines no \`${p.name}\``),
    label: (p) => (p.name === undefined ? 'no such file' : 'not defined there'),
    help: (p) => (p.name === undefined ? suggestOrList(p.file, p.among, 'there are') : suggestOrList(p.name, p.among, `\`${p.file}\` defines`)),
    replacement: (p) => only({ name: p.name ?? p.file, among: p.among }),
    explain: {
      text: `\`use a.b { name }\` reads \`a/b.arch\` beside this file; \`use std.x { name }\` reads the standard library that archc brings. Either the
file is not there, or it defines no block, function, loss or arch of that name.`,
      failing: `language 1
use std.transformer { embedd }`,
      fixed: `language 1
use std.transformer { embed }`,
    },
  },
  ARCH2008: {
    title: 'import cycle',
    message: (p) => `files import each other: ${circle(p.cycle)}`,
    label: () => 'this import closes the cycle',
    help: () => 'move what both need into a third file',
    explain: {
      text: `Files are read in the order of their imports, so a file cannot import one that (directly or through others) imports it. Move the
declarations that both need into a file that imports neither.`,
      failing: `// a.arch
use b { g }
// b.arch
use a { f }`,
      fixed: `// a.arch
use common { f }
use b { g }
// b.arch
use common { f }`,
    },
  },
  ARCH2009: {
    title: 'a block uses itself',
    message: (p) => `a block uses itself: ${circle(p.chain)}`,
    label: () => 'this use closes the circle',
    help: () => 'blocks are expanded where they are used, so they cannot recurse; repeat with `layers n { ... }` instead',
    explain: {
      text: `Blocks are expanded in place, one copy for each use, so a block that uses itself (directly or through others) would never end.
To repeat a block, place it in \`layers n { ... }\`.`,
      failing: `block again(x[d]) -> y[d] { return again(x) }`,
      fixed: `block again(x[d]) -> y[d] { return x + x }`,
    },
  },
  ARCH2010: {
    title: 'a name is defined twice',
    message: (p) => `${p.kind} \`${p.name}\` is defined twice`,
    label: () => 'defined again here',
    help: (p) => (p.kind === 'entry' ? `label one of them: \`${p.name}2: ${p.name} { ... }\`` : `give one of them another name`),
    explain: {
      text: `Two declarations of one scope have the same name, so a path could mean either. Entries of an arch take the name of their block unless
labelled: \`first: mlp { }\` and \`second: mlp { }\`. Imports can be renamed: \`use std.pools { pools as expert_pools }\`.`,
      failing: `block f(x[d]) -> y[d] { return x }
block f(x[d]) -> y[d] { return x + x }`,
      fixed: `block f(x[d]) -> y[d] { return x }
block g(x[d]) -> y[d] { return x + x }`,
    },
  },
  ARCH2011: {
    title: 'a setting is missing',
    message: (p) => `\`${p.owner}\` needs the setting \`${p.name}\``,
    label: (p) => `\`${p.name}\` is not set`,
    help: (p) => `write \`${p.name} = ...\` (${p.type}) here, or \`${p.name}\` in \`dims\``,
    explain: {
      text: `A setting without a default must be given: in the block, by a dim of the same name, or by \`--set\`.`,
      failing: `layers 2 { attention {} }`,
      fixed: `layers 2 { attention { heads = 4 } }`,
    },
  },
  ARCH2012: {
    title: 'a setting has the wrong type',
    message: (p) => `\`${p.name}\` of \`${p.owner}\` expects ${p.expected}, got ${p.got}`,
    label: (p) => `expected ${p.expected}`,
    help: (p) => (example(p.expected) === undefined ? undefined : `for example \`${p.name} = ${example(p.expected)}\``),
    explain: {
      text: `Each setting of a block declares its type: \`int\` (a whole number), \`float\`, \`bool\` (\`true\` or \`false\`), \`fn\` (a function such as
\`gelu\`), \`block\`, \`axis\`, \`axes\`, \`tensor\` (a path such as \`embed.table\`), or \`one of a | b\`. The value given is of another type.`,
      failing: `attention { heads = true }`,
      fixed: `attention { heads = 4 }`,
    },
  },
  ARCH2013: {
    title: 'which arch?',
    message: (p) =>
      p.name !== undefined ? `\`${p.file}\` has no arch \`${p.name}\`` : p.among.length === 0 ? `\`${p.file}\` has no arch` : `\`${p.file}\` has ${p.among.length} arches: which one?`,
    help: (p) =>
      p.name !== undefined
        ? suggestOrList(p.name, p.among, 'it has')
        : p.among.length === 0
          ? 'declare one: `arch Name { ... }`'
          : `choose one with --arch or FILE#NAME: ${[...p.among].map((n) => `\`${n}\``).join(', ')}`,
    explain: {
      text: `A command works on one arch. When a file holds several, say which: \`--arch PoolsWide\`, or \`pools.arch#PoolsWide\` for \`diff\`. A file
that only holds blocks can be imported but not built.`,
      failing: `archc show pools.arch --arch PoolsWdie`,
      fixed: `archc show pools.arch --arch PoolsWide`,
    },
  },
  ARCH2014: {
    title: 'unknown function',
    message: (p) => `unknown function \`${p.name}\``,
    label: () => 'no such function in reach',
    help: (p) => didYouMean(p.name, p.among) ?? `define it with \`function ${p.name}(z) = ...\`, or import it: \`use std.functions { ... }\``,
    replacement: only,
    explain: {
      text: `A call names a function that is neither a primitive, nor defined in this file, nor imported. Functions are elementwise formulas:
\`function relu2(z) = max(z, 0) ^ 2\`.`,
      failing: `block bend(x[d]) -> y[d] { return tanhh(x) }`,
      fixed: `block bend(x[d]) -> y[d] { return tanh(x) }`,
    },
  },
  ARCH2015: {
    title: 'arches extend each other',
    message: (p) => `arches extend each other: ${circle(p.cycle)}`,
    label: () => 'this closes the circle',
    explain: {
      text: `\`arch B extends A\` starts from A and says what differs. Following \`extends\` must end at an arch that extends nothing.`,
      failing: `arch First extends Second {}
arch Second extends First {}`,
      fixed: `arch First extends Small {}
arch Second extends First { dims.d = 128 }`,
    },
  },
  ARCH2016: {
    title: 'a loss refers to something that does not exist',
    message: (p) => `loss \`${p.loss}\` refers to \`${p.name}\`, which does not exist`,
    label: () => 'no activation of this name',
    help: (p) => suggestOrList(p.name, p.among, 'activations'),
    replacement: only,
    explain: {
      text: `A loss is an expression over named activations: the results and the \`let\`s of the entries, by path: \`lm_head.logits\`,
\`ffn.route\` inside \`mean(layers)(...)\`.`,
      failing: `loss balance = 0.01 * mean(layers)(switch_balance(ffn.rout, ffn.opened))`,
      fixed: `loss balance = 0.01 * mean(layers)(switch_balance(ffn.route, ffn.opened))`,
    },
  },
  ARCH2017: {
    title: 'unknown train setting',
    message: (p) => `unknown ${p.kind} \`${p.name}\``,
    label: () => 'not known here',
    help: (p) => suggestOrList(p.name, p.among, 'known'),
    replacement: only,
    explain: {
      text: `A \`train\` block holds \`steps\`, \`batch\`, \`seed\`, how often to log, evaluate and save, an \`optimizer\` and parameter \`group\`s. Like
everywhere else, an unknown word is an error.`,
      failing: `train { steps = 100; bach = 16 }`,
      fixed: `train { steps = 100; batch = 16 }`,
    },
  },
  ARCH2018: {
    title: 'bad --set',
    message: (p) => `cannot read \`--set ${p.text}\`: ${p.reason}`,
    help: () => 'write it as PATH=VALUE, for example --set layers.ffn.count=32',
    explain: {
      text: `\`--set PATH=VALUE\` changes one value of the spec for this command: a dim (\`dims.d=64\`), a setting (\`layers.ffn.count=32\`) or a train
setting (\`train.steps=100\`). The value is written as in a spec. Quote it for your shell when it holds spaces or brackets.`,
      failing: `archc show pools.arch --set layers.ffn.count:32`,
      fixed: `archc show pools.arch --set layers.ffn.count=32`,
    },
  },
};
