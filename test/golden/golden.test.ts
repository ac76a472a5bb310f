/**
 * @file What `build` writes for the three specs, to the byte: generated WGSL, `model.ts` and `resolved.json` are reviewed like code.
 * `npm run golden` rewrites them.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { emit } from '../../compiler/emit/emit.js';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';

const here = dirname(fileURLToPath(import.meta.url));
const build = (spec: string): Promise<Map<string, string | Uint8Array>> => emit(compile({ entry: `specs/${spec}.arch`, read: reader({}) }));

describe.each(['dense', 'peer', 'pools'])('%s', (spec) => {
  test('is written as reviewed', async () => {
    const files = await build(spec);
    const reviewed = [...files].filter(([name]) => name !== 'program.json');
    // nothing stale stays behind; of a folder that is being rewritten there is nothing yet
    const folder = join(here, spec, 'kernels');
    const kernels = existsSync(folder) ? readdirSync(folder).map((name) => `kernels/${name}`) : [];
    for (const [name, text] of reviewed) await expect(text).toMatchFileSnapshot(join(here, spec, name));
    expect(kernels.filter((name) => !files.has(name))).toEqual([]);
  });

  test('is the same bytes each time', async () => {
    expect([...(await build(spec))]).toEqual([...(await build(spec))]);
  });
});
