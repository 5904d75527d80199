import { addHeadRoom, type ExecutorCall, type ExecutorCheck, type ExecutorStep } from '../../core/call.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { MAX_UINT256, max } from '../../core/fixed-point.ts';
import type { Step, StepAmount } from '../../core/rule.ts';
import type { ActionContext, ExecutorAdapter, ExecutorBounds } from '../protocol.ts';
import { type KnownToken, requireToken, withdrawnRaw } from './actions.ts';
import { comet } from './comet-abi.ts';
import { readContracts } from './deployments.ts';
import { accrueMarket, computePresentValue } from './interest.ts';
import type { CometMarket, CometPosition } from './state.ts';

/**
 * Comet through the executor: it supplies and repays for the owner without a right; withdrawing and borrowing need the owner's `allow`, which knows no amount and is taken back after the
 * plan. All of a debt is the greatest integer.
 *
 * @source the notes of contracts/PlimsollExecutor.sol
 */
export const cometExecutor: ExecutorAdapter = { encodeStep, encodeChecks };

function encodeStep(context: ActionContext, step: Step): ExecutorStep {
  switch (step.kind) {
    case 'supply':
    case 'repay':
      return encodeSupply(context, requireToken(context, step.asset), step.amount);
    case 'withdraw':
    case 'borrow':
      return encodeWithdraw(context, requireToken(context, step.asset), step.amount);
    case 'liquidate':
    case 'close':
      throw new InvalidArgument('An executor repays and withdraws for its owner.');
  }
}

function encodeSupply(context: ActionContext, { token }: KnownToken, amount: StepAmount): ExecutorStep {
  const expected = amountOf(amount, context.paid);
  const most = amount === 'max' ? addHeadRoom(expected) : expected;
  const data = comet.encodeFunctionData('supplyTo', [context.owner, token, amount === 'max' ? MAX_UINT256 : amount]);
  return { rights: [], calls: [call(context, data, { token, amount: most })], takes: { token, expected, most }, brings: null };
}

function encodeWithdraw(context: ActionContext, known: KnownToken, amount: StepAmount): ExecutorStep {
  const expected = amountOf(amount, context.received);
  const data = comet.encodeFunctionData('withdrawFrom', [context.owner, context.sender, known.token, withdrawnRaw(context, known, amount)]);
  return {
    rights: [{ kind: 'manager', contract: readContracts(context.deployment).comet, amount: null, purpose: `act on your account in ${context.deployment.label}` }],
    calls: [call(context, data, null)],
    takes: null,
    brings: { token: known.token, expected, least: expected },
  };
}

/** The comet's own test for borrowers, the debt at most and each collateral at least as predicted, with head-room for interest. */
function encodeChecks(context: ActionContext, { before, at }: ExecutorBounds): readonly ExecutorCheck[] {
  const { owner, state } = context;
  const target = readContracts(context.deployment).comet;
  const market = accrueMarket(state as CometMarket, at);
  const position = context.position as CometPosition;
  const debtOf = (principal: bigint): bigint => max(-computePresentValue(market, principal), 0n);
  const debt = debtOf(position.principal);
  const owedBefore = debtOf((before as CometPosition).principal);
  const mostDebt = debt === 0n ? 0n : debt + addHeadRoom(max(debt, owedBefore)) - max(debt, owedBefore);
  const atLeast = (method: string, args: readonly unknown[], minimum: bigint): ExecutorCheck => ({ target, data: comet.encodeFunctionData(method, args), offset: 0, minimum, maximum: null });
  return [
    atLeast('isBorrowCollateralized', [owner], 1n),
    { ...atLeast('borrowBalanceOf', [owner], 0n), maximum: mostDebt },
    ...position.collaterals.map(({ asset, balance }) => atLeast('collateralBalanceOf', [owner, requireToken(context, asset).token], balance)),
  ];
}

function call(context: ActionContext, data: string, taken: { readonly token: KnownToken['token']; readonly amount: bigint } | null): ExecutorCall {
  const target = readContracts(context.deployment).comet;
  return { target, value: 0n, data, approval: taken === null ? null : { token: taken.token, spender: target, amount: taken.amount } };
}

function amountOf(amount: StepAmount, computed: bigint | undefined): bigint {
  const raw = amount === 'max' ? computed : amount;
  if (raw === undefined) throw new InvalidArgument('"max" in Comet through an executor needs the amount that the rule computes.');
  return raw;
}
