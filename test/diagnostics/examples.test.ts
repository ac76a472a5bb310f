import { describe, expect, it } from 'vitest';
import { readStd } from '../../compiler/cli/std.js';
import { allCodes, type Page, pageOf } from '../../compiler/diagnostics/explain.js';
import { renderAll } from '../../compiler/diagnostics/render.js';
import { compile } from '../../compiler/pipeline.js';

const IMPORTS = `language 1
use std.transformer { embed, attention, mlp, lm_head }
use std.pools { pools }; use std.experts { peer }
use std.losses { next_token, switch_balance, l1 }
`;
const DIMS = 'dims { d = 16; ctx = 8; vocab = 256 }';
const POOLS = 'ffn: pools { count = 4; open = 2; heads = 2; keys = 4; take = 2; query = 8 }';
const SMALL = `arch Small { ${DIMS}\n embed {}\n layers 2 { ${POOLS} }\n lm_head {}\n loss next = next_token(lm_head.logits)\n }\n`;

/** A part of a spec, by its first word, made whole. Commands and other texts: undefined. */
function wholeSpec(text: string): string | undefined {
  const arch = (dims: string, items: string): string => `${IMPORTS}arch Example { ${dims}\n embed {}\n ${items}\n lm_head {}\n }\n`;
  switch (/^\w+/.exec(text)?.[0]) {
    case 'language':
      return text;
    case 'block':
      return `${IMPORTS}${text}\narch Example { ${DIMS}\n embed {}\n layers 1 { ${/.*block (\w+)/s.exec(text)?.[1]} {} }\n lm_head {}\n }\n`;
    case 'arch':
      return `${IMPORTS}${SMALL}${text}\n`;
    case 'train':
      return `${IMPORTS}${SMALL}${text}\n`;
    case 'attention':
      return arch(DIMS, `layers 2 { ${text} }`);
    case 'layers':
      return arch(DIMS, text);
    case 'dims':
      return arch('', text);
    case 'loss':
      return `${IMPORTS}arch Example { ${DIMS}\n embed {}\n layers 2 { ${POOLS} }\n lm_head {}\n ${text}\n }\n`;
    default:
      return undefined;
  }
}

const archesOf = (text: string): readonly (string | undefined)[] => [...text.matchAll(/^arch (\w+)/gm)].map((m) => m[1]);

/** What a person sees of a wrong example, source and all. */
function seen(text: string): string {
  const { diagnostics, sources } = compile({ entry: 'example.arch', read: (file) => (file === 'example.arch' ? text : readStd(file)), arch: archesOf(text).at(-1), upTo: 'graph' });
  return renderAll(diagnostics.all, sources);
}

/** The codes a text raises in any of its arches; that a file of blocks has none is not counted. */
function codes(text: string): readonly string[] {
  const arches = archesOf(text);
  const found = (arches.length === 0 ? [undefined] : arches).flatMap((arch) => {
    const { diagnostics } = compile({ entry: 'example.arch', read: (file) => (file === 'example.arch' ? text : readStd(file)), arch, upTo: 'graph' });
    return diagnostics.all.map((d) => d.code);
  });
  return [...new Set(found)].filter((code) => code !== 'ARCH2013').sort();
}

const examples = allCodes().flatMap(({ code }): Page[] => {
  const page = pageOf(code);
  // Device limits show only once kernels are made.
  return page !== undefined && code !== 'ARCH4002' && wholeSpec(page.failing) !== undefined ? [page] : [];
});

describe('examples of specs', () => {
  it('read well', async () => {
    const pages = examples.map((page) => `${'='.repeat(100)}\n${page.failing}\n${'-'.repeat(100)}\n${seen(wholeSpec(page.failing) ?? '')}`);
    await expect(pages.join('\n')).toMatchFileSnapshot('golden/examples.txt');
  });
  it('are most pages of the language', () => {
    expect(examples.map((e) => e.code).filter((code) => code < 'ARCH4').length).toBeGreaterThan(25);
  });
  it.each(examples.map((page) => [page.code, page] as const))('%s: the failing one raises it, the fixed one raises nothing', (code, page) => {
    expect(codes(wholeSpec(page.failing) ?? '')).toContain(code);
    expect(codes(wholeSpec(page.fixed) ?? '')).toEqual([]);
  });
});
