import { readFileSync, writeFileSync } from 'node:fs';
import { Diagnostics } from '../../compiler/diagnostics/diagnostic.js';
import { elaborate } from '../../compiler/elaborate/elaborate.js';
import { load } from '../../compiler/model/load.js';
import { defaultNorm, resolve } from '../../compiler/model/resolve.js';
import { emit } from '../../compiler/emit/emit.js';
import type { Program } from '../../runtime/program.js';
for (const set of [[], ['layers.count=24']]) {
  const d = new Diagnostics();
  const l = load(`specs/pools.arch`, (f) => { try { return readFileSync(f.startsWith('std') ? `specs/${f}` : f, 'utf8'); } catch { return undefined; } }, d, [defaultNorm.file]);
  const m = resolve(l, undefined, set, d)!;
  const g = elaborate(m, l.sources, d, 8, 128)!.graph;
  const program: Program = { formatVersion: '1.0', target: 'wgsl', arch: 'x', fingerprint: '', batch: 1, time: 1, vocab: 1, tensors: [], allocations: [], modules: [], entries: {}, scalars: { values: [] }, needs: { storageBuffers: 1, bindingBytes: 1, bufferBytes: 1 } };
  const t = performance.now();
  const f = await emit({ diagnostics: d, sources: l.sources, files: [], model: m, graph: g, program, timings: [] });
  console.log(set, performance.now() - t, [...f].map(([n, x]) => [n, x.length]));
  if (set.length) writeFileSync('/tmp/model24.ts', f.get('model.ts')!);
  else { writeFileSync('/tmp/model4.ts', f.get('model.ts')!); writeFileSync('/tmp/resolved4.json', f.get('resolved.json')!); }
}
