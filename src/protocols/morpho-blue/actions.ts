import { type Approval, withApproval } from '../../core/approvals.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { mulDivUp } from '../../core/fixed-point.ts';
import type { Address } from '../../core/ids.ts';
import type { LiquidateStep, Step, StepAmount } from '../../core/rule.ts';
import { describeStep, formatAmount, type TokenName } from '../../core/sentences.ts';
import type { ActionContext, UnsignedCall } from '../protocol.ts';
import { borrowTotals } from './health.ts';
import { computeLiquidation, greatestLiquidation, type LiquidationInput } from './liquidation.ts';
import { computeMarketId, encodeParams, getMarketParams, type MarketParams } from './market-id.ts';
import { morphoInterface } from './morpho-abi.ts';
import { toAssetsUp } from './shares.ts';
import type { MorphoMarket, MorphoPosition, MorphoToken } from './state.ts';
import { violation } from './violations.ts';

/** Shares cost a little more with each second until the call runs; an approval for them allows 1 % more and is taken back after it. */
const SHARE_APPROVAL_NUMERATOR = 101n;
const SHARE_APPROVAL_DENOMINATOR = 100n;

/** A step of an amount of one asset. */
interface AmountStep {
  readonly kind: 'supply' | 'withdraw' | 'borrow' | 'repay';
  readonly asset: string;
  readonly amount: StepAmount;
}

/** The deployment's contract and the market, whose parameters hash to its id. */
export interface MorphoTarget {
  readonly context: ActionContext;
  readonly morpho: Address;
  readonly market: MorphoMarket;
  readonly params: MarketParams;
  /** The market as sentences name it. */
  readonly place: string;
}

/**
 * One step as calls to the deployment's Morpho contract. An exact amount gets an exact approval; shares ('max', liquidation) get one
 * that is 1 % greater and is set back to 0 by a last call. The market's parameters are sent only if they hash to its id.
 *
 * @throws {InvalidArgument} where the market is not the one its id names, or 'max' is asked without the position.
 * @throws {RuleViolation} where the contract would refuse the sender or the amounts.
 */
export function encodeMorphoStep(context: ActionContext, step: Step): readonly UnsignedCall[] {
  const target = readTarget(context);
  const { market, params } = target;
  const { owner } = context;
  switch (step.kind) {
    case 'supply': {
      const isCollateral = step.asset === market.collateral.asset;
      const token = isCollateral ? market.collateral : requireLoan(market, step.asset);
      const data = isCollateral
        ? morphoInterface.encodeFunctionData('supplyCollateral', [encodeParams(params), step.amount, owner, '0x'])
        : morphoInterface.encodeFunctionData('supply', [encodeParams(params), step.amount, 0n, owner, '0x']);
      return withApproval(approvalOf(target, token, step.amount), 'exact', call(target, data, sentence(target, step, token)));
    }
    case 'withdraw':
      requireOwner(context);
      return [encodeWithdraw(target, step)];
    case 'borrow': {
      requireOwner(context);
      const data = morphoInterface.encodeFunctionData('borrow', [encodeParams(params), step.amount, 0n, owner, owner]);
      return [call(target, data, sentence(target, step, requireLoan(market, step.asset)))];
    }
    case 'repay':
      return encodeRepay(target, step);
    case 'liquidate':
      return encodeLiquidate(target, step);
    case 'close':
      throw violation('inconsistentInput', 'a lending position is repaid, not closed');
  }
}

/** @throws {InvalidArgument} where the deployment names no contract, or the market is not the one that its id names. */
export function readTarget(context: ActionContext): MorphoTarget {
  const { morpho } = context.deployment.contracts;
  const state = context.state as MorphoMarket;
  const params = getMarketParams(state);
  if (morpho === undefined) throw new InvalidArgument(`The deployment ${context.deployment.id} names no Morpho contract.`);
  if (computeMarketId(params) !== state.id || state.id !== context.market) {
    throw new InvalidArgument(`The parameters of the Morpho market ${context.market} do not hash to that id. Read the portfolio again.`);
  }
  const [collateral, loan] = [nameOf(context, state.collateral), nameOf(context, state.loan)];
  return { context, morpho, market: state, params, place: `${context.deployment.label} ${collateral.symbol}/${loan.symbol}` };
}

/** How much of the collateral, or of what is lent as assets and shares, a withdrawal takes. @throws {InvalidArgument} for 'max' without the position */
export function withdrawnOf({ context, market }: MorphoTarget, asset: string, amount: StepAmount): { readonly collateral: bigint } | { readonly assets: bigint; readonly shares: bigint } {
  if (asset === market.collateral.asset) return { collateral: amount === 'max' ? getPosition(context).collateral : amount };
  requireLoan(market, asset);
  return amount === 'max' ? { assets: 0n, shares: getPosition(context).supplyShares } : { assets: amount, shares: 0n };
}

