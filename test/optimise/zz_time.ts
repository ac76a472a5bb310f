import { trainingStep } from '../../test/optimise/model.js';
import { lower } from '../../compiler/optimise/lower.js';
import { printKernels } from '../../compiler/kernels/print.js';
import { topological } from '../../compiler/graph/walk.js';
import { options } from '../../test/optimise/support.js';
import { writeFileSync } from 'node:fs';
const layers = Number(process.argv[2] ?? 2);
const { procedures } = trainingStep({ layers, batch: 8, time: 128, d: 128, vocab: 256, heads: 4, keys: 64, take: 8 });
console.log('nodes', topological(procedures.flatMap((p) => [...p.outputs.map((o) => o.node), ...p.updates.map((u) => u.value)])).length);
for (let i = 0; i < 3; i++) {
const t = performance.now(); const c = process.cpuUsage();
const l = lower(procedures, options);
console.log('ms', (performance.now() - t).toFixed(0), 'cpu', (process.cpuUsage(c).user/1000).toFixed(0));
if (i==0) for (const p of l.programs) { console.log(p.name, p.launches.length, new Set(p.launches.map(x=>x.kernel)).size); writeFileSync(`/tmp/lw/${p.name}.txt`, printKernels(p)); }
}
