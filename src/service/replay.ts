import { readFile } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import * as z from 'zod';
import { Decimal } from '../core/decimal.ts';
import { InvalidArgument, InvalidFile } from '../core/errors.ts';
import { pow10 } from '../core/fixed-point.ts';
import { computeSeizure } from '../protocols/aave/liquidation.ts';
import { type AaveProfile, getAaveProfile } from '../protocols/aave/profile.ts';

/** Amounts that were recorded as floats are taken as known to one part in this many. */
const FLOAT_TOLERANCE_INVERSE = 10n ** 9n;
const UNLIMITED = 2n ** 255n;

const natural = z
  .string()
  .regex(/^[0-9]{1,78}$/, 'expected a non-negative integer')
  .transform((text) => BigInt(text));
/** Unix seconds before the year 2287. */
const seconds = z
  .string()
  .regex(/^[0-9]{1,10}$/, 'expected unix seconds')
  .transform((text) => BigInt(text));
const decimals = z
  .string()
  .regex(/^(?:[0-9]|[12][0-9]|3[0-6])$/, 'expected a whole number from 0 to 36')
  .transform(Number);
const optionalBps = z
  .string()
  .regex(/^[0-9]{0,5}$/, 'expected whole basis points, or nothing')
  .transform((text) => (text === '' ? null : BigInt(text)));

const row = z.object({
  ts: seconds,
  collateral: z.string().min(1),
  collateral_decimals: decimals,
  collateral_seized_raw: natural,
  collateral_price_eth_wei: natural,
  debt: z.string().min(1),
  debt_decimals: decimals,
  debt_repaid_raw: natural,
  debt_price_eth_wei: natural,
  exact_bonus_bps: optionalBps,
  limited_by: z.enum(['debt', 'collateral', '']),
  amount_source: z.string().default('wei'),
});
type RecordedLiquidation = z.infer<typeof row>;

/** One row that the rule does not reproduce. */
export interface ReplayDifference {
  /** Line of the file, the header being line 1. */
  readonly line: number;
  readonly timestamp: number;
  readonly collateral: string;
  readonly debt: string;
  readonly recorded: string;
  readonly computed: string | null;
  readonly reason: string;
}

/** The outcome of a replay. rows = exact + different. */
export interface ReplayResult {
  readonly rows: number;
  /** Reproduced to the last unit, or within 1e-9 where the amounts were recorded as floats. */
  readonly exact: number;
  /** Of `exact`: rows of floats that hold within the tolerance of their amounts. */
  readonly exactWithinTolerance: number;
  readonly different: number;
  readonly details: readonly ReplayDifference[];
}

/** Which recorded protocols can be replayed, and with which profile. */
const REPLAYABLE: Readonly<Record<string, string>> = { 'aave-v2': 'aave-v2@2' };

/**
 * Recomputes recorded liquidations with the protocol's rule.
 *
 * @param file a CSV with the columns of aave_v2_liquidations (README of the recorded data); prices in wei of ETH per whole token
 * @throws {InvalidFile} naming line and column of the first fault
 * @throws {InvalidArgument} for a protocol that has no replay
 */
export async function replayLiquidations(file: string, protocol = 'aave-v2'): Promise<ReplayResult> {
  const rule = REPLAYABLE[protocol];
  if (rule === undefined) throw new InvalidArgument(`"${protocol}" cannot be replayed. Known: ${Object.keys(REPLAYABLE).join(', ')}.`, { protocol });
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new InvalidFile(`${file} cannot be read. Check the path.`, { file }, { cause });
  }
  return replayRows(parseRows(text, file), getAaveProfile(rule));
}

/** A row with the line of the file that it ends on, the header being line 1. */
interface LocatedRow {
  readonly entry: RecordedLiquidation;
  readonly line: number;
}

const located = z.array(z.object({ record: z.unknown(), info: z.object({ lines: z.int() }) }));

function parseRows(text: string, file: string): LocatedRow[] {
  let records: z.infer<typeof located>;
  try {
    records = located.parse(parse(text, { columns: true, skip_empty_lines: true, bom: true, info: true }));
  } catch (cause) {
    const line = cause instanceof CsvError && typeof cause.lines === 'number' ? cause.lines : null;
    throw new InvalidFile(`${file}${line === null ? '' : `, line ${line}`}: this is not a CSV table with a header line and as many cells in every row.`, { file, line }, { cause });
  }
  if (records.length === 0) throw new InvalidFile(`${file} has no row below a header line. Check the file.`, { file });
  return records.map(({ record, info }) => {
    const parsed = row.safeParse(record);
    if (parsed.success) return { entry: parsed.data, line: info.lines };
    const [issue] = parsed.error.issues;
    const column = String(issue?.path[0] ?? '');
    throw new InvalidFile(`${file}, line ${info.lines}, column ${column}: ${issue?.message ?? 'not understood'}.`, { file, line: info.lines, column });
  });
}

