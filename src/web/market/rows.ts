import type { Answer as Documents } from '../../api/contract/operations.ts';
import { usdShort } from '../data/format.ts';
import { isRecord } from '../data/request.ts';

/** A page of the ranking as the service answers it. */
export type OpportunitiesDocument = Documents<'listOpportunities'>;
type Entry = OpportunitiesDocument['opportunities'][number];

/** One owner's opportunity as the table shows it. */
export interface OpportunityRow {
  readonly id: string;
  readonly owner: string;
  readonly profitUsd: number;
  /** What is left of the profit where others are taken first, in words; null where that is all of it, or is not known. */
  readonly together: string | null;
  readonly breakEvenGasUsd: number | null;
  readonly paidUsd: number | null;
  readonly places: readonly string[];
  readonly confidence: string;
  readonly reasons: readonly string[];
  readonly precision: string;
  readonly seenAt: number;
}

export type SortKey = 'profitUsd' | 'breakEvenGasUsd' | 'paidUsd' | 'confidence' | 'seenAt';

/** From best to worst: an opportunity is as precise as its worst liquidation. */
const PRECISIONS = ['exact', 'accrued', 'estimate'];
const LEVELS = ['low', 'medium', 'high'];

/** Reads an entry. What its detail does not have in the known form is left empty, never guessed. */
export function readRow({ id, owner, profitUsd, precision, seenAt, detail, ...planned }: Entry): OpportunityRow {
  const facts = isRecord(detail) ? detail : {};
  const liquidations = Array.isArray(facts['liquidations']) ? facts['liquidations'].filter(isRecord) : [];
  const confidences = liquidations.map((entry) => entry['confidence']).filter(isRecord);
  const reasons = confidences.flatMap((entry) => (Array.isArray(entry['reasons']) ? entry['reasons'] : []));
  return {
    id,
    owner,
    profitUsd: Number(profitUsd),
    together: togetherWords(profitUsd, planned),
    breakEvenGasUsd: numberOrNull(facts['breakEvenGasUsd']),
    paidUsd: numberOrNull(facts['paidUsd']),
    places: liquidations.map((entry) => (typeof entry['label'] === 'string' ? entry['label'] : '')).filter((label) => label !== ''),
    confidence: typeof facts['confidence'] === 'string' ? facts['confidence'] : 'unknown',
    reasons: [...new Set(reasons.filter((reason): reason is string => typeof reason === 'string'))],
    precision: PRECISIONS.findLast((name) => confidences.some((entry) => entry['precision'] === name)) ?? precision,
    seenAt,
  };
}

/** Owners that sell into one pool lower the price for one another: each is planned after those that bring more for their gas. */
function togetherWords(profitUsd: string, { jointProfitUsd, plannedAt, repricedSince }: Pick<Entry, 'jointProfitUsd' | 'plannedAt' | 'repricedSince'>): string | null {
  if (plannedAt === null) return null;
  const [alone, together] = [usdShort(profitUsd), jointProfitUsd === null ? 'nothing' : usdShort(jointProfitUsd)];
  return alone === together ? null : `after those that pay better: ${together}${repricedSince ? ', by an older price' : ''}`;
}

/** Sorts rows; what is not known comes last either way. */
export function sortRows(rows: readonly OpportunityRow[], key: SortKey, direction: 'ascending' | 'descending'): readonly OpportunityRow[] {
  const valueOf = (row: OpportunityRow): number | null => (key === 'confidence' ? LEVELS.indexOf(row.confidence) : row[key]);
  const sign = direction === 'ascending' ? 1 : -1;
  return rows.toSorted((a, b) => {
    const [left, right] = [valueOf(a), valueOf(b)];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    return sign * (left - right);
  });
}

/** Accounts that a gap names. */
export function countUnseen(gaps: OpportunitiesDocument['gaps']): number {
  return new Set(gaps.flatMap(({ account }) => account ?? [])).size;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'string' && Number.isFinite(Number(value)) ? Number(value) : null;
}
