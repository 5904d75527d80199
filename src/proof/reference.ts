import { type Claim, PPM } from './claim.ts';
import { padUnitTable } from './commitment.ts';
import type { Row } from './row.ts';
import { HIDDEN_SCOPE, UNIFIED_SCOPE } from './scope.ts';

/** What a statement is judged by. */
export interface StatementInput {
  readonly rows: readonly Row[];
  readonly unitTable: readonly bigint[];
  /** The account that a scope other than unified is about, 0 to 15. */
  readonly unit: number;
  /** The public signal (scope.ts). */
  readonly scope: bigint;
  readonly claim: Claim;
}

/** Whether a statement holds, and by which sums; both sums are USD × 10^34. */
export interface StatementVerdict {
  readonly holds: boolean;
  /** Which condition fails, without a number; empty where it holds. */
  readonly reason: string;
  readonly collateral: bigint;
  readonly debt: bigint;
}

/** A US cent in units of C and D: 10^28 per USD (amount × price) × 10^6 (weight) ÷ 100. */
const CENT = 10n ** 32n;

/**
 * Judges a statement in integers, exactly as the circuits do: C and D are the sums of amount × price × weight over the rows of the scope; nothing is divided.
 *
 * lower ≤ HF means C · 10^6 ≥ D · lower; HF < upper means C · 10^6 < D · upper, which is false where there is no debt; a deficit means C + minDeficit ≤ D.
 */
export function evaluateStatement(input: StatementInput): StatementVerdict {
  const { scope, claim } = input;
  const inScope = (row: Row): boolean => scope === UNIFIED_SCOPE || row.unit === input.unit;
  const selected = input.rows.filter(inScope);
  const collateral = sumOf(selected.filter((row) => row.side === 0));
  const debt = sumOf(selected.filter((row) => row.side === 1));
  const verdict = (reason: string): StatementVerdict => ({ holds: reason === '', reason, collateral, debt });

  const market = padUnitTable(input.unitTable)[input.unit] ?? 0n;
  if (scope === HIDDEN_SCOPE && market === 0n) return verdict('the account of a hidden scope does not exist');
  if (scope !== UNIFIED_SCOPE && scope !== HIDDEN_SCOPE && market !== scope) return verdict('the account is not in the market of the scope');
  const scaled = collateral * BigInt(PPM);
  if (scaled < debt * BigInt(claim.lowerPpm)) return verdict('the health factor is below the band');
  if (claim.upperPpm !== null && scaled >= debt * BigInt(claim.upperPpm)) return verdict('the health factor is not below the upper end of the band');
  if (claim.minDeficitCents > 0n && collateral + claim.minDeficitCents * CENT > debt) return verdict('the deficit is smaller than claimed');
  return verdict('');
}

function sumOf(rows: readonly Row[]): bigint {
  return rows.reduce((total, row) => total + row.amount * row.price * row.weight, 0n);
}
