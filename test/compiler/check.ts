/**
 * @file Checks spec text as `archc check` does and renders what it says, without colour.
 */
import { analyseContract } from '../../compiler/contract/contract.js';
import { checkContract } from '../../compiler/contract/check.js';
import { Diagnostics } from '../../compiler/diagnostics/diagnostic.js';
import { renderAll } from '../../compiler/diagnostics/render.js';
import { elaborate } from '../../compiler/elaborate/elaborate.js';
import { load } from '../../compiler/model/load.js';
import { defaultNorm, resolve } from '../../compiler/model/resolve.js';
import { reader } from '../support/spec.js';

export interface Checked {
  readonly codes: string[];
  readonly text: string;
}

/** Everything `check` reports of `test.arch`, with `files` beside it. */
export function check(text: string, options: { files?: Record<string, string>; set?: string[]; arch?: string } = {}): Checked {
  const diagnostics = new Diagnostics();
  const loaded = load('test.arch', reader({ ...options.files, 'test.arch': text }), diagnostics, [defaultNorm.file]);
  const model = resolve(loaded, options.arch, options.set ?? [], diagnostics);
  if (model && !diagnostics.failed) {
    const ctx = model.dims.get('ctx')?.value;
    const made = elaborate(model, loaded.sources, diagnostics, 2, ctx?.kind === 'number' ? ctx.value : 16);
    if (made && !diagnostics.failed) checkContract(analyseContract(made.graph), model.contract, diagnostics);
  }
  return { codes: diagnostics.all.map((d) => d.code), text: renderAll(diagnostics.all, loaded.sources) };
}
