import { test } from 'vitest';
import { readFileSync } from 'node:fs';
import { Diagnostics } from '../../compiler/diagnostics/diagnostic.js';
import { elaborate } from '../../compiler/elaborate/elaborate.js';
import { load } from '../../compiler/model/load.js';
import { defaultNorm, resolve } from '../../compiler/model/resolve.js';
import { analyseContract, checkContract } from '../../compiler/contract/contract.js';
import { costOf } from '../../compiler/graph/cost.js';
test('x', () => {
 for (const [spec, set] of [['dense',[]],['peer',[]],['pools',[]],['pools',['layers.count=24']]] as const) {
  const d = new Diagnostics();
  const l = load(`specs/${spec}.arch`, (f) => { try { return readFileSync(f.startsWith('std') ? `specs/${f}` : f, 'utf8'); } catch { return undefined; } }, d, [defaultNorm.file]);
  const m = resolve(l, undefined, [...set], d);
  if (!m) { console.log(JSON.stringify(d.all.slice(0,3))); continue; }
  const g = elaborate(m, l.sources, d, 8, 128)?.graph;
  if (!g) { console.log(JSON.stringify(d.all.slice(0,3))); continue; }
  const t = performance.now();
  const r = analyseContract(g); const t1 = performance.now(); const cost = costOf(g);
  checkContract(r, m.contract, d);
  console.log(spec, set, t1-t, performance.now()-t1, r.causal, JSON.stringify(r.families.slice(0,1).map(({family, ...x}) => ({family: family.path, ...x}))), cost.total, set.length ? '' : cost.blocks.slice(0,5), JSON.stringify(d.all.slice(0,3)), [...g.taps.keys()].filter(k=>!/layers.[1-9]/.test(k)), g.params.filter(p=>!/layers.[1-9]/.test(p.path)).map(p=>p.path));
 }
});
