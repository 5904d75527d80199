import { Interface } from 'ethers';
import { InvalidArgument } from '../../core/errors.ts';
import { mulDivUp } from '../../core/fixed-point.ts';
import type { Address } from '../../core/ids.ts';
import type { LiquidateStep, Step, StepAmount } from '../../core/rule.ts';
import type { ActionContext, UnsignedCall } from '../protocol.ts';
import { borrowTotals } from './health.ts';
import { computeLiquidation, greatestLiquidation, type LiquidationInput } from './liquidation.ts';
import { computeMarketId, encodeParams, getMarketParams, type MarketParams } from './market-id.ts';
import { toAssetsUp } from './shares.ts';
import type { MorphoMarket, MorphoPosition, MorphoToken } from './state.ts';
import { violation } from './violations.ts';

const MARKET_PARAMS = '(address loanToken, address collateralToken, address oracle, address irm, uint256 lltv) marketParams';

/** @source Morpho.sol */
const morphoInterface = new Interface([
  `function supply(${MARKET_PARAMS}, uint256 assets, uint256 shares, address onBehalf, bytes data) returns (uint256, uint256)`,
  `function withdraw(${MARKET_PARAMS}, uint256 assets, uint256 shares, address onBehalf, address receiver) returns (uint256, uint256)`,
  `function borrow(${MARKET_PARAMS}, uint256 assets, uint256 shares, address onBehalf, address receiver) returns (uint256, uint256)`,
  `function repay(${MARKET_PARAMS}, uint256 assets, uint256 shares, address onBehalf, bytes data) returns (uint256, uint256)`,
  `function supplyCollateral(${MARKET_PARAMS}, uint256 assets, address onBehalf, bytes data)`,
  `function withdrawCollateral(${MARKET_PARAMS}, uint256 assets, address onBehalf, address receiver)`,
  `function liquidate(${MARKET_PARAMS}, address borrower, uint256 seizedAssets, uint256 repaidShares, bytes data) returns (uint256, uint256)`,
]);
const tokenInterface = new Interface(['function approve(address spender, uint256 amount) returns (bool)']);

/** Shares cost a little more with each second until the call runs; an approval for them allows 1 % more and is taken back after it. */
const SHARE_APPROVAL_NUMERATOR = 101n;
const SHARE_APPROVAL_DENOMINATOR = 100n;

interface Target {
  readonly context: ActionContext;
  readonly morpho: Address;
  readonly market: MorphoMarket;
  readonly params: MarketParams;
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
  const name = `${market.collateral.symbol}/${market.loan.symbol}`;
  switch (step.kind) {
    case 'supply': {
      const isCollateral = step.asset === market.collateral.asset;
      const token = isCollateral ? market.collateral : requireLoan(market, step.asset);
      const data = isCollateral
        ? morphoInterface.encodeFunctionData('supplyCollateral', [encodeParams(params), step.amount, owner, '0x'])
        : morphoInterface.encodeFunctionData('supply', [encodeParams(params), step.amount, 0n, owner, '0x']);
      return [approve(target, token, step.amount), call(target, data, `Supply ${step.amount} ${token.symbol} to Morpho ${name}.`)];
    }
    case 'withdraw':
      requireOwner(context);
      return [encodeWithdraw(target, step.asset, step.amount, name)];
    case 'borrow': {
      requireOwner(context);
      requireLoan(market, step.asset);
      const data = morphoInterface.encodeFunctionData('borrow', [encodeParams(params), step.amount, 0n, owner, owner]);
      return [call(target, data, `Borrow ${step.amount} ${market.loan.symbol} from Morpho ${name}.`)];
    }
    case 'repay':
      requireLoan(market, step.asset);
      return step.amount === 'max' ? encodeRepayAll(target, name) : encodeRepay(target, step.amount, name);
    case 'liquidate':
      return encodeLiquidate(target, step, name);
    case 'close':
      throw violation('inconsistentInput', 'a lending position is repaid, not closed');
  }
}

function readTarget(context: ActionContext): Target {
  const { morpho } = context.deployment.contracts;
  const state = context.state as MorphoMarket;
  const params = getMarketParams(state);
  if (morpho === undefined) throw new InvalidArgument(`The deployment ${context.deployment.id} names no Morpho contract.`);
  if (computeMarketId(params) !== state.id || state.id !== context.market) {
    throw new InvalidArgument(`The parameters of the Morpho market ${context.market} do not hash to that id. Read the portfolio again.`);
  }
  return { context, morpho, market: state, params };
}

