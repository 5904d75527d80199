import { InvalidArgument, RuleViolation } from '../../core/errors.ts';
import { max, min, mulDivDown, pow10, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { StepAmount } from '../../core/rule.ts';
import { computeLiquidity, type Liquidity } from './liquidity.ts';
import { accruePosition, type GenericMarket, type GenericPosition, type GenericView, getAsset, getBorrowFactor, getCollateralFactor, getPrice } from './state.ts';

/** The id of the rule, which its violations carry. */
export const GENERIC_RULE_ID = 'generic-lending@1';

/** Which debt is repaid against which collateral; `repay` is what the liquidator pays, fee included. */
export interface LiquidationRequest {
  readonly collateral: AssetId;
  readonly debt: AssetId;
  readonly repay: StepAmount;
}

/** What one liquidation does to the account. Amounts in raw base units, `discount` at 1e18. */
export interface LiquidationResult {
  readonly discount: bigint;
  /** The most that a liquidator may pay, fee included. */
  readonly maxPaid: bigint;
  /** Paid by the liquidator: the debt repaid and the fee. */
  readonly paid: bigint;
  /** Taken off the account's debt. */
  readonly repaid: bigint;
  readonly seized: bigint;
  readonly leftoverDebt: bigint;
  readonly leftoverCollateral: bigint;
  /** Debts of the account that no collateral is left for. */
  readonly badDebt: readonly { readonly asset: AssetId; readonly amount: bigint }[];
}

/**
 * Computes one liquidation: up to the target health, at the discount base + 1 − health (capped), within the debt and the collateral of the
 * pair. The liquidator is one without a discount booster. Where the collateral is what limits, all of it goes, as Euler's own preview says.
 *
 * @throws {RuleViolation} NOT_LIQUIDATABLE, NO_DEBT, NO_COLLATERAL, EXCESSIVE_REPAY.
 * @throws {InvalidArgument} where `repay` is not positive.
 * @source euler-xyz/euler-contracts Liquidation.computeLiqOpp
 */
export function computeLiquidation(view: GenericView, request: LiquidationRequest): LiquidationResult {
  const { market } = view;
  const position = accruePosition(view);
  const owed = position.debts.find((entry) => entry.asset === request.debt)?.amount ?? 0n;
  const held = position.supplied.find((entry) => entry.asset === request.collateral && entry.collateral)?.amount ?? 0n;
  const liquidity = computeLiquidity(market, position);
  if (liquidity.collateralValue >= liquidity.liabilityValue) {
    throw violation('NOT_LIQUIDATABLE', `its collateral counts ${liquidity.collateralValue}, its debt ${liquidity.liabilityValue}`);
  }
  if (owed === 0n) throw violation('NO_DEBT', `the account owes nothing in ${request.debt}`);
  if (held === 0n) throw violation('NO_COLLATERAL', `the account has no collateral in ${request.collateral}`);

  const discount = discountAt(market, liquidity);
  const conversion = conversionOf(market, request, discount);
  const wanted = min(repayToTarget(market, request, { liquidity, discount }), owed);
  const enough = seizedFor(market, request, { repaid: wanted, conversion }) <= held;
  const most = enough ? wanted : min(wanted, repayFor(market, request, { seized: held, conversion }));
  const maxPaid = mulDivDown(most, WAD + market.liquidation.repayFee, WAD);
  const paid = request.repay === 'max' ? maxPaid : request.repay;
  if (paid <= 0n && request.repay !== 'max') throw new InvalidArgument('A liquidation repays more than 0.');
  if (paid > maxPaid) throw violation('EXCESSIVE_REPAY', `at most ${maxPaid} may be paid, not ${paid}`);

  const repaid = paid === maxPaid ? most : mulDivDown(paid, mulDivDown(WAD, WAD, WAD + market.liquidation.repayFee), WAD);
  const seized = paid === maxPaid && !enough ? held : min(held, seizedFor(market, request, { repaid, conversion }));
  return {
    discount,
    maxPaid,
    paid,
    repaid,
    seized,
    leftoverDebt: owed - repaid,
    leftoverCollateral: held - seized,
    badDebt: badDebtOf(position, request, { repaid, seized }),
  };
}

function discountAt(market: GenericMarket, liquidity: Liquidity): bigint {
  const { baseDiscount, maxDiscount } = market.liquidation;
  const health = mulDivDown(liquidity.collateralValue, WAD, liquidity.liabilityValue);
  return min(baseDiscount + (WAD - health), maxDiscount);
}

/** Collateral value per debt value and its discount, 1e18: the rate at which repaid debt turns into collateral, before decimals. */
function conversionOf(market: GenericMarket, request: LiquidationRequest, discount: bigint): bigint {
  const debtPrice = getPrice(getAsset(market, request.debt));
  const collateralPrice = getPrice(getAsset(market, request.collateral));
  return mulDivDown(mulDivDown(debtPrice, WAD, collateralPrice), WAD, WAD - discount);
}

function seizedFor(market: GenericMarket, request: LiquidationRequest, of: { repaid: bigint; conversion: bigint }): bigint {
  const [debt, collateral] = [getAsset(market, request.debt), getAsset(market, request.collateral)];
  return mulDivDown(of.repaid, of.conversion * pow10(collateral.decimals), WAD * pow10(debt.decimals));
}

function repayFor(market: GenericMarket, request: LiquidationRequest, of: { seized: bigint; conversion: bigint }): bigint {
  const [debt, collateral] = [getAsset(market, request.debt), getAsset(market, request.collateral)];
  return mulDivDown(of.seized, WAD * pow10(debt.decimals), of.conversion * pow10(collateral.decimals));
}

/**
 * Debt to repay so that health comes back to the target: x in the unit of account with (C − x·a) / (L − x·b) = target, where a and b are what
 * one unit of seized collateral and repaid debt count. More than any debt where repaying in this pair never gets there, and where both
 * sides are one asset (the weights of a self-covered loan are others).
 */
function repayToTarget(market: GenericMarket, request: LiquidationRequest, of: { liquidity: Liquidity; discount: bigint }): bigint {
  const debt = getAsset(market, request.debt);
  const everything = 2n ** 255n;
  if (request.debt === request.collateral) return everything;
  const { targetHealth } = market.liquidation;
  const target = mulDivDown(of.liquidity.liabilityValue, targetHealth, WAD);
  const borrowWeight = mulDivDown(targetHealth, WAD, getBorrowFactor(debt));
  const collateralWeight = mulDivDown(getCollateralFactor(getAsset(market, request.collateral)), WAD, WAD - of.discount);
  if (borrowWeight <= collateralWeight) return everything;
  const inUnit = mulDivDown(target - of.liquidity.collateralValue, WAD, borrowWeight - collateralWeight);
  return mulDivDown(inUnit, pow10(debt.decimals), getPrice(debt));
}

function badDebtOf(position: GenericPosition, request: LiquidationRequest, moved: { repaid: bigint; seized: bigint }): LiquidationResult['badDebt'] {
  const left = position.supplied.reduce((total, entry) => total + (entry.collateral ? entry.amount : 0n), 0n) - moved.seized;
  if (left > 0n) return [];
  return position.debts.map(({ asset, amount }) => ({ asset, amount: asset === request.debt ? max(amount - moved.repaid, 0n) : amount })).filter(({ amount }) => amount > 0n);
}

/** A typed refusal in the rule's own name. */
export function violation(error: string, explanation: string): RuleViolation {
  return new RuleViolation(GENERIC_RULE_ID, error, explanation);
}
