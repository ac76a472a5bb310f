/**
 * @file The explain pages of syntax errors (ARCH1xxx); their messages are in `syntax.ts`.
 */
import type { Explanation } from '../message.js';

/** By code. A test holds that every code of `syntax.ts` is here. */
export const syntaxPages: Readonly<Record<string, Explanation & { readonly title: string }>> = {
  ARCH1001: {
    title: 'the file is empty',
    text: `A spec starts with the version of the language and declares something: blocks, functions, losses, arches.`,
    failing: ``,
    fixed: `language 1
arch Small { dims { d = 64; ctx = 64; vocab = 256 } }`,
  },
  ARCH1002: {
    title: 'the file is not text',
    text: `The file holds bytes that no text has: it is probably a checkpoint, a picture or an archive. Specs are UTF-8 text.`,
    failing: `archc check checkpoint.arch`,
    fixed: `archc check pools.arch`,
  },
  ARCH1003: {
    title: 'the language version is missing',
    text: `Every file begins with the version of the language it is written in, so that a later archc can read it as it was meant.`,
    failing: `use std.transformer { embed }`,
    fixed: `language 1
use std.transformer { embed }`,
  },
  ARCH1004: {
    title: 'unknown language version',
    text: `The file says that it is written in a version of the language that this archc does not read. Install a newer archc, or correct the number.`,
    failing: `language 2`,
    fixed: `language 1`,
  },
  ARCH1005: {
    title: 'unknown character',
    text: `The character has no meaning in the language. Often it is a typographic quote or dash that came with copied text.`,
    failing: `language 1
block f(x[d]) -> y[d] { return x × 2 }`,
    fixed: `language 1
block f(x[d]) -> y[d] { return x * 2 }`,
  },
  ARCH1006: {
    title: 'a string is not closed',
    text: `A string ends with the quote it began with, on the same line.`,
    failing: `embed { tokens = bpe("tokenizer.json) }`,
    fixed: `embed { tokens = bpe("tokenizer.json") }`,
  },
  ARCH1007: {
    title: 'unknown escape in a string',
    text: `In a string a backslash begins one of \\n, \\r, \\t, \\" and \\\\.`,
    failing: `"C:\\data"`,
    fixed: `"C:\\\\data"`,
  },
  ARCH1008: {
    title: 'not a number',
    text: `Numbers are written \`12\`, \`0.5\` or \`1e-4\`. Thousands are not separated, and units are not part of a number.`,
    failing: `dims { d = 1.2.8; ctx = 64; vocab = 256 }`,
    fixed: `dims { d = 128; ctx = 64; vocab = 256 }`,
  },
  ARCH1009: {
    title: 'a bracket is not closed',
    text: `The message says which construct the bracket opened; the frame shows where, and where its end was expected.`,
    failing: `language 1
arch Small {
  dims { d = 64
}`,
    fixed: `language 1
arch Small {
  dims { d = 64 }
}`,
  },
  ARCH1010: {
    title: 'a bracket closes nothing',
    text: `There is one closing bracket too many, or its opening one is missing further up.`,
    failing: `language 1
block f(x[d]) -> y[d] { return x } }`,
    fixed: `language 1
block f(x[d]) -> y[d] { return x }`,
  },
  ARCH1011: {
    title: 'something else was expected',
    text: `The text is not of a form the language has here; the message says what could stand. One mistake does not hide the next: what follows is
still checked.`,
    failing: `language 1
block f(x[d]) -> y[d] { let = 2; return x }`,
    fixed: `language 1
block f(x[d]) -> y[d] { let z = 2; return x * z }`,
  },
  ARCH1012: {
    title: 'a word of the language as a name',
    text: `Words such as \`let\`, \`return\` and \`if\` structure a block and cannot be names there.`,
    failing: `language 1
block f(x[d]) -> y[d] { let if = x; return x }`,
    fixed: `language 1
block f(x[d]) -> y[d] { let z = x; return z }`,
  },
  ARCH1013: {
    title: 'in the wrong place',
    text: `A file has its parts in order: \`language\`, then \`use\`, then declarations.`,
    failing: `language 1
block f(x[d]) -> y[d] { return x }
use std.functions { gelu }`,
    fixed: `language 1
use std.functions { gelu }
block f(x[d]) -> y[d] { return x }`,
  },
  ARCH1014: {
    title: 'chained comparison',
    text: `\`a < b < c\` could mean several things. Say which: \`a < b and b < c\`.`,
    failing: `language 1
block f(x[d]) -> y[d] { return 0 < x < 1 }`,
    fixed: `language 1
block f(x[d]) -> y[d] { return 0 < x and x < 1 }`,
  },
  ARCH1015: {
    title: 'misplaced not',
    text: `\`not\` binds weaker than arithmetic and comparisons, so behind one of their operators it needs parentheses.`,
    failing: `language 1
block f(x[d]) -> y[d] { return x * not x }`,
    fixed: `language 1
block f(x[d]) -> y[d] { return x * (not x) }`,
  },
  ARCH1016: {
    title: 'nested too deeply',
    text: `Expressions and blocks may be nested only so deep. Give inner parts a name with \`let\`.`,
    failing: `let a = ((((((((... 1 ...))))))))`,
    fixed: `let a = 1`,
  },
};
