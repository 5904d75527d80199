import { ERROR_TABLE, type ErrorCode, isPlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { Discrepancy, Gap } from '../../core/portfolio.ts';
import type { Normalized, NormalizedAccount, NormalizedMarket, NormalizeInput } from '../protocol.ts';
import type { Answers } from './answers.ts';
import { computeMargin } from './margin.ts';
import { isPlausiblePrice, type MarketReading, readMarket } from './market-state.ts';
import { type ChainPosition, findChainPositions, findValuedPosition, type ReaderFigures, readSquidPosition } from './positions.ts';
import { type Discovered, type PositionRow, readRows } from './rows.ts';
import { gmxV2Rule } from './rule.ts';
import { GMX_V2_RULE } from './rule-id.ts';
import type { GmxMarket, GmxPosition } from './state.ts';

/** Prices that were reported on chain longer ago than this make a valuation an estimate, in seconds. */
const PRICE_AGE_LIMIT = 300n;

/** What the squid alone cannot say, for the account's `missing`. */
export const MISSING_WITHOUT_CHAIN: readonly string[] = [
  "borrowing and funding fees since the squid's last pass; those it had then stand in for both",
  'price impact pending from opening',
  'discounts of referral codes and tiers',
  'the minimum collateral of the DataStore; 1 USD is assumed',
  'the fee for being liquidated',
];

/**
 * Turns rows and Reader answers into one market per GM market with a position in it, and one account per position. With a chain the Reader's values hold and the rule is checked
 * against its figures; the oracle prices are in both cases the last that keepers reported on chain, so no valuation is better than `accrued`.
 */
export function normalizeGmx(input: NormalizeInput): Normalized {
  const discovered = readRows(input.rows);
  const collected = input.calls === null ? collectRows(input, discovered) : collectAnswers(input, discovered, input.calls);
  return assemble(input, discovered, collected);
}

interface Candidate {
  readonly key: string;
  readonly owner: Address;
  readonly market: Address;
  readonly position: GmxPosition;
  /** Null where the position comes from the squid alone. */
  readonly figures: ReaderFigures | null;
}

interface Collected {
  readonly candidates: readonly Candidate[];
  readonly gaps: readonly Gap[];
  readonly discrepancies: readonly Discrepancy[];
}

function collectRows(input: NormalizeInput, { positions }: Discovered): Collected {
  if (positions === null) {
    const message = `${input.deployment.label} was not read: the squid did not answer and no chain endpoint is configured for ${input.deployment.chain}.`;
    return { candidates: [], gaps: [gapOf(input, 'NOT_CONFIGURED', message, null)], discrepancies: [] };
  }
  const at = { chain: input.deployment.chain, timestamp: input.block.timestamp };
  const candidates = positions
    .filter((row) => input.owners.includes(row.account))
    .map((row) => ({ key: row.positionKey, owner: row.account, market: row.market, position: readSquidPosition(row, at), figures: null }));
  return { candidates, gaps: [], discrepancies: [] };
}

function collectAnswers(input: NormalizeInput, { positions }: Discovered, answers: Answers): Collected {
  const candidates: Candidate[] = [];
  const gaps: Gap[] = [];
  const discrepancies: Discrepancy[] = [];
  const at = { chain: input.deployment.chain, timestamp: input.block.timestamp };
  for (const owner of input.owners) {
    const held = findChainPositions(answers, owner);
    if (held === undefined) {
      gaps.push(gapOf(input, 'CALL_FAILED', `${input.deployment.label}: the Reader did not list the positions of ${owner}.`, null));
      continue;
    }
    const listed = (positions ?? []).filter((row) => row.account === owner);
    for (const row of listed)
      discrepancies.push(
        ...comparePosition(
          input,
          row,
          held.find((position) => position.key === row.positionKey),
        ),
      );
    for (const entry of held) {
      const { key, market } = entry;
      if (positions !== null && !listed.some((row) => row.positionKey === key)) {
        gaps.push(gapOf(input, 'MISSED_ACCOUNT', `${input.deployment.label} shows a position of ${owner} on the chain that the squid did not list.`, key));
      }
      const valued = findValuedPosition(answers, entry, at);
      if (valued === undefined) gaps.push(gapOf(input, 'CALL_FAILED', `${input.deployment.label}: the Reader did not value position ${key}.`, key));
      else candidates.push({ key, owner, market, ...valued });
    }
  }
  return { candidates, gaps, discrepancies };
}

function assemble(input: NormalizeInput, discovered: Discovered, collected: Collected): Normalized {
  const markets = new Map<Address, NormalizedMarket>();
  const accounts: NormalizedAccount[] = [];
  const gaps = [...collected.gaps];
  for (const candidate of collected.candidates) {
    const reading = readMarket(input, discovered, candidate.market);
    const refusal = reading.kind === 'obstacle' ? reading : findRefusal(input, reading.market, candidate);
    if (refusal !== null) gaps.push(gapOf(input, refusal.code, refusal.message, candidate.key));
    if (refusal !== null || reading.kind === 'obstacle') continue;
    const id = `${input.deployment.id}/${candidate.market}`;
    markets.set(candidate.market, { id, market: candidate.market, label: labelOf(input, reading.market), rule: GMX_V2_RULE, state: reading.market });
    accounts.push({ id: accountId(input, candidate.key), market: id, owner: candidate.owner, position: candidate.position, ...trustOf(candidate, reading) });
  }
  return { markets: [...markets.values()], accounts, gaps, discrepancies: collected.discrepancies };
}

function trustOf(candidate: Candidate, reading: Extract<MarketReading, { kind: 'market' }>): Pick<NormalizedAccount, 'precision' | 'missing'> {
  const stale = reading.priceAge > PRICE_AGE_LIMIT ? [`oracle prices newer than ${reading.priceAge} s: those last reported on chain stand in`] : [];
  const unread = candidate.figures !== null && !reading.isFromChain ? ['the fee for being liquidated, and the DataStore values of a market that the squid listed no position in'] : [];
  const missing = [...stale, ...(candidate.figures === null ? MISSING_WITHOUT_CHAIN : unread)];
  return { precision: missing.length === 0 ? 'accrued' : 'estimate', missing };
}

/** Why a position must not be shown: the rule cannot value it, the price has another scale, or the Reader computes something else. */
function findRefusal(input: NormalizeInput, market: GmxMarket, { key, position, figures }: Candidate): { readonly code: ErrorCode; readonly message: string } | null {
  if (!isPlausiblePrice(market, position)) {
    return { code: 'MALFORMED_RESPONSE', message: `Position ${key}: the reported price of ${market.indexToken.symbol} is not in the scale of the position's size.` };
  }
  try {
    const view = { market, position, at: input.block.timestamp };
    const { fees, pnl } = computeMargin(view);
    gmxV2Rule.legs(view);
    if (figures === null) return null;
    const differs = [
      ['totalCostAmount', figures.totalCostAmount, fees.total],
      ['basePnlUsd', figures.basePnlUsd, pnl.pnlUsd],
      ['uncappedBasePnlUsd', figures.uncappedBasePnlUsd, pnl.uncappedPnlUsd],
    ].find(([, read, computed]) => read !== computed);
    if (differs === undefined) return null;
    const [name, read, computed] = differs;
    return { code: 'UNSUPPORTED_STATE', message: `Position ${key}: the Reader answers ${name} ${read}, the rule computes ${computed}.` };
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

const FIELDS = ['sizeInUsd', 'sizeInTokens', 'collateralAmount'] as const;

function comparePosition(input: NormalizeInput, row: PositionRow, chain: ChainPosition | undefined): Discrepancy[] {
  return FIELDS.filter((field) => row[field] !== (chain?.[field] ?? 0n)).map((field) => ({
    account: accountId(input, row.positionKey),
    deployment: input.deployment.id,
    field,
    subgraph: row[field].toString(),
    chain: (chain?.[field] ?? 0n).toString(),
    note: 'The chain is used. The squid cannot be read at a block, so it may be before or behind.',
  }));
}

function labelOf(input: NormalizeInput, { indexToken, longToken, shortToken }: GmxMarket): string {
  return `${input.deployment.label} ${indexToken.symbol}/USD [${longToken.symbol}-${shortToken.symbol}]`;
}

function accountId(input: NormalizeInput, positionKey: string): string {
  return `${input.deployment.id}/${positionKey}`;
}

function gapOf(input: NormalizeInput, code: ErrorCode, message: string, positionKey: string | null): Gap {
  const { deployment } = input;
  const account = positionKey === null ? null : accountId(input, positionKey);
  return { code, message, retryable: ERROR_TABLE[code].retryable, chain: deployment.chain, deployment: deployment.id, account };
}
