/**
 * @file JSON that diffs well: what fits on a line stands on one, keys keep the order they were built in, a newline at the end.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

const WIDTH = 120;

/** @throws RangeError for numbers JSON cannot hold */
export function layout(value: Json): string {
  return `${print(value, '')}\n`;
}

function print(value: Json, indent: string): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`JSON cannot hold ${value}`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  const items = isList(value)
    ? value.map((item) => print(item, inner))
    : Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [`${JSON.stringify(key)}: ${print(item, inner)}`]));
  const [open, close] = isList(value) ? ['[', ']'] : ['{', '}'];
  if (items.length === 0) return open + close;
  const pad = isList(value) ? '' : ' ';
  const width = items.reduce((sum, item) => sum + item.length + 2, indent.length);
  if (width <= WIDTH && !items.some((item) => item.includes('\n'))) return `${open}${pad}${items.join(', ')}${pad}${close}`;
  return `${open}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
}

const isList = (value: readonly Json[] | { readonly [key: string]: Json | undefined }): value is readonly Json[] => Array.isArray(value);
