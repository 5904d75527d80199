import { InvalidArgument } from '../core/errors.ts';
import { parseChain } from '../core/ids.ts';
import { type Claim, PPM, UNBOUNDED } from './claim.ts';
import { marketId, type Scope } from './scope.ts';

/** What is claimed, as people write it. */
export interface ClaimWords {
  readonly statement: 'breach' | 'solvent';
  /** A health factor, as in `1.05`: a breach is below it, solvency at or above it. */
  readonly threshold: string;
  /** USD with at most two decimals; breach only. */
  readonly minDeficit: string | null;
}

/**
 * Reads a claim.
 *
 * @throws {InvalidArgument} for a threshold or a deficit that is not understood.
 * @example
 * ```ts
 * parseClaim({ statement: 'breach', threshold: '1.0', minDeficit: '100' }); // { lowerPpm: 0, upperPpm: 1000000, minDeficitCents: 10000n }
 * ```
 */
export function parseClaim({ statement, threshold, minDeficit }: ClaimWords): Claim {
  const ppm = parsePpm(threshold);
  if (statement === 'breach') return { lowerPpm: 0, upperPpm: ppm, minDeficitCents: minDeficit === null ? 0n : parseCents(minDeficit) };
  if (minDeficit !== null) throw new InvalidArgument('--min-deficit belongs to a breach; a solvent wallet has none.');
  return { lowerPpm: ppm, upperPpm: null, minDeficitCents: 0n };
}

/** Reads a health factor as parts per million. @throws {InvalidArgument} */
export function parsePpm(text: string): number {
  const match = /^(\d{1,2})(?:\.(\d{1,6}))?$/.exec(text.trim());
  const ppm = match === null ? 0 : Number(match[1]) * PPM + Number((match[2] ?? '').padEnd(6, '0'));
  if (ppm === 0 || ppm >= UNBOUNDED) throw new InvalidArgument(`"${text}" is not a threshold. Write a health factor above 0 and below 16.7 with at most six decimals, as in 1.05.`);
  return ppm;
}

/** Reads dollars as cents. @throws {InvalidArgument} */
export function parseCents(text: string): bigint {
  const match = /^(\d{1,15})(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (match === null) throw new InvalidArgument(`"${text}" is not an amount of dollars. Write it with at most two decimals, as in 100.50.`);
  return BigInt(match[1] ?? '0') * 100n + BigInt((match[2] ?? '').padEnd(2, '0'));
}

/** Reads a scope: `unified`, `hidden`, or chain/protocol/market. @throws {InvalidArgument} */
export function parseScope(text: string): Scope {
  if (text === 'unified' || text === 'hidden') return { kind: text };
  const [chain = '', protocol = '', ...market] = text.split('/');
  if (protocol === '' || market.length === 0) {
    throw new InvalidArgument(`--scope "${text}" is not understood. Write unified, hidden, or a market as in eip155:1/aave-v3/0x87870bca3f3fd6335c3f4ce8392d69350b4fa4e2.`);
  }
  return { kind: 'market', marketId: marketId({ chain: parseChain(chain), protocol, market: market.join('/') }) };
}
