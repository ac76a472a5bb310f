/**
 * @file Checks spec text as `archc check` does and renders what it says, without colour.
 */
import { renderAll } from '../../compiler/diagnostics/render.js';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';

export interface Checked {
  readonly codes: string[];
  readonly text: string;
}

/** Everything `check` reports of `test.arch`, with `files` beside it. */
export function check(text: string, options: { files?: Record<string, string>; set?: string[]; arch?: string } = {}): Checked {
  const { files, ...rest } = options;
  const { diagnostics, sources } = compile({ entry: 'test.arch', read: reader({ ...files, 'test.arch': text }), upTo: 'graph', batch: 2, ...rest });
  return { codes: diagnostics.all.map((d) => d.code), text: renderAll(diagnostics.all, sources) };
}
