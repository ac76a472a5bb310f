/**
 * @file Every arch of every spec of the project, elaborated in both forms without the rest of the pipeline.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Diagnostics } from '../../compiler/diagnostics/diagnostic.js';
import { elaborate } from '../../compiler/elaborate/elaborate.js';
import { Numbering } from '../../compiler/graph/build.js';
import type { Graph } from '../../compiler/graph/graph.js';
import { load } from '../../compiler/model/load.js';
import type { Model } from '../../compiler/model/model.js';
import { defaultNorm, resolve } from '../../compiler/model/resolve.js';
import { reader } from '../support/spec.js';

const folder = fileURLToPath(new URL('../../specs/', import.meta.url));

export interface Named {
  readonly file: string;
  readonly arch: string;
}

export const archs: readonly Named[] = readdirSync(folder).filter((file) => file.endsWith('.arch')).sort()
  .flatMap((file) => [...readFileSync(folder + file, 'utf8').matchAll(/^arch (\w+)/gm)].map((match) => ({ file, arch: match[1] ?? '' })));

export interface Made {
  readonly model: Model;
  /** The form used outside training: what the contract judges. */
  readonly graph: Graph;
}

export type From = Named | { readonly text: string };

/** The resolved model of an arch of `specs/`, or of the first arch of `text`. */
export function resolved(from: From, set: readonly string[] = []): Model {
  return parts(from, set).model;
}

/** Its inference form. */
export function inference(from: From, size: { batch: number; time: number }, set: readonly string[] = []): Made {
  const { model, loaded, diagnostics } = parts(from, set);
  const made = elaborate(model, loaded.sources, diagnostics, size.batch, size.time, 'infer', new Numbering());
  if (!made || diagnostics.failed) throw new Error(messages(diagnostics));
  return { model, graph: made.graph };
}

const messages = (diagnostics: Diagnostics): string => diagnostics.all.map((d) => `${d.code} ${d.message}`).join('\n');

function parts(from: From, set: readonly string[]): { model: Model; loaded: ReturnType<typeof load>; diagnostics: Diagnostics } {
  const diagnostics = new Diagnostics();
  const [entry, files, arch] = 'text' in from ? ['test.arch', { 'test.arch': from.text }, undefined] : [`specs/${from.file}`, {}, from.arch];
  const loaded = load(entry, reader(files), diagnostics, [defaultNorm.file]);
  const model = resolve(loaded, arch, set, diagnostics);
  if (!model || diagnostics.failed) throw new Error(messages(diagnostics));
  return { model, loaded, diagnostics };
}
