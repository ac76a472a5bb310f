/**
 * @file Compiles spec text given in a test, with the real standard library.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Diagnostics } from '../../compiler/diagnostics/diagnostic.js';
import type { Context } from '../../compiler/elaborate/context.js';
import { elaborate } from '../../compiler/elaborate/elaborate.js';
import type { Graph } from '../../compiler/graph/graph.js';
import { load } from '../../compiler/model/load.js';
import type { Model } from '../../compiler/model/model.js';
import { defaultNorm, resolve } from '../../compiler/model/resolve.js';

const specs = fileURLToPath(new URL('../../specs/', import.meta.url));

/** `std/x.arch` and `specs/x.arch` are read from the project, other names from `files`. */
export function reader(files: Readonly<Record<string, string>>): (file: string) => string | undefined {
  return (file) => {
    if (Object.hasOwn(files, file)) return files[file];
    try {
      return readFileSync(specs + file.replace(/^specs\//, ''), 'utf8');
    } catch {
      return undefined;
    }
  };
}

export interface Elaborated {
  readonly model: Model;
  readonly graph: Graph;
  readonly context: Context;
}

/** Elaborates the first arch of `text`; throws with the messages when something is wrong. */
export function elaborateText(text: string, size: { batch: number; time: number }, set: readonly string[] = []): Elaborated {
  const diagnostics = new Diagnostics();
  const loaded = load('test.arch', reader({ 'test.arch': text }), diagnostics, [defaultNorm.file]);
  const model = resolve(loaded, undefined, set, diagnostics);
  const made = model && elaborate(model, loaded.sources, diagnostics, size.batch, size.time);
  if (!model || !made) throw new Error(diagnostics.all.map((d) => `${d.code} ${d.message}`).join('\n'));
  return { model, graph: made.graph, context: made.context };
}
