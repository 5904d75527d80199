import * as z from 'zod';
import { ERROR_TABLE } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { Discrepancy, Gap } from '../../core/portfolio.ts';
import type { Precision } from '../../core/rule.ts';
import type { Normalized, NormalizedAccount, NormalizedMarket, NormalizeInput } from '../protocol.ts';
import { marketsOf, type PositionRow, parsePositions } from './rows.ts';
import type { MorphoPosition } from './state.ts';
import { callKeys } from './value.ts';
import { type Obstacle, type ValuedMarket, valueMarket } from './valued-market.ts';
import { MORPHO_RULE_ID } from './violations.ts';

const positionSchema = z.tuple([z.bigint(), z.bigint(), z.bigint()]);
const FIELDS = ['supplyShares', 'borrowShares', 'collateral'] as const;

/** What one owner has in one market, before it is decided whether that can be valued. */
interface Found {
  readonly id: string;
  readonly owner: Address;
  readonly position: MorphoPosition;
  readonly obstacle: Obstacle | null;
  readonly discrepancies: readonly Discrepancy[];
  readonly missed: Obstacle | null;
}

interface Result {
  readonly account: NormalizedAccount | null;
  readonly gaps: readonly Gap[];
  readonly discrepancies: readonly Discrepancy[];
}

/**
 * Rows and answers → one market entry per Morpho market with an account in it, one account per owner and market.
 *
 * On chain the position is what the contract holds; the subgraph's shares are only compared with it. An account on chain
 * without a row is kept, and reported as a gap, because discovery may have missed others that were not looked at.
 */
export function normalizePositions(input: NormalizeInput): Normalized {
  const rows = parsePositions(input.rows['positions'] ?? []);
  const parts = marketsOf(rows).map((row) => normalizeMarket(input, valueMarket(input.deployment, row, input.calls), rows));
  return {
    markets: parts.flatMap((part) => part.markets),
    accounts: parts.flatMap((part) => part.accounts),
    gaps: parts.flatMap((part) => part.gaps),
    discrepancies: parts.flatMap((part) => part.discrepancies),
  };
}

function normalizeMarket(input: NormalizeInput, valued: ValuedMarket, rows: readonly PositionRow[]): Normalized {
  const marketId = `${input.deployment.id}/${valued.row.id}`;
  const inMarket = rows.filter((row) => row.market.id === valued.row.id);
  const results = input.owners.map((owner) => findPosition(input, valued, marketId, owner, inMarket)).map((found) => judge(input, valued, marketId, found));
  const accounts = results.flatMap((result) => (result.account === null ? [] : [result.account]));
  return {
    markets: accounts.length === 0 ? [] : [marketEntry(input, valued, marketId)],
    accounts,
    gaps: results.flatMap((result) => result.gaps),
    discrepancies: [...(accounts.length === 0 ? [] : totalDiscrepancies(input, valued)), ...results.flatMap((result) => result.discrepancies)],
  };
}

function marketEntry(input: NormalizeInput, valued: ValuedMarket, id: string): NormalizedMarket {
  const { collateral, loan } = valued.state;
  return {
    id,
    market: valued.row.id,
    label: `${input.deployment.label} ${collateral.symbol}/${loan.symbol}`,
    rule: MORPHO_RULE_ID,
    state: valued.state,
  };
}

