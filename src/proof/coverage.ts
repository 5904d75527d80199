import { AbiCoder } from 'ethers';
import { chainNumber } from '../core/ids.ts';
import { PORTFOLIO_SCHEMA, type Portfolio } from '../core/portfolio.ts';
import { hashToField } from './field.ts';
import type { MarketName } from './scope.ts';

/** The version of the exposure form (solvency.md §2) that rows are written in. A change of any term's meaning raises the number. */
export const GAUGE = 'plimsoll/exposure@1';

/** What an attestor looked at, never what it found there: the same for every wallet that is read in the same way. */
export interface Coverage {
  readonly schema: string;
  readonly gauge: string;
  /** Every rule version that could have valued an account of these protocols, sorted: which one did would tell what is held. */
  readonly rules: readonly string[];
  /** Every market that was read, sorted. */
  readonly markets: readonly MarketName[];
}

/**
 * Describes what a Portfolio's reader looked at.
 *
 * @param rulesOf the rule ids that this release has for a protocol
 */
export function describeCoverage(portfolio: Portfolio, rulesOf: (protocol: string) => readonly string[]): Coverage {
  const markets = portfolio.coverage.map(({ chain, protocol, market }): MarketName => ({ chain: chain as MarketName['chain'], protocol, market }));
  const protocols = [...new Set(markets.map((entry) => entry.protocol))];
  return { schema: PORTFOLIO_SCHEMA, gauge: GAUGE, rules: [...new Set(protocols.flatMap(rulesOf))].toSorted(), markets: markets.toSorted(byName) };
}

/**
 * The id that stands in a proof: keccak256(abi.encode(schema, gauge, rules, (chainId, protocol, market)[])) >> 8.
 * A consumer allows the ids that it accepts.
 */
export function coverageId(coverage: Coverage): bigint {
  const markets = coverage.markets.map(({ chain, protocol, market }) => [chainNumber(chain), protocol, market]);
  return hashToField(
    AbiCoder.defaultAbiCoder().encode(['string', 'string', 'string[]', 'tuple(uint256 chainId, string protocol, string market)[]'], [coverage.schema, coverage.gauge, coverage.rules, markets]),
  );
}

function byName(a: MarketName, b: MarketName): number {
  const [left, right] = [a, b].map(({ chain, protocol, market }) => `${String(chainNumber(chain)).padStart(16, '0')} ${protocol} ${market}`);
  return left === right ? 0 : (left ?? '') < (right ?? '') ? -1 : 1;
}