function encodeWithdraw(target: Target, asset: string, amount: StepAmount, name: string): UnsignedCall {
  const { context, market, params } = target;
  const { owner } = context;
  if (asset === market.collateral.asset) {
    const assets = amount === 'max' ? getPosition(context).collateral : amount;
    const data = morphoInterface.encodeFunctionData('withdrawCollateral', [encodeParams(params), assets, owner, owner]);
    return call(target, data, `Withdraw ${assets} ${market.collateral.symbol} from Morpho ${name}.`);
  }
  requireLoan(market, asset);
  const [assets, shares] = amount === 'max' ? [0n, getPosition(context).supplyShares] : [amount, 0n];
  const data = morphoInterface.encodeFunctionData('withdraw', [encodeParams(params), assets, shares, owner, owner]);
  return call(target, data, `Withdraw ${amount === 'max' ? 'all' : amount} ${market.loan.symbol} from Morpho ${name}.`);
}

function encodeRepay(target: Target, amount: bigint, name: string): readonly UnsignedCall[] {
  const { context, market, params } = target;
  const data = morphoInterface.encodeFunctionData('repay', [encodeParams(params), amount, 0n, context.owner, '0x']);
  return [approve(target, market.loan, amount), call(target, data, `Repay ${amount} ${market.loan.symbol} to Morpho ${name}.`)];
}

function encodeRepayAll(target: Target, name: string): readonly UnsignedCall[] {
  const { context, market, params } = target;
  const { borrowShares } = getPosition(context);
  const data = morphoInterface.encodeFunctionData('repay', [encodeParams(params), 0n, borrowShares, context.owner, '0x']);
  const repay = call(target, data, `Repay the whole debt in ${market.loan.symbol} to Morpho ${name}.`);
  return withShareApproval(target, toAssetsUp(borrowShares, borrowTotals(market)), repay);
}

function encodeLiquidate(target: Target, step: LiquidateStep, name: string): readonly UnsignedCall[] {
  const { context, market, params } = target;
  const input = readLiquidation(target, step);
  const [seized, shares] = input.kind === 'seize' ? [input.assets, 0n] : [0n, input.shares];
  const data = morphoInterface.encodeFunctionData('liquidate', [encodeParams(params), context.owner, seized, shares, '0x']);
  const liquidate = call(target, data, `Liquidate ${context.owner} in Morpho ${name}.`);
  return withShareApproval(target, computeLiquidation(market, input).repaidAssets, liquidate);
}

function readLiquidation({ context, market }: Target, step: LiquidateStep): LiquidationInput {
  if (step.repayShares === 'max' && step.seize === undefined) return greatestLiquidation(market, getPosition(context));
  if (typeof step.repayShares === 'bigint' && step.seize === undefined) return { kind: 'repayShares', shares: step.repayShares };
  if (step.seize !== undefined && step.repayShares === undefined) return { kind: 'seize', assets: step.seize };
  throw violation('inconsistentInput', 'a liquidation states exactly one of repayShares and seize');
}

function withShareApproval(target: Target, assets: bigint, inner: UnsignedCall): readonly UnsignedCall[] {
  const { loan } = target.market;
  const allowance = mulDivUp(assets, SHARE_APPROVAL_NUMERATOR, SHARE_APPROVAL_DENOMINATOR);
  return [approve(target, loan, allowance), inner, approve(target, loan, 0n)];
}

function approve({ context, morpho, market, params }: Target, token: MorphoToken, amount: bigint): UnsignedCall {
  return {
    to: token === market.collateral ? params.collateralToken : params.loanToken,
    data: tokenInterface.encodeFunctionData('approve', [morpho, amount]),
    value: 0n,
    chain: context.deployment.chain,
    description: amount === 0n ? `Take back what is left of the approval of ${token.symbol}.` : `Allow Morpho to take ${amount} ${token.symbol} (raw units).`,
  };
}

function call({ context, morpho }: Target, data: string, description: string): UnsignedCall {
  return { to: morpho, data, value: 0n, chain: context.deployment.chain, description };
}

function getPosition(context: ActionContext): MorphoPosition {
  if (context.position === undefined) {
    throw new InvalidArgument("Morpho knows no 'max': hand in the position, or state the amount.");
  }
  return context.position as MorphoPosition;
}

function requireLoan(market: MorphoMarket, asset: string): MorphoToken {
  if (asset !== market.loan.asset) throw violation('marketNotCreated', `the loan token of ${market.id} is ${market.loan.asset}, not ${asset}`);
  return market.loan;
}

function requireOwner(context: ActionContext): void {
  if (context.sender !== context.owner) throw violation('unauthorized', `${context.sender} is not the owner`);
}
