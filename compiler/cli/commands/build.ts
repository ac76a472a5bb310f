/**
 * @file `archc build`: writes the generated files of a spec into a folder.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { compileSpec, reportedErrors } from '../compile.js';
import type { Context } from '../context.js';
import type { TargetName } from '../../targets/targets.js';
import { DONE, FOUND } from '../io.js';
import { emit } from '../../emit/emit.js';

export interface BuildOptions {
  readonly out: string;
  readonly target: TargetName;
  readonly listFiles?: boolean;
}

export async function build(context: Context, spec: string, options: BuildOptions): Promise<number> {
  const compiled = compileSpec(context, { spec, upTo: 'program', target: options.target });
  if (reportedErrors(context, compiled)) return FOUND;
  const files = await emit(compiled);
  const folder = resolve(context.io.cwd, options.out);
  for (const [name, text] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const names = [...files.keys()].sort();
  if (context.json) context.printJson({ formatVersion: '1.0', out: options.out, files: names });
  else if (options.listFiles === true) context.print(names.map((name) => join(options.out, name)).join('\n'));
  else context.say(`${names.length} files in ${options.out}`);
  return DONE;
}
