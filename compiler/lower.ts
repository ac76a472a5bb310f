/**
 * @file Lowers the procedures for the target at hand; what does not fit its limits becomes a diagnostic.
 */
import { diagnose } from './diagnostics/catalogue.js';
import type { Diagnostics } from './diagnostics/diagnostic.js';
import type { Procedure } from './graph/graph.js';
import { LimitError } from './optimise/limits.js';
import { type Lowered, lower } from './optimise/lower.js';
import type { Target } from './targets/targets.js';

export function lowerProcedures(procedures: readonly Procedure[], target: Target, diagnostics: Diagnostics): Lowered | undefined {
  try {
    return lower(procedures, { limits: target.limits, scratchSize: target.scratchSize });
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    diagnostics.report(diagnose('ARCH4002', { tensor: error.tensor, bytes: error.needed, limit: error.limit, limitName: error.what === 'bytes' ? 'the most one tensor can have' : error.what }));
    return undefined;
  }
}
