import { InvalidArgument } from '../../core/errors.ts';
import { divDown, divUp } from '../../core/fixed-point.ts';
import type { AccountView } from '../../core/rule.ts';
import { applyFactor, getCollateralToken, sideOf } from './pnl.ts';
import { FLOAT_PRECISION, type GmxMarket, type GmxPosition } from './state.ts';

/** A position of a market at a second. */
export type GmxView = AccountView<GmxMarket, GmxPosition>;

/** What closing a part costs, raw units of the collateral token. */
export interface PositionFees {
  readonly positionFee: bigint;
  /** What referral or tier give back of the position fee. */
  readonly discount: bigint;
  readonly borrowingFee: bigint;
  readonly fundingFee: bigint;
  /** Position and borrowing fee less the discount: the part that is fixed in USD. */
  readonly totalExcludingFunding: bigint;
  readonly total: bigint;
}

/**
 * Computes the fees of closing `sizeDeltaUsd` (30 decimals) at `view.at`. The pending fees are settled in full whatever the part; beyond the second that they were
 * read at they are extrapolated with the rates of then.
 *
 * @throws {InvalidArgument} where `view.at` lies before that second.
 * @source PositionPricingUtils.sol getPositionFees, getPositionFeesAfterReferral, getBorrowingFees
 */
export function computeFees(view: GmxView, sizeDeltaUsd: bigint): PositionFees {
  const { market, position } = view;
  const { priceMin } = getCollateralToken(market, position);
  const factor = position.closingImprovesBalance ? market.positionFeeFactorForPositiveImpact : market.positionFeeFactorForNegativeImpact;
  const positionFee = divDown(applyFactor(sizeDeltaUsd, factor), priceMin);
  const discount = applyFactor(positionFee, position.traderDiscountFactor);
  const pending = computePendingFees(view);
  const borrowingFee = divDown(pending.borrowingFeeUsd, priceMin);
  const totalExcludingFunding = positionFee + borrowingFee - discount;
  return { positionFee, discount, borrowingFee, fundingFee: pending.fundingFeeAmount, totalExcludingFunding, total: totalExcludingFunding + pending.fundingFeeAmount };
}

/** Computes the fee for being liquidated, raw units of the collateral token. @source PositionPricingUtils.sol getLiquidationFees */
export function computeLiquidationFee({ market, position }: GmxView): bigint {
  return divUp(applyFactor(position.sizeInUsd, market.liquidationFeeFactor), getCollateralToken(market, position).priceMin);
}

/** @source MarketUtils.sol getNextBorrowingFees, getFundingAmountPerSizeDelta */
function computePendingFees({ market, position, at }: GmxView): Pick<GmxPosition, 'borrowingFeeUsd' | 'fundingFeeAmount'> {
  const elapsed = at - position.feesAsOf;
  if (elapsed < 0n) {
    throw new InvalidArgument(`The fees of GMX position ${position.key} were read at ${position.feesAsOf}; it cannot be evaluated at the earlier second ${at}.`);
  }
  const { borrowingFactorPerSecond, fundingFactorPerSecond } = sideOf(market, position.isLong);
  const { priceMax } = getCollateralToken(market, position);
  return {
    borrowingFeeUsd: position.borrowingFeeUsd + applyFactor(position.sizeInUsd, borrowingFactorPerSecond * elapsed),
    fundingFeeAmount: position.fundingFeeAmount + divUp(position.sizeInUsd * fundingFactorPerSecond * elapsed, FLOAT_PRECISION * priceMax),
  };
}
