/**
 * @file In which layers an entry stands: `route: router every 4 layers { }` in layers 0, 4, 8, ...; `memory: values at [4, 12] { }` in those two;
 * without either, in all.
 */
import type { Expr, SpecBlock } from '../../grammar/ast.js';
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';

export type Placement = { readonly kind: 'every'; readonly step: number } | { readonly kind: 'at'; readonly layers: readonly number[] };

/** Whether an entry stands in layer `layer`. */
export function isPlaced({ placement }: { readonly placement?: Placement }, layer: number): boolean {
  if (!placement) return true;
  return placement.kind === 'every' ? layer % placement.step === 0 : placement.layers.includes(layer);
}

/** As written: `every 4 layers`, `at [4, 12]`. */
export function printPlacement(placement: Placement): string {
  return placement.kind === 'every' ? `every ${placement.step} layers` : `at [${placement.layers.join(', ')}]`;
}

/** Reads what stands between an entry's block and its `{`; reports what is neither form. */
export function readPlacement(block: SpecBlock, diagnostics: Diagnostics): Placement | undefined {
  const [word, value, unit] = block.args;
  if (!word) return undefined;
  if (isWord(word, 'every') && value?.kind === 'number' && isWord(unit, 'layers') && block.args.length === 3 && Number.isInteger(value.value) && value.value >= 1) {
    return { kind: 'every', step: value.value };
  }
  const layers = value?.kind === 'list' ? value.items.flatMap((item) => (item.kind === 'number' && Number.isInteger(item.value) ? [item.value] : [])) : [];
  if (isWord(word, 'at') && value?.kind === 'list' && block.args.length === 2 && layers.length > 0 && layers.length === value.items.length) {
    return { kind: 'at', layers };
  }
  diagnostics.report(diagnose('ARCH2012', { owner: block.head.name, name: 'head', expected: '`every 4 layers` or `at [0, 4]`, or settings in braces', got: 'a value before them' }, word.span));
  return undefined;
}

const isWord = (expr: Expr | undefined, word: string): boolean => expr?.kind === 'path' && expr.segments.length === 1 && expr.segments[0]?.name === word;
