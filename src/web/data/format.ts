import type { Decimal } from '../../core/decimal.ts';

/** What the page writes where a number does not exist. */
export const NOTHING = '–';

/** An amount of US dollars: cents below ten thousand, whole dollars above; what is less than half a cent is not written as nothing. */
export function usd(value: Decimal | string | number): string {
  const number = Number(value);
  if (number !== 0 && Math.abs(number) < 0.005) return number < 0 ? '> −$0.01' : '< $0.01';
  const places = Math.abs(number) < 10_000 ? 2 : 0;
  return `${number < 0 ? '−' : ''}$${Math.abs(number).toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })}`;
}

/**
 * An amount of US dollars as a headline: `$1.24 M`.
 *
 * @param least USD from which on thousands are written as `k`
 */
export function usdShort(value: Decimal | string | number, least = 1e5): string {
  const number = Number(value);
  const size = Math.abs(number);
  const [unit, name] = size >= 1e9 ? [1e9, ' bn'] : size >= 1e6 ? [1e6, ' M'] : size >= least ? [1e3, ' k'] : [1, ''];
  return name === '' ? usd(number) : `${number < 0 ? '−' : ''}$${(size / unit).toFixed(unit === 1e3 || size / unit >= 100 ? 1 : 2)}${name}`;
}

/** A price with as many digits as it needs: below a cent four that say something, so that only nothing is written as nothing. */
export function price(value: Decimal): string {
  const size = value.abs();
  if (size.lt('0.01') && !value.isZero()) return `$${value.toSignificantDigits(4).toFixed()}`;
  const places = size.gte(10) ? 2 : 4;
  return `$${value.toNumber().toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })}`;
}

/**
 * A health factor, cut and never rounded up, so that 0.99996 is not shown as 1.0000; a dash for null (no debt).
 *
 * @param places digits behind the point
 */
export function health(value: Decimal | null, places = 4): string {
  if (value === null) return NOTHING;
  return value.gte(1000) ? '> 1,000' : value.toFixed(places, 1);
}

/** As {@link health}, from a decimal text of the service. */
export function healthText(text: string | null, places = 4): string {
  if (text === null) return NOTHING;
  const [whole = '0', part = ''] = text.split('.');
  return whole.length > 3 ? '> 1,000' : `${whole}.${part.slice(0, places).padEnd(places, '0')}`;
}

/** A relative move as a percentage with its sign; 0 has none. */
export function percent(move: Decimal | number, places = 1): string {
  const number = Number(move) * 100;
  const text = Math.abs(number).toFixed(places);
  return `${Number(text) === 0 ? '' : number < 0 ? '−' : '+'}${text} %`;
}

/** The size of a move, without a sign. */
export function size(move: Decimal | number, places = 1): string {
  return `${Math.abs(Number(move) * 100).toFixed(places)} %`;
}

/** Unix seconds as `2025-10-23 12:09 UTC`. */
export function instant(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A duration in its two largest units, as in `3 d 4 h`. */
export function duration(seconds: number): string {
  const units: readonly [number, string][] = [
    [31_536_000, 'y'],
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const at = units.findIndex(([unit]) => seconds >= unit);
  const [first, second] = [units[at], units[at + 1]];
  if (first === undefined) return '0 s';
  const rest = second === undefined ? 0 : Math.floor((seconds % first[0]) / second[0]);
  return `${Math.floor(seconds / first[0])} ${first[1]}${second === undefined || rest === 0 ? '' : ` ${rest} ${second[1]}`}`;
}

/** A text from outside (a token's symbol, a label) on one line, without what turns the reading direction. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** An address cut to its ends; any other text as it is. */
export function short(address: string): string {
  return /^0x[0-9a-fA-F]{40}$/.test(address) ? `${address.slice(0, 6)}…${address.slice(-4)}` : plain(address);
}

/** A decimal text cut to what a reader needs: six significant digits, never rounded up. */
export function amount(text: string): string {
  const [whole = '0', part = ''] = text.split('.');
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
  const places = whole === '0' ? part.search(/[1-9]/) + 6 : Math.max(0, 6 - whole.length);
  const kept = part.slice(0, Math.max(0, places)).replace(/0+$/, '');
  return kept === '' ? grouped : `${grouped}.${kept}`;
}

/** A count with its noun: `1 account`, `3 accounts`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}
