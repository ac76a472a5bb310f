/**
 * @file Whether to colour, and the colours used. `--color always|never` decides; `auto` colours a terminal unless NO_COLOR is set
 * (no-color.org) or TERM is `dumb`.
 */
import pc from 'picocolors';

export type ColourMode = 'auto' | 'always' | 'never';
export type Colours = ReturnType<typeof pc.createColors>;

/** The palette for a stream. */
export function colours(mode: ColourMode, stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): Colours {
  return pc.createColors(mode === 'always' || (mode === 'auto' && automatic(stream, env)));
}

/** No colours at all. */
export const plain: Colours = pc.createColors(false);

function automatic(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}
