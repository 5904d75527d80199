import * as z from 'zod';
import { ASSET_PATTERN, type AssetId } from './ids.ts';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Schema of a bigint that stands in a document as a decimal string. */
export const integerText = z
  .string()
  .regex(/^(?:0|-?[1-9][0-9]{0,98})$/, 'expected a decimal integer string')
  .transform((text) => BigInt(text));

/** As {@link integerText}, without a sign. */
export const naturalText = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,98})$/, 'expected a non-negative decimal integer string')
  .transform((text) => BigInt(text));

/** Schema of a subgraph's integer, which may be negative and is carried as a string. A bigint passes, so that parsed rows may be parsed again. */
export const graphInteger = z.union([
  z.bigint(),
  z
    .string()
    .regex(/^-?[0-9]{1,99}$/, 'expected an integer string')
    .transform((text) => BigInt(text)),
]);

/** Schema of a CAIP-19 asset id. */
export const assetIdText = z
  .string()
  .regex(ASSET_PATTERN, 'expected an asset id')
  .transform((text) => text as AssetId);

/**
 * Turns typed state into JSON: bigints become decimal strings, `undefined` fields vanish, everything else is copied.
 *
 * @example
 * ```ts
 * encodeJson({ scaled: 12n, flags: [true] }); // { scaled: '12', flags: [true] }
 * ```
 */
export function encodeJson(value: unknown): Json {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(encodeJson);
  if (value !== null && typeof value === 'object') {
    const copy: Record<string, Json> = {};
    for (const [key, field] of Object.entries(value)) if (field !== undefined) copy[key] = encodeJson(field);
    return copy;
  }
  return value as Json;
}

/** Writes a zod issue path as `accounts[2].legs[0].amount`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? String(key) : `.${String(key)}`)).join('');
}
