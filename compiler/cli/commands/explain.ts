/**
 * @file `archc explain CODE`: the long page of a diagnostic, with a failing and a fixed example; without a code, the list.
 */
import { allCodes, pageOf } from '../../diagnostics/explain.js';
import { wrap } from '../../show/table.js';
import { type Context, failure } from '../context.js';
import { DONE } from '../io.js';

export function explain(context: Context, wanted: string | undefined): number {
  if (wanted === undefined) {
    const codes = allCodes();
    if (context.json) context.printJson({ formatVersion: '1.0', codes: codes.map(({ code, title }) => ({ code, title })) });
    else context.print(codes.map(({ code, title }) => `${code}  ${title}`).join('\n'));
    return DONE;
  }
  const code = normal(wanted);
  const page = pageOf(code);
  if (page === undefined) throw failure('ARCH6010', { code: wanted, among: allCodes().map((c) => c.code) });
  if (context.json) context.printJson({ formatVersion: '1.0', ...page });
  else {
    const { bold } = context.colours;
    const example = (title: string, text: string): string => `${bold(title)}\n\n${text.replace(/^(?=.)/gm, '    ')}\n`;
    context.print(`${bold(`${page.code}: ${page.title}`)}\n\n${paragraphs(page.text)}\n\n${example('Wrong', page.failing)}\n${example('Right', page.fixed)}`);
  }
  return DONE;
}

/** Filled to the width of a page. */
function paragraphs(text: string): string {
  const fill = (paragraph: string): string => wrap(paragraph.split(/\s+/), 90, '').join('\n');
  return text.split(/\n{2,}/).map(fill).join('\n\n');
}

/** `2001`, `arch2001` and `error[ARCH2001]` mean ARCH2001. */
function normal(code: string): string {
  const number = /(\d{4})\]?$/.exec(code)?.[1];
  return number === undefined ? code : `ARCH${number}`;
}
