/**
 * @file Numbers for people: three significant digits and a unit. Machine output never uses these.
 */

/** `1,234,567` */
export function whole(n: number): string {
  return Number.isFinite(n) ? Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ',') : String(n);
}

/** `950`, `12.3k`, `4.56M`, `7.8G`: powers of a thousand. */
export function count(n: number): string {
  return scaled(n, 1000, ['', 'k', 'M', 'G', 'T', 'P'], '');
}

/** `512 B`, `12.3 KiB`, `4.56 MiB`: powers of 1024. */
export function bytes(n: number): string {
  return scaled(n, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], ' ');
}

/** `40%`, `3.2%`, `0.05%` */
export function percent(fraction: number): string {
  return `${digits(fraction * 100)}%`;
}

/** `x1.5`, `x0.25`; `same` for equal numbers, `new` from nothing. */
export function ratio(before: number, after: number): string {
  if (before === after) return 'same';
  if (before === 0) return 'new';
  return `x${digits(after / before)}`;
}

function scaled(n: number, base: number, units: readonly string[], gap: string): string {
  if (!Number.isFinite(n)) return String(n);
  let value = Math.abs(n);
  let unit = 0;
  while (unit < units.length - 1 && value >= base) {
    value /= base;
    unit++;
  }
  // 999.96 would print as 1000: one unit up.
  if (unit < units.length - 1 && Number(digits(value)) >= base) {
    value /= base;
    unit++;
  }
  const sign = n < 0 ? '-' : '';
  const name = units[unit] ?? '';
  return `${sign}${digits(value)}${name === '' ? '' : gap}${name}`;
}

/** Three significant digits, without trailing zeros; whole numbers below 1024 as they are. */
function digits(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1024) return String(value);
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
