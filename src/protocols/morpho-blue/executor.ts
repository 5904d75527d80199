import { addHeadRoom, type ExecutorCall, type ExecutorCheck, type ExecutorRight, type ExecutorStep } from '../../core/call.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { mulDivUp, WAD } from '../../core/fixed-point.ts';
import type { Step, StepAmount } from '../../core/rule.ts';
import type { ActionContext, ExecutorAdapter, ExecutorBounds } from '../protocol.ts';
import { getPosition, type MorphoTarget, readTarget, requireLoan, withdrawnOf } from './actions.ts';
import { borrowTotals, ORACLE_PRICE_SCALE } from './health.ts';
import { accrueInterest } from './interest.ts';
import { encodeParams } from './market-id.ts';
import { morphoInterface, oracleInterface } from './morpho-abi.ts';
import { toAssetsUp } from './shares.ts';
import type { MorphoPosition, MorphoToken } from './state.ts';
import { violation } from './violations.ts';

/** Bytes of the members in what `position` returns. */
const [BORROW_SHARES_OFFSET, COLLATERAL_OFFSET] = [32, 64];

/**
 * Morpho Blue through the executor: it repays and supplies for the owner without a right; withdrawing and borrowing need the owner's authorization, which knows no amount and is taken back
 * after the plan. All of a debt is repaid by its shares.
 *
 * @source the notes of contracts/PlimsollExecutor.sol
 */
export const morphoExecutor: ExecutorAdapter = { encodeStep, encodeChecks };

function encodeStep(context: ActionContext, step: Step): ExecutorStep {
  const target = readTarget(context);
  const { market, params } = target;
  const { owner, sender } = context;
  switch (step.kind) {
    case 'supply': {
      const isCollateral = step.asset === market.collateral.asset;
      const token = isCollateral ? market.collateral : requireLoan(market, step.asset);
      const data = isCollateral
        ? morphoInterface.encodeFunctionData('supplyCollateral', [encodeParams(params), step.amount, owner, '0x'])
        : morphoInterface.encodeFunctionData('supply', [encodeParams(params), step.amount, 0n, owner, '0x']);
      return pay(target, data, { token, expected: step.amount, most: step.amount });
    }
    case 'repay': {
      const token = requireLoan(market, step.asset);
      const [assets, shares] = step.amount === 'max' ? [0n, getPosition(context).borrowShares] : [step.amount, 0n];
      const expected = amountOf(step.amount, context.paid);
      const data = morphoInterface.encodeFunctionData('repay', [encodeParams(params), assets, shares, owner, '0x']);
      return pay(target, data, { token, expected, most: step.amount === 'max' ? addHeadRoom(expected) : expected });
    }
    case 'withdraw': {
      const taken = withdrawnOf(target, step.asset, step.amount);
      if ('collateral' in taken) {
        const data = morphoInterface.encodeFunctionData('withdrawCollateral', [encodeParams(params), taken.collateral, owner, sender]);
        return take(target, data, { token: market.collateral, amount: taken.collateral });
      }
      const data = morphoInterface.encodeFunctionData('withdraw', [encodeParams(params), taken.assets, taken.shares, owner, sender]);
      return take(target, data, { token: market.loan, amount: amountOf(step.amount, context.received) });
    }
    case 'borrow': {
      const token = requireLoan(market, step.asset);
      return take(target, morphoInterface.encodeFunctionData('borrow', [encodeParams(params), step.amount, 0n, owner, sender]), { token, amount: step.amount });
    }
    case 'liquidate':
    case 'close':
      throw violation('inconsistentInput', 'an executor repays and withdraws for its owner');
  }
}

/**
 * The position as predicted, with head-room for interest on shares, and the least oracle price at which it has the health that is asked for: Morpho has no view of a health factor.
 */
function encodeChecks(context: ActionContext, { before, at, minimumHealth }: ExecutorBounds): readonly ExecutorCheck[] {
  const { market, morpho, params } = readTarget(context);
  const { borrowShares, collateral } = getPosition(context);
  const mostShares = borrowShares === 0n ? 0n : borrowShares + addHeadRoom((before as MorphoPosition).borrowShares) - (before as MorphoPosition).borrowShares;
  const data = morphoInterface.encodeFunctionData('position', [market.id, context.owner]);
  const checks: ExecutorCheck[] = [
    { target: morpho, data, offset: BORROW_SHARES_OFFSET, minimum: 0n, maximum: mostShares },
    { target: morpho, data, offset: COLLATERAL_OFFSET, minimum: collateral, maximum: null },
  ];
  if (borrowShares === 0n || collateral === 0n) return checks;
  const neededValue = mulDivUp(mulDivUp(toAssetsUp(borrowShares, borrowTotals(accrueInterest(market, at))), minimumHealth, WAD), WAD, market.lltv);
  const leastPrice = mulDivUp(neededValue, ORACLE_PRICE_SCALE, collateral);
  return [...checks, { target: params.oracle, data: oracleInterface.encodeFunctionData('price'), offset: 0, minimum: leastPrice, maximum: null }];
}

function pay({ market, morpho, params }: MorphoTarget, data: string, use: { readonly token: MorphoToken; readonly expected: bigint; readonly most: bigint }): ExecutorStep {
  const token = use.token === market.collateral ? params.collateralToken : params.loanToken;
  const call: ExecutorCall = { target: morpho, value: 0n, data, approval: { token, spender: morpho, amount: use.most } };
  return { rights: [], calls: [call], takes: { token, expected: use.expected, most: use.most }, brings: null };
}

function take({ context, market, morpho, params }: MorphoTarget, data: string, gain: { readonly token: MorphoToken; readonly amount: bigint }): ExecutorStep {
  const right: ExecutorRight = { kind: 'authorization', contract: morpho, amount: null, purpose: `act on your positions in ${context.deployment.label}` };
  const token = gain.token === market.collateral ? params.collateralToken : params.loanToken;
  return { rights: [right], calls: [{ target: morpho, value: 0n, data, approval: null }], takes: null, brings: { token, expected: gain.amount, least: gain.amount } };
}

function amountOf(amount: StepAmount, computed: bigint | undefined): bigint {
  const raw = amount === 'max' ? computed : amount;
  if (raw === undefined) throw new InvalidArgument('"max" in Morpho Blue through an executor needs the amount that the rule computes.');
  return raw;
}
