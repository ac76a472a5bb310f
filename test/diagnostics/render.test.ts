import { describe, expect, it } from 'vitest';
import { diagnose, dimsNote } from '../../compiler/diagnostics/catalogue.js';
import { colours } from '../../compiler/diagnostics/colour.js';
import type { Span, Source } from '../../grammar/ast.js';
import { lineStarts } from '../../compiler/diagnostics/positions.js';
import { render, renderAll } from '../../compiler/diagnostics/render.js';
import { toJson } from '../../compiler/diagnostics/json.js';

const text = `language 1
arch Small {
  dims { d = 130; ctx = 64 }
  layers 2 {
    attention { heads = 4 }
  }
  lm_haed {}
}
`;

function sources(...all: readonly (readonly [string, string])[]): ReadonlyMap<string, Source> {
  return new Map(all.map(([file, content]) => [file, { file, text: content }]));
}

/** The span of the `nth` occurrence of `part`. */
function at(part: string, file = 'small.arch', content = text, nth = 1): Span {
  let start = -1;
  for (let i = 0; i < nth; i++) start = content.indexOf(part, start + 1);
  if (start < 0) throw new Error(`no ${part}`);
  return { file, start, end: start + part.length };
}

const small = sources(['small.arch', text]);

describe('text', () => {
  it('shows the code, its place, the line and the label', () => {
    const d = diagnose('ARCH2004', { name: 'lm_haed', among: ['lm_head', 'embed', 'mlp'] }, at('lm_haed'));
    expect(render(d, small)).toBe(
      [
        'error[ARCH2004]: unknown block `lm_haed`',
        ' --> small.arch:7:3',
        '  |',
        '7 |   lm_haed {}',
        '  |   ^^^^^^^ no such block in reach',
        '  = help: did you mean `lm_head`?',
      ].join('\n'),
    );
  });

  it('draws related places of the same file in the same frame, and the dims in force', () => {
    const d = diagnose('ARCH3003', { what: 'd', value: 130, divisor: 'heads', by: 4 }, at('heads = 4'), {
      related: [{ span: at('d = 130'), label: '`d` is set here' }],
      notes: [dimsNote([{ name: 'd', size: 130, where: 'small.arch:3' }, { name: 'heads', size: 4 }])],
    });
    expect(render(d, small)).toBe(
      [
        'error[ARCH3003]: d = 130 is not divisible by heads = 4',
        ' --> small.arch:5:17',
        '  |',
        '3 |   dims { d = 130; ctx = 64 }',
        '  |          ------- `d` is set here',
        '4 |   layers 2 {',
        '5 |     attention { heads = 4 }',
        '  |                 ^^^^^^^^^ 130 / 4 is not whole',
        '  = dims: d=130 (small.arch:3), heads=4',
        '  = help: nearest multiples of 4: 128 and 132',
      ].join('\n'),
    );
  });

  it('leaves lines out with dots, and shows other files in frames of their own', () => {
    const base = 'language 1\narch Base {}\n';
    const d = diagnose('ARCH2010', { kind: 'arch', name: 'Small' }, at('lm_haed'), {
      related: [{ span: at('Small'), label: 'first here' }, { span: at('Base', 'base.arch', base), label: 'and here' }],
    });
    expect(render(d, sources(['small.arch', text], ['base.arch', base])).split('\n')).toEqual([
      'error[ARCH2010]: arch `Small` is defined twice',
      ' --> small.arch:7:3',
      '  |',
      '2 | arch Small {',
      '  |      ----- first here',
      '...',
      '7 |   lm_haed {}',
      '  |   ^^^^^^^ defined again here',
      ' ::: base.arch:2:6',
      '  |',
      '2 | arch Base {}',
      '  |      ---- and here',
      '  = help: give one of them another name',
    ]);
  });

  it('widens the gutter for long files and names several marks of one line', () => {
    const long = `${'\n'.repeat(99)}let a = b * c`;
    const d = diagnose('ARCH3005', { axis: 'n', sizes: [8, 16] }, at('b', 'l.arch', long), { related: [{ span: at('c', 'l.arch', long), label: 'the other' }] });
    expect(render(d, sources(['l.arch', long])).split('\n')).toEqual([
      'error[ARCH3005]: two different axes are called `n` here (8 and 16)',
      '   --> l.arch:100:9',
      '    |',
      '100 | let a = b * c',
      '    |         ^ which `n`?',
      '    |             - the other',
      '    = help: rename one of them: rename(t, n -> other)',
    ]);
  });

  it.each([
    ['the end of the file', 'arch A {', { start: 8, end: 8 }, ['1 | arch A {', '  |         ^ x']],
    ['beyond the end (a lexer without a place)', 'arch A {', { start: NaN, end: NaN }, ['1 | arch A {', '  |         ^ x']],
    ['a place after a tab', '\tbad', { start: 1, end: 4 }, ['1 |     bad', '  |     ^^^ x']],
    ['wide characters before it', '"日本" bad', { start: 5, end: 8 }, ['1 | "日本" bad', '  |        ^^^ x']],
    ['a place of several lines', 'abc {\n}\n', { start: 0, end: 7 }, ['1 | abc {', '  | ^^^^^ x']],
    ['Windows line ends', 'a\r\nbad\r\n', { start: 3, end: 6 }, ['2 | bad', '  | ^^^ x']],
    ['characters a terminal would obey', 'a\u001b[2Jbad', { start: 5, end: 8 }, ['1 | a·[2Jbad', '  |      ^^^ x']],
    ['an empty file', '', { start: 0, end: 0 }, ['1 |', '  | ^ x']],
  ])('points at %s', (_, content, place, expected) => {
    const d = { ...diagnose('ARCH3010', { text: 'm' }, { file: 'f', ...place }), label: 'x' };
    expect(render(d, sources(['f', content])).split('\n').slice(3)).toEqual(expected);
  });

  it('shows the part of a very long line that matters', () => {
    const content = `${'x'.repeat(5000)}bad${'y'.repeat(5000)}`;
    const lines = render(diagnose('ARCH2001', { kind: 'name', name: 'bad', among: [] }, at('bad', 'f', content)), sources(['f', content])).split('\n');
    expect(lines[1]).toBe(' --> f:1:5001');
    expect(lines[3]).toBe(`1 | ${'x'.repeat(20)}bad${'y'.repeat(77)}`);
    expect(lines[4]).toBe(`  | ${' '.repeat(20)}^^^ not defined here`);
  });

  it('says where even without the text, and nothing of a place when there is none', () => {
    expect(render(diagnose('ARCH2014', { name: 'f', among: ['g1', 'g2'] }, { file: 'gone.arch', start: 3, end: 4 }), new Map())).toBe(
      'error[ARCH2014]: unknown function `f`\n --> gone.arch\n  = help: define it with `function f(z) = ...`, or import it: `use std.functions { ... }`',
    );
    expect(render(diagnose('ARCH9001', { reason: 'x' }), new Map()).split('\n')[0]).toBe('error[ARCH9001]: archc failed: x');
  });

  it('orders by place, says equal reports once, and counts', () => {
    const early = diagnose('ARCH2003', { name: 'e', among: ['d'] }, at('heads'));
    const late = diagnose('ARCH2004', { name: 'lm_haed', among: ['lm_head'] }, at('lm_haed'));
    const out = renderAll([late, early, late], small);
    expect(out.match(/error\[\w+\]/g)).toEqual(['error[ARCH2003]', 'error[ARCH2004]']);
    expect(out.endsWith('\n\n2 errors; `archc explain ARCH2003` says more\n')).toBe(true);
    expect(renderAll([], small)).toBe('');
  });
});