function replayRows(rows: readonly LocatedRow[], profile: AaveProfile): ReplayResult {
  const bonuses = collectBonuses(rows);
  const details: ReplayDifference[] = [];
  let exactWithinTolerance = 0;
  for (const { entry, line } of rows) {
    const outcome = replayRow(entry, profile);
    if (outcome.kind === 'within-tolerance') exactWithinTolerance += 1;
    if (outcome.kind !== 'different') continue;
    details.push({
      line,
      timestamp: Number(entry.ts),
      collateral: entry.collateral,
      debt: entry.debt,
      recorded: outcome.recorded,
      computed: outcome.computed,
      reason: entry.exact_bonus_bps === null ? explainUnknownBonus(entry, bonuses.get(entry.collateral) ?? new Set()) : outcome.reason,
    });
  }
  return { rows: rows.length, exact: rows.length - details.length, exactWithinTolerance, different: details.length, details };
}

type RowOutcome =
  | { readonly kind: 'exact' }
  | { readonly kind: 'within-tolerance' }
  | { readonly kind: 'different'; readonly recorded: string; readonly computed: string | null; readonly reason: string };

/** A row bound by the debt gives the seized amount; one bound by the collateral gives the debt that it pays for. */
function replayRow(entry: RecordedLiquidation, profile: AaveProfile): RowOutcome {
  const byDebt = entry.limited_by !== 'collateral';
  const [given, recorded] = byDebt ? [entry.debt_repaid_raw, entry.collateral_seized_raw] : [entry.collateral_seized_raw, entry.debt_repaid_raw];
  if (entry.exact_bonus_bps === null || entry.collateral_price_eth_wei === 0n || entry.debt_price_eth_wei === 0n) {
    return { kind: 'different', recorded: recorded.toString(), computed: null, reason: 'a price is 0' };
  }
  const computed = computeOther(entry, profile, given);
  if (computed === recorded) return { kind: 'exact' };
  if (entry.amount_source === 'decimal' && isReachable(entry, profile, given, recorded)) return { kind: 'within-tolerance' };
  return { kind: 'different', recorded: recorded.toString(), computed: computed.toString(), reason: 'the rule gives another amount' };
}

/** The amount that the rule pairs with the given one. */
function computeOther(entry: RecordedLiquidation, profile: AaveProfile, given: bigint): bigint {
  const byDebt = entry.limited_by !== 'collateral';
  const seizure = computeSeizure(profile, {
    collateralPrice: entry.collateral_price_eth_wei,
    collateralDecimals: entry.collateral_decimals,
    collateralBalance: byDebt ? UNLIMITED : given,
    debtPrice: entry.debt_price_eth_wei,
    debtDecimals: entry.debt_decimals,
    debtToCover: byDebt ? given : UNLIMITED,
    bonusBps: entry.exact_bonus_bps ?? 0n,
    protocolFeeBps: 0n,
  });
  return byDebt ? seizure.seized : seizure.repaid;
}

/** Both amounts of the row were floats: some pair within the tolerance of what was recorded must satisfy the rule. */
function isReachable(entry: RecordedLiquidation, profile: AaveProfile, given: bigint, recorded: bigint): boolean {
  const least = computeOther(entry, profile, given - slackOf(given)) - slackOf(recorded);
  const greatest = computeOther(entry, profile, given + slackOf(given)) + slackOf(recorded);
  return least <= recorded && recorded <= greatest;
}

function slackOf(amount: bigint): bigint {
  return amount / FLOAT_TOLERANCE_INVERSE;
}

function collectBonuses(rows: readonly LocatedRow[]): Map<string, Set<bigint>> {
  const bonuses = new Map<string, Set<bigint>>();
  for (const { entry } of rows) {
    if (entry.exact_bonus_bps === null) continue;
    bonuses.set(entry.collateral, (bonuses.get(entry.collateral) ?? new Set()).add(entry.exact_bonus_bps));
  }
  return bonuses;
}

/** The record has no bonus that fits; what it implies, beside the bonuses that the same collateral has elsewhere in the file. */
function explainUnknownBonus(entry: RecordedLiquidation, known: ReadonlySet<bigint>): string {
  const repaidValue = new Decimal((entry.debt_repaid_raw * entry.debt_price_eth_wei).toString()).div(pow10(entry.debt_decimals).toString());
  if (repaidValue.isZero()) return 'no bonus is recorded, and the repaid value is 0';
  const seizedValue = new Decimal((entry.collateral_seized_raw * entry.collateral_price_eth_wei).toString()).div(pow10(entry.collateral_decimals).toString());
  const implied = seizedValue.div(repaidValue).toDecimalPlaces(6).toString();
  const list = [...known].toSorted((a, b) => Number(a - b)).map((bps) => new Decimal(bps.toString()).div(10_000).toString());
  const elsewhere = list.length === 0 ? 'none is known for this collateral' : `its bonuses elsewhere in the file are ${list.join(', ')}`;
  return `no bonus is recorded: the recorded prices imply ${implied}, ${elsewhere}; one of the recorded prices is not the oracle's at that block`;
}
