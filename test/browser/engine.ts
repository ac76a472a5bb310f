/**
 * @file A browser as an engine of the tests: a graph's program is served to headless Chromium, runs there, and its outputs come back.
 */
import { programFiles } from '../../compiler/emit/program.js';
import type { Program } from '../../runtime/program.js';
import type { Engine } from '../oracles/engines.js';
import { NO_CHROMIUM, findChromium, runInChromium } from './chromium.js';
import { type Encoded, decode, encode } from './protocol.js';

const encoded = (values: Iterable<readonly [string, ArrayLike<number>]>): Record<string, Encoded[]> => Object.fromEntries([...values].map(([name, each]) => [name, encode(each)]));

/** @param programOf a program with one entry, `oracle`, that computes the outputs */
export function browserEngine(name: string, programOf: (outputs: Parameters<Engine['run']>[0]) => Program): { readonly engine: Engine; readonly missing?: string } {
  const chromium = findChromium();
  const run: Engine['run'] = async (outputs, values) => {
    if (chromium === undefined) throw new Error(NO_CHROMIUM);
    const work = { kind: 'evaluate', entry: 'oracle', tensors: encoded([...values.params, ...(values.states ?? [])]), inputs: encoded(values.inputs), step: values.step ?? 1, seed: values.seed } as const;
    const [outcome] = await runInChromium(chromium, { files: programFiles(programOf(outputs)), isolated: true }, [{ name, program: 'program.json', work }]);
    if (outcome?.kind !== 'done') throw new Error(outcome?.message ?? 'the page said nothing');
    return new Map(Object.entries(outcome.results).map(([output, each]) => [output, decode(each)]));
  };
  return { engine: { name, run }, ...(chromium === undefined && { missing: NO_CHROMIUM }) };
}
