/**
 * @file Every intermediate form as text, for `--print-ir <pass>`.
 */
import { print } from '../grammar/print.js';
import type { Compiled } from './compiled.js';
import { analyseContract } from './contract/contract.js';
import { printGraph } from './graph/print.js';
import { printKernels } from './optimise/print.js';
import type { Pass } from './pipeline.js';

/** The form that `pass` made, or a line that says it made none. */
export function printForm(pass: Pass, compiled: Compiled): string {
  const { graph, procedures, kernels, model, program } = compiled;
  switch (pass) {
    case 'load':
      return compiled.files.map((file) => `// ${file.source.file}\n${print(file)}`).join('\n');
    case 'resolve':
      return `${(model?.resolved ?? []).map((line) => `${line.path}: ${line.value}  (${line.origin.kind}, ${line.origin.text})`).join('\n')}\n`;
    case 'elaborate':
      return graph ? printGraph([graph.logits, ...graph.losses.map((loss) => loss.node)]) : nothing(pass);
    case 'contract':
      return graph ? `${JSON.stringify(analyseContract(graph), (key, value: unknown) => (key === 'chain' ? undefined : value), 2)}\n` : nothing(pass);
    case 'differentiate':
      return procedures
        ? procedures.map((p) => `procedure ${p.name}\n${printGraph([...p.outputs.map((output) => output.node), ...p.updates.map((update) => update.value)])}`).join('\n')
        : nothing(pass);
    case 'lower':
      return kernels ? kernels.map(printKernels).join('\n') : nothing(pass);
    case 'assemble':
      return program ? program.modules.map((module) => module.source).join('\n') : nothing(pass);
  }
}

function nothing(pass: Pass): string {
  return `(${pass} made nothing: see the diagnostics)\n`;
}
