import type { Decimal } from '../../core/decimal.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Precision } from '../../core/rule.ts';
import type { LiquidationState } from '../forced/liquidation-state.ts';
import type { Opportunity } from '../liquidator/liquidator-opportunity.ts';

/** How far an opportunity's figures can be trusted, and what speaks against them. */
export interface Confidence {
  /** `high`: nothing speaks against it. `low`: something that its profit rests on was assumed, left out or is old. */
  readonly level: 'high' | 'medium' | 'low';
  readonly precision: Precision;
  /** Seconds from the block that the account was read at to now. */
  readonly ageSeconds: number;
  /** What the seized asset is worth in the debt asset on the market, against the protocol's oracles, less 1: below 0 the market pays less than the protocol thinks. Null without a market price of both, or where nothing is sold. */
  readonly marketAgainstOracle: Decimal | null;
  readonly reasons: readonly string[];
}

/** What is known beside the opportunity itself. */
export interface ConfidenceInputs {
  readonly precision: Precision;
  /** Terms that an estimate leaves out. */
  readonly missing: readonly string[];
  readonly ageSeconds: number;
  readonly isGasAssumed: boolean;
}

/** Blocks come every few seconds: older than this somebody else has seen it long ago. */
const FRESH_SECONDS = 60;
const STALE_SECONDS = 900;
/** Oracles of the large markets follow within half a percent. */
const SMALL_BASIS = 0.005;
const LARGE_BASIS = 0.02;

interface Doubt {
  readonly level: 'medium' | 'low';
  readonly reason: string;
}

/** Judges one opportunity. `before` is the account as the opportunity finds it. */
export function judgeConfidence(opportunity: Opportunity, before: LiquidationState, inputs: ConfidenceInputs): Confidence {
  const basis = compareWithOracle(opportunity, before);
  const doubts = [...dataDoubts(inputs), ...marketDoubts(opportunity, before, basis)];
  const level = doubts.some((doubt) => doubt.level === 'low') ? 'low' : doubts.length > 0 ? 'medium' : 'high';
  return { level, precision: inputs.precision, ageSeconds: inputs.ageSeconds, marketAgainstOracle: basis, reasons: doubts.map(({ reason }) => reason) };
}

function dataDoubts({ precision, missing, ageSeconds, isGasAssumed }: ConfidenceInputs): readonly Doubt[] {
  const doubts: Doubt[] = [];
  if (precision === 'estimate') doubts.push({ level: 'low', reason: `an estimate without ${missing.join(', ') || 'some of its terms'}` });
  if (precision === 'accrued') doubts.push({ level: 'medium', reason: 'balances were carried forward from indexes' });
  if (ageSeconds > FRESH_SECONDS) doubts.push({ level: ageSeconds > STALE_SECONDS ? 'low' : 'medium', reason: `read ${ageSeconds} s ago` });
  if (isGasAssumed) doubts.push({ level: 'medium', reason: 'gas is an assumption' });
  return doubts;
}

function marketDoubts(opportunity: Opportunity, before: LiquidationState, basis: Decimal | null): readonly Doubt[] {
  const sold = opportunity.calls.filter(({ curve }) => curve !== null);
  const doubts: Doubt[] = [];
  if (sold.some(({ curve }) => curve?.assumed === true)) doubts.push({ level: 'low', reason: 'no market was looked at now: the curve is assumed' });
  const unpriced = tradedAssets(opportunity).flatMap((asset) => {
    const token = before.tokens.get(asset);
    return token?.atOraclePrice === true ? [token.symbol] : [];
  });
  if (sold.length > 0 && unpriced.length > 0) doubts.push({ level: 'low', reason: `no market price of ${[...new Set(unpriced)].join(', ')}: the oracle's stands in` });
  if (basis?.abs().gt(SMALL_BASIS) === true) {
    const way = basis.isNegative() ? 'less' : 'more';
    doubts.push({ level: basis.abs().gt(LARGE_BASIS) ? 'low' : 'medium', reason: `the market pays ${basis.abs().times(100).toFixed(2)} % ${way} than the oracles say` });
  }
  return doubts;
}

/** The worst pair of all calls; null where none can be compared. */
function compareWithOracle({ calls }: Opportunity, { tokens }: LiquidationState): Decimal | null {
  const bases = calls.flatMap(({ paid, received }): Decimal[] => {
    const [debt, collateral] = [tokens.get(paid[0]?.asset ?? NOTHING), tokens.get(received[0]?.asset ?? NOTHING)];
    if (debt === undefined || collateral === undefined || debt === collateral || debt.atOraclePrice || collateral.atOraclePrice) return [];
    return [collateral.marketUsd.div(debt.marketUsd).div(collateral.oracleUsd.div(debt.oracleUsd)).minus(1)];
  });
  return bases.reduce<Decimal | null>((worst, basis) => (worst === null || basis.abs().gt(worst.abs()) ? basis : worst), null);
}

function tradedAssets({ calls }: Opportunity): readonly AssetId[] {
  return calls.flatMap(({ paid, received }) => [...paid, ...received].map(({ asset }) => asset));
}

const NOTHING: AssetId = 'eip155:0/slip44:0';