describe('colour', () => {
  const esc = '\u001b[';
  it.each([
    ['auto', true, {}, true],
    ['auto', false, {}, false],
    ['auto', true, { NO_COLOR: '1' }, false],
    ['auto', true, { NO_COLOR: '' }, true],
    ['auto', true, { TERM: 'dumb' }, false],
    ['always', false, { NO_COLOR: '1' }, true],
    ['never', true, {}, false],
  ] as const)('--color %s, terminal %s, %j: %s', (mode, isTTY, env, coloured) => {
    const out = render(diagnose('ARCH2003', { name: 'e', among: ['d'] }, at('heads')), small, colours(mode, { isTTY }, env));
    expect(out.includes(esc)).toBe(coloured);
  });
});

describe('JSON', () => {
  it('has the envelope, and lines and columns from 1', () => {
    const d = diagnose('ARCH2004', { name: 'lm_haed', among: ['lm_head'] }, at('lm_haed'));
    const offset = text.indexOf('lm_haed');
    const span = { file: 'small.arch', start: { offset, line: 7, col: 3 }, end: { offset: offset + 7, line: 7, col: 10 } };
    expect(toJson([d, d], small, '0.1.0')).toEqual({
      formatVersion: '1.0',
      tool: { name: 'archc', version: '0.1.0' },
      diagnostics: [
        {
          code: 'ARCH2004', severity: 'error', message: 'unknown block `lm_haed`', span, label: 'no such block in reach', related: [], notes: [],
          help: 'did you mean `lm_head`?',
          fixes: [{ title: 'replace with `lm_head`', applicability: 'unsafe', edits: [{ span, text: 'lm_head' }] }],
        },
      ],
      summary: { errors: 1, warnings: 0 },
    });
  });
});

describe('lines', () => {
  it('end at each kind of line end', () => {
    expect(lineStarts('a\nb\r\nc\rd')).toEqual([0, 2, 5, 7]);
    expect(lineStarts('')).toEqual([0]);
    expect(lineStarts('a\n')).toEqual([0, 2]);
  });
});
