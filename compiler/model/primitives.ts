/**
 * @file The names the language brings: elementwise functions, reductions over axes, and the structural primitives of `elaborate/builtins.ts`.
 */

/** Elementwise functions of one tensor. */
export const unaryFunctions = new Set(['exp', 'log', 'sqrt', 'tanh', 'erf', 'sin', 'cos', 'abs', 'sign', 'floor']);

/** Reductions, written `sum(d, e)(x)`; `softmax` keeps its axes. */
export const reductions = new Set(['sum', 'mean', 'max', 'min', 'logsumexp', 'softmax', 'l2']);

/** What may be given as a setting of type `fn` without a declaration. */
export const primitiveFunctions: ReadonlySet<string> = new Set([...unaryFunctions, ...reductions]);