function encodeWithdraw(target: MorphoTarget, step: AmountStep): UnsignedCall {
  const { context, market, params } = target;
  const { owner } = context;
  const taken = withdrawnOf(target, step.asset, step.amount);
  if ('collateral' in taken) {
    const data = morphoInterface.encodeFunctionData('withdrawCollateral', [encodeParams(params), taken.collateral, owner, owner]);
    return call(target, data, sentence(target, { ...step, amount: taken.collateral }, market.collateral));
  }
  const data = morphoInterface.encodeFunctionData('withdraw', [encodeParams(params), taken.assets, taken.shares, owner, owner]);
  return call(target, data, sentence(target, step, market.loan));
}

function encodeRepay(target: MorphoTarget, step: AmountStep): readonly UnsignedCall[] {
  const { context, market, params } = target;
  const loan = requireLoan(market, step.asset);
  const [assets, shares] = step.amount === 'max' ? [0n, getPosition(context).borrowShares] : [step.amount, 0n];
  const repay = call(target, morphoInterface.encodeFunctionData('repay', [encodeParams(params), assets, shares, context.owner, '0x']), sentence(target, step, loan));
  if (step.amount !== 'max') return withApproval(approvalOf(target, loan, step.amount), 'exact', repay);
  return withApproval(approvalOf(target, loan, roomForShares(toAssetsUp(shares, borrowTotals(market)))), 'at-most', repay);
}

function encodeLiquidate(target: MorphoTarget, step: LiquidateStep): readonly UnsignedCall[] {
  const { context, market, params, place } = target;
  const input = readLiquidation(target, step);
  const [seized, shares] = input.kind === 'seize' ? [input.assets, 0n] : [0n, input.shares];
  const { repaidAssets } = computeLiquidation(market, input);
  const data = morphoInterface.encodeFunctionData('liquidate', [encodeParams(params), context.owner, seized, shares, '0x']);
  const liquidate = call(target, data, `Liquidate ${context.owner} in ${place}: repay about ${formatAmount(repaidAssets, nameOf(context, market.loan))}.`);
  return withApproval(approvalOf(target, market.loan, roomForShares(repaidAssets)), 'at-most', liquidate);
}

function readLiquidation({ context, market }: MorphoTarget, step: LiquidateStep): LiquidationInput {
  if (step.repayShares === 'max' && step.seize === undefined) return greatestLiquidation(market, getPosition(context));
  if (typeof step.repayShares === 'bigint' && step.seize === undefined) return { kind: 'repayShares', shares: step.repayShares };
  if (step.seize !== undefined && step.repayShares === undefined) return { kind: 'seize', assets: step.seize };
  throw violation('inconsistentInput', 'a liquidation states exactly one of repayShares and seize');
}

function nameOf(context: ActionContext, token: MorphoToken): TokenName {
  return context.nameOf?.(token.asset) ?? token;
}

function roomForShares(assets: bigint): bigint {
  return mulDivUp(assets, SHARE_APPROVAL_NUMERATOR, SHARE_APPROVAL_DENOMINATOR);
}

function approvalOf({ context, morpho, market, params }: MorphoTarget, token: MorphoToken, amount: bigint): Approval {
  const address = token === market.collateral ? params.collateralToken : params.loanToken;
  return { chain: context.deployment.chain, token: address, name: nameOf(context, token), spender: morpho, spenderName: context.deployment.label, amount };
}

function sentence({ context, place }: MorphoTarget, { kind, amount }: AmountStep, token: MorphoToken): string {
  return describeStep(kind, amount, { token: nameOf(context, token), place });
}

function call({ context, morpho }: MorphoTarget, data: string, description: string): UnsignedCall {
  return { to: morpho, data, value: 0n, chain: context.deployment.chain, description };
}

/** The account's position. @throws {InvalidArgument} where it was not handed in */
export function getPosition(context: ActionContext): MorphoPosition {
  if (context.position === undefined) {
    throw new InvalidArgument("Morpho knows no 'max': hand in the position, or state the amount.");
  }
  return context.position as MorphoPosition;
}

/** The market's loan token. @throws {RuleViolation} where the asset is another one */
export function requireLoan(market: MorphoMarket, asset: string): MorphoToken {
  if (asset !== market.loan.asset) throw violation('marketNotCreated', `the loan token of ${market.id} is ${market.loan.asset}, not ${asset}`);
  return market.loan;
}

function requireOwner(context: ActionContext): void {
  if (context.sender !== context.owner) throw violation('unauthorized', `${context.sender} is not the owner`);
}