function findPosition(input: NormalizeInput, valued: ValuedMarket, marketId: string, owner: Address, rows: readonly PositionRow[]): Found {
  const id = `${marketId}/${owner}`;
  const listed = positionOfRows(rows.filter((row) => row.account.id === owner));
  const listedOnly = { id, owner, position: listed, obstacle: null, discrepancies: [], missed: null };
  if (input.calls === null) return listedOnly;
  const answer = input.calls.get(callKeys.position(valued.row.id, owner));
  const values = positionSchema.safeParse(answer?.ok === true ? answer.values : undefined);
  if (!values.success) {
    return { ...listedOnly, obstacle: { code: 'CALL_FAILED', message: `Morpho market ${valued.row.id}: position(id, ${owner}) did not answer.` } };
  }
  const [supplyShares, borrowShares, collateral] = values.data;
  const position = { supplyShares, borrowShares, collateral };
  return {
    ...listedOnly,
    position,
    discrepancies: FIELDS.filter((field) => position[field] !== listed[field]).map((field) => ({
      account: id,
      deployment: input.deployment.id,
      field,
      subgraph: listed[field].toString(),
      chain: position[field].toString(),
      note: 'The chain is used.',
    })),
    missed: missedBy(valued, owner, position, listed),
  };
}

function missedBy(valued: ValuedMarket, owner: Address, position: MorphoPosition, listed: MorphoPosition): Obstacle | null {
  const fields = FIELDS.filter((field) => position[field] > 0n && listed[field] === 0n);
  if (fields.length === 0) return null;
  return {
    code: 'MISSED_ACCOUNT',
    message: `The chain shows ${fields.join(', ')} of ${owner} in Morpho market ${valued.row.id}, which the subgraph does not list. Other markets may be missing too.`,
  };
}

/** Rows of one owner in one market; a side that was opened several times counts with all its rows. */
export function positionOfRows(rows: readonly Pick<PositionRow, 'side' | 'shares' | 'balance'>[]): MorphoPosition {
  const total = (side: PositionRow['side'], amount: (row: Pick<PositionRow, 'side' | 'shares' | 'balance'>) => bigint): bigint =>
    rows.filter((row) => row.side === side).reduce((sum, row) => sum + amount(row), 0n);
  return {
    supplyShares: total('SUPPLIER', (row) => row.shares ?? 0n),
    borrowShares: total('BORROWER', (row) => row.shares ?? 0n),
    collateral: total('COLLATERAL', (row) => (row.balance > 0n ? row.balance : 0n)),
  };
}

function judge(input: NormalizeInput, valued: ValuedMarket, marketId: string, found: Found): Result {
  const { position } = found;
  const hasShares = position.supplyShares > 0n || position.borrowShares > 0n;
  const needsOracle = position.borrowShares > 0n || position.collateral > 0n;
  if (!hasShares && !needsOracle && found.obstacle === null) return { account: null, gaps: [], discrepancies: found.discrepancies };
  const obstacle = found.obstacle ?? valued.fatal ?? (needsOracle ? valued.oracle : null) ?? (hasShares ? valued.rate : null);
  const gaps = [found.missed, obstacle].flatMap((problem) => (problem === null ? [] : [gapOf(input, found.id, problem)]));
  if (obstacle !== null) return { account: null, gaps, discrepancies: found.discrepancies };
  const missing = [...valued.missing, ...(needsOracle ? valued.missingOfOracle : []), ...(hasShares ? valued.missingOfRate : [])];
  const account = { id: found.id, market: marketId, owner: found.owner, position, precision: precisionOf(input, missing), missing };
  return { account, gaps, discrepancies: found.discrepancies };
}

function precisionOf(input: NormalizeInput, missing: readonly string[]): Precision {
  if (missing.length > 0) return 'estimate';
  return input.calls === null ? 'accrued' : 'exact';
}

function gapOf(input: NormalizeInput, account: string, { code, message }: Obstacle): Gap {
  return { code, message, retryable: ERROR_TABLE[code].retryable, chain: input.deployment.chain, deployment: input.deployment.id, account };
}

function totalDiscrepancies(input: NormalizeInput, valued: ValuedMarket): readonly Discrepancy[] {
  return valued.differences.map(({ field, subgraph, chain }) => ({
    account: null,
    deployment: input.deployment.id,
    field: `${valued.row.id}.${field}`,
    subgraph: subgraph.toString(),
    chain: chain.toString(),
    note: 'The chain is used.',
  }));
}
