/**
 * @file What `build` writes for the three specs, to the byte: generated WGSL, `model.ts` and `resolved.json` are reviewed like code.
 * `npm run golden` rewrites them.
 */
import { readdirSync } from 'node:fs';
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
    for (const [name, text] of reviewed) await expect(text).toMatchFileSnapshot(join(here, spec, name));
    // nothing stale stays behind
    const kernels = readdirSync(join(here, spec, 'kernels')).map((name) => `kernels/${name}`);
    expect(kernels.sort()).toEqual(reviewed.map(([name]) => name).filter((name) => name.startsWith('kernels/')).sort());
  });

  test('is the same bytes each time', async () => {
    expect([...(await build(spec))]).toEqual([...(await build(spec))]);
  });
});
