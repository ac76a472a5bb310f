/** @file What each spec's numbers are checked against, kept by hand: by file, and by arch where an arch has more. Read by spec-table.ts. */

/** File of `specs/` -> the check of its blocks. */
export const CHECKS: Readonly<Record<string, string>> = {
  'deepseek.arch': 'equations 12 to 16 in float64; the bias rule of 2408.15664',
  'dense.arch': 'attention, norms and loss as in the llama oracle; the GELU layer in loops',
  'dictionaries.arch': 'each dictionary\'s equations and loss in float64',
  'expert_choice.arch': 'equations 1 to 3 in float64; the contract says it is not causal',
  'expert_pools.arch': 'the definition in loops, every switch',
  'memory_plus.arch': 'its equation in float64; values shared by layers',
  'expert_threshold.arch': 'its rule and the move of its thresholds in float64',
  'gshard.arch': 'Algorithm 1 in float64, places handed out one by one; its random drops number by number',
  'mixtral.arch': 'the Mixtral oracle: outputs, auxiliary loss, gradients',
  'monet_horizontal.arch': 'equation 10 in float64, all experts composed',
  'monet_vertical.arch': 'the MONET oracle: outputs and gradients; equation 13 in float64',
  'peer.arch': 'the PEER oracle: outputs and gradients',
  'peer_paper.arch': 'Algorithm 1 in float64, with batch norm and shared keys',
  'pkm.arch': 'its equation in float64',
  'pools.arch': 'the definition in loops, every switch; a training run step by step against the float64 interpreter',
  'remoe.arch': 'equations 5 and 6 in float64; the adaptive penalty',
  'shared_pools.arch': 'the definition in loops, as pools; two layers read one bank',
  'sigma_moe.arch': 'section 5 in float64',
  'swiglu.arch': 'the llama oracle: outputs and gradients',
  'switch.arch': 'equations 1 and 2 in float64; z-loss and balance by value',
  'ultramem.arch': 'its equations in float64, two slices, two shuffled blocks; the core\'s penalty',
  'ultramem_v2.arch': 'its equations in float64, windows of a pool',
};

const COUNT = 'published parameter count';

/** Arch -> what is checked of it beside its file's. */
export const MORE: Readonly<Record<string, string>> = {
  Mixtral8x7B: COUNT, MonetHorizontal850M: COUNT, MonetHorizontal1400M: COUNT, MonetHorizontal4100M: COUNT, MonetVertical850M: COUNT, MonetVertical1400M: COUNT,
  MonetVertical4100M: COUNT, PeerMillion: 'published number of experts', PkmPaper: 'released number of slots', MemoryPlusPaper: 'released number of slots', UltraMemV2Paper: 'released number of slots',
  SwitchCapacity: 'capacity by handing out places one by one; its causality by experiment',
};
