/**
 * @file One difference between two specs.
 */
export type Severity =
  /** A checkpoint of the old spec cannot be loaded into the new one. */
  | 'breaking'
  /** It loads, but the function or the objective is another. */
  | 'dangerous'
  /** Neither. */
  | 'neutral';

export interface Change {
  /** What changed: `layers.ffn.count`, `layers.2.ffn.experts.read`, `losses.ce`, `train.steps`. */
  readonly path: string;
  readonly kind: ChangeKind;
  readonly severity: Severity;
  /** As text; null where there was (or is) nothing. */
  readonly before: string | null;
  readonly after: string | null;
  /** Where the old and the new value come from. */
  readonly origins: readonly string[];
  /** Why it has this severity. */
  readonly reason: string;
}

export type ChangeKind =
  | 'parameter added' | 'parameter removed' | 'parameter reshaped' | 'initialiser changed'
  | 'entry added' | 'entry removed' | 'block changed' | 'entries reordered'
  | 'setting changed' | 'dim changed' | 'dim added' | 'dim removed' | 'layers changed' | 'formula changed'
  | 'loss added' | 'loss removed' | 'loss changed' | 'loss weight changed'
  | 'clause added' | 'clause removed' | 'bound changed' | 'property lost' | 'property gained'
  | 'training changed' | 'documentation changed';

export const sign = (change: Change): '+' | '-' | '~' => (change.before === null ? '+' : change.after === null ? '-' : '~');
