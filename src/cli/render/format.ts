import type { Decimal } from '../../core/decimal.ts';

/** USD with thousands separators and cents. */
export function usd(value: Decimal): string {
  return `${grouped(value.toFixed(2))} USD`;
}

/** A price with as many digits as it needs: cents above 10, six decimals below, and below a cent four digits that say something. */
export function price(value: Decimal): string {
  if (value.abs().lt('0.01') && !value.isZero()) return value.toSignificantDigits(4).toFixed();
  return grouped(value.toFixed(value.abs().gte(10) ? 2 : 6));
}

/** A ratio with four decimals, cut and never rounded up, so that 0.99996 is not shown as 1.0000; "no debt" for null. */
export function ratio(value: Decimal | null): string {
  return value === null ? 'no debt' : value.toFixed(4, 1);
}

/** A relative move as a signed percentage. */
export function percent(value: Decimal, places = 1): string {
  const text = value.times(100).toFixed(places);
  return `${value.isNegative() ? '' : '+'}${text} %`.replace('-', '−');
}

/** A duration in its two largest units. */
export function duration(seconds: bigint): string {
  const units: [bigint, string][] = [
    [31_536_000n, 'y'],
    [86_400n, 'd'],
    [3_600n, 'h'],
    [60n, 'min'],
    [1n, 's'],
  ];
  const at = units.findIndex(([size]) => seconds >= size);
  if (at < 0) return '0 s';
  const [first, second] = [units[at], units[at + 1]];
  if (first === undefined) return '0 s';
  const whole = seconds / first[0];
  const rest = second === undefined ? 0n : (seconds % first[0]) / second[0];
  return rest === 0n || second === undefined ? `${whole} ${first[1]}` : `${whole} ${first[1]} ${rest} ${second[1]}`;
}

/** Unix seconds as `2025-10-23 12:09 UTC`. */
export function instant(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A text from outside, such as a token's symbol, as one line without what steers a terminal or turns the reading direction. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** An address cut to its ends. */
export function short(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

function grouped(text: string): string {
  const [whole = '0', fraction] = text.split('.');
  const sign = whole.startsWith('-') ? '−' : '';
  const digits = whole.replace('-', '').replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? `${sign}${digits}` : `${sign}${digits}.${fraction}`;
}
