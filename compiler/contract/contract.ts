/**
 * @file The contract: what can be proved of a model's experts on its graph, and the check of what a spec demands. One file per clause.
 */
import type { Graph } from '../graph/graph.js';
import { sizeOf } from '../graph/ops.js';
import { analysisOf } from './analysis.js';
import { checkActive, layerContracts } from './active.js';
import { checkAdditive } from './additive.js';
import { checkBypass } from './bypass.js';
import { checkCausal, checkCausalBlock } from './causal.js';
import { checkPrivate } from './private.js';
import { compositionsOf } from './composed.js';
import type { ContractReport, FamilyContract } from './report.js';
import { readsOf } from './tables.js';

export { checkContract } from './check.js';
export type { ContractReport, FamilyContract, LayerContract, Verdict } from './report.js';

/** Every clause for every family of experts, computed from the forward graph (its inference form where training differs); nothing is taken from
 *  declarations. */
export function analyseContract(given: Graph): ContractReport {
  const graph = given.inference ?? given;
  const analysis = analysisOf(graph);
  const compositions = compositionsOf(analysis);
  const families = graph.families.map((family) => {
    const reads = readsOf(analysis, family);
    const active = checkActive(analysis, family, reads);
    const contract: FamilyContract = {
      family,
      units: sizeOf(family.axes),
      additive: checkAdditive(analysis, family),
      causal: checkCausalBlock(analysis, family),
      active: active.verdict,
      private: checkPrivate(graph, family, reads, compositions),
      bypass: checkBypass(analysis, family),
    };
    return { contract, active };
  });
  const training = given.inference ? checkCausal(analysisOf(given)) : undefined;
  return { causal: checkCausal(analysis), ...(training && !training.holds ? { training } : {}), families: families.map(({ contract }) => contract), layers: layerContracts(families.map(({ contract, active }) => ({ family: contract.family.path, active }))) };
}
