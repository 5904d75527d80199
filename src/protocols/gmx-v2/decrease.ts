import { divDown, divUp, min } from '../../core/fixed-point.ts';
import { computeFees, computeLiquidationFee, type GmxView } from './fees.ts';
import { computeCloseImpact } from './impact.ts';
import { computePnl, getCollateralToken, getPnlToken } from './pnl.ts';
import { violate } from './violations.ts';

/** Who closes: the owner, whose order reverts where funds do not suffice, or a liquidation keeper. */
export type DecreaseKind = 'order' | 'liquidation';

/** The outcome of a decrease before it is booked. Amounts are raw units. */
export interface Decrease {
  /** Collateral token paid out, beside what is left as collateral. */
  readonly output: bigint;
  /** Paid out in the token that the side's profits are paid in, where that is not the collateral token. */
  readonly secondaryOutput: bigint;
  readonly remainingCollateral: bigint;
  readonly sizeDeltaInTokens: bigint;
  readonly settledImpactAmount: bigint;
  readonly liquidationFee: bigint;
  /** Cost that nothing was left to pay for, USD with 30 decimals. */
  readonly unpaidUsd: bigint;
}

interface Funds {
  readonly output: bigint;
  readonly collateral: bigint;
  readonly secondary: bigint;
}

/**
 * Computes what closing `sizeDeltaUsd` (30 decimals; 0 only settles fees) leaves: costs are paid in the contract's order from the profit, then from the collateral, then
 * from profit in the other token.
 *
 * @throws {RuleViolation} InsufficientFundsToPayForCosts, for an order of the owner.
 * @source DecreasePositionCollateralUtils.sol processCollateral, payForCost
 */
export function computeDecrease(view: GmxView, sizeDeltaUsd: bigint, kind: DecreaseKind): Decrease {
  const { market, position } = view;
  const collateralToken = getCollateralToken(market, position);
  const pnlToken = getPnlToken(market, position.isLong);
  const pnl = computePnl(market, position, sizeDeltaUsd);
  const impact = sizeDeltaUsd === 0n ? { paidUsd: 0n, claimableUsd: 0n, settledAmount: 0n } : computeCloseImpact(market, position, sizeDeltaUsd);
  const fees = computeFees(view, sizeDeltaUsd);
  const liquidationFee = kind === 'liquidation' ? computeLiquidationFee(view) : 0n;
  const profit = pnl.pnlUsd > 0n ? divDown(pnl.pnlUsd, pnlToken.priceMax) : 0n;
  const inCollateral = pnlToken.asset === collateralToken.asset;
  const costs: readonly (readonly [step: string, usd: bigint])[] = [
    ['funding', fees.fundingFee * collateralToken.priceMin],
    ['pnl', pnl.pnlUsd < 0n ? -pnl.pnlUsd : 0n],
    ['fees', (fees.totalExcludingFunding + liquidationFee) * collateralToken.priceMin],
    ['impact', -impact.paidUsd],
    ['diff', impact.claimableUsd],
  ];
  let funds: Funds = { output: inCollateral ? profit : 0n, collateral: position.collateralAmount, secondary: inCollateral ? 0n : profit };
  let unpaidUsd = 0n;
  for (const [step, costUsd] of costs) {
    const paid = pay(funds, costUsd, { collateralPrice: collateralToken.priceMin, secondaryPrice: pnlToken.priceMin });
    funds = paid.funds;
    unpaidUsd = paid.unpaidUsd;
    if (unpaidUsd === 0n) continue;
    if (kind === 'order') violate('InsufficientFundsToPayForCosts', `${unpaidUsd} of the ${step} cost is not covered`);
    break;
  }
  return {
    output: funds.output,
    secondaryOutput: funds.secondary,
    remainingCollateral: funds.collateral,
    sizeDeltaInTokens: pnl.sizeDeltaInTokens,
    settledImpactAmount: impact.settledAmount,
    liquidationFee,
    unpaidUsd,
  };
}

interface PayPrices {
  readonly collateralPrice: bigint;
  readonly secondaryPrice: bigint;
}

function pay(funds: Funds, costUsd: bigint, { collateralPrice, secondaryPrice }: PayPrices): { readonly funds: Funds; readonly unpaidUsd: bigint } {
  const cost = divUp(costUsd, collateralPrice);
  const fromOutput = min(funds.output, cost);
  const fromCollateral = min(funds.collateral, cost - fromOutput);
  const inSecondary = divDown((cost - fromOutput - fromCollateral) * collateralPrice, secondaryPrice);
  const fromSecondary = min(funds.secondary, inSecondary);
  return {
    funds: { output: funds.output - fromOutput, collateral: funds.collateral - fromCollateral, secondary: funds.secondary - fromSecondary },
    unpaidUsd: (inSecondary - fromSecondary) * secondaryPrice,
  };
}
