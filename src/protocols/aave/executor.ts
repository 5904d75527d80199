import { Interface } from 'ethers';
import { addHeadRoom, type ExecutorCall, type ExecutorCheck, type ExecutorStep } from '../../core/call.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { MAX_UINT256 } from '../../core/fixed-point.ts';
import type { Address, AssetId } from '../../core/ids.ts';
import type { Step, StepAmount } from '../../core/rule.ts';
import { formatAmount } from '../../core/sentences.ts';
import type { ActionContext, ExecutorAdapter, ExecutorBounds } from '../protocol.ts';
import { nameOf, repaidRate, supplyName, tokenAddress, unsupported } from './actions.ts';
import { NO_REFERRAL, POOL, VARIABLE_RATE } from './pool-abi.ts';
import { getAaveProfile } from './profile.ts';
import { getReserveContracts } from './reserve-contracts.ts';

const ERC20 = new Interface(['function transferFrom(address from, address to, uint256 amount) returns (bool)']);
/** Byte of the health factor in what `getUserAccountData` returns. */
const HEALTH_OFFSET = 160;
/** Before 3.5 the average threshold is cut to whole basis points: up to this part of a health factor, for averages of 40 % and more. */
const CUT_PART = 4_000n;
/** An aToken balance may lose this on the way through the executor, in versions that round halves up. */
const HALF_UP_LOSS = 1n;

/**
 * Aave through the executor: it repays and supplies for the owner without a right, takes collateral as aTokens by an exact allowance and withdraws them, and borrows by an exact delegation
 * of the debt token. A 'max' withdrawal is the balance by the rule: interest of the seconds until it runs stays supplied.
 *
 * @source the notes of contracts/PlimsollExecutor.sol
 */
export const aaveExecutor: ExecutorAdapter = { encodeStep, encodeChecks };

function encodeStep(context: ActionContext, step: Step): ExecutorStep {
  switch (step.kind) {
    case 'supply': {
      const data = POOL.encodeFunctionData(supplyName(context), [tokenAddress(step.asset), step.amount, context.owner, NO_REFERRAL]);
      return {
        rights: [],
        calls: [poolCall(context, data, { asset: step.asset, amount: step.amount })],
        takes: { token: tokenAddress(step.asset), expected: step.amount, most: step.amount },
        brings: null,
      };
    }
    case 'repay': {
      const expected = amountOf(context, step.amount, context.paid);
      const most = step.amount === 'max' ? addHeadRoom(expected) : expected;
      // The greatest integer means "all" for one's own debt only.
      const data = POOL.encodeFunctionData('repay', [tokenAddress(step.asset), most, repaidRate(context, step.asset), context.owner]);
      return { rights: [], calls: [poolCall(context, data, { asset: step.asset, amount: most })], takes: { token: tokenAddress(step.asset), expected, most }, brings: null };
    }
    case 'withdraw':
      return encodeWithdraw(context, step.asset, amountOf(context, step.amount, context.received));
    case 'borrow': {
      const { debtToken } = getReserveContracts(context.deployment, tokenAddress(step.asset));
      const data = POOL.encodeFunctionData('borrow', [tokenAddress(step.asset), step.amount, VARIABLE_RATE, NO_REFERRAL, context.owner]);
      return {
        rights: [
          { kind: 'delegation', contract: debtToken, amount: step.amount, purpose: `borrow ${formatAmount(step.amount, nameOf(context, step.asset))} from ${context.deployment.label} for you` },
        ],
        calls: [poolCall(context, data, null)],
        takes: null,
        brings: { token: tokenAddress(step.asset), expected: step.amount, least: step.amount },
      };
    }
    case 'liquidate':
    case 'close':
      throw unsupported(context);
  }
}

function encodeWithdraw(context: ActionContext, asset: AssetId, amount: bigint): ExecutorStep {
  const token = tokenAddress(asset);
  const { aToken } = getReserveContracts(context.deployment, token);
  const { tokenRounding } = getAaveProfile(context.rule ?? context.deployment.assumedRule);
  const take: ExecutorCall = { target: aToken, value: 0n, data: ERC20.encodeFunctionData('transferFrom', [context.owner, context.sender, amount]), approval: null };
  return {
    rights: [{ kind: 'allowance', contract: aToken, amount, purpose: `take ${formatAmount(amount, nameOf(context, asset))} of collateral out of ${context.deployment.label}` }],
    calls: [take, poolCall(context, POOL.encodeFunctionData('withdraw', [token, MAX_UINT256, context.sender]), null)],
    takes: null,
    brings: { token, expected: amount, least: tokenRounding === 'half-up' ? amount - HALF_UP_LOSS : amount },
  };
}

function encodeChecks(context: ActionContext, { minimumHealth }: ExecutorBounds): readonly ExecutorCheck[] {
  const { healthFactor } = getAaveProfile(context.rule ?? context.deployment.assumedRule);
  const minimum = healthFactor === 'average-threshold' ? minimumHealth - minimumHealth / CUT_PART : minimumHealth;
  return [{ target: poolOf(context), data: POOL.encodeFunctionData('getUserAccountData', [context.owner]), offset: HEALTH_OFFSET, minimum, maximum: null }];
}

function poolCall(context: ActionContext, data: string, taken: { readonly asset: AssetId; readonly amount: bigint } | null): ExecutorCall {
  const target = poolOf(context);
  return { target, value: 0n, data, approval: taken === null ? null : { token: tokenAddress(taken.asset), spender: target, amount: taken.amount } };
}

function poolOf({ deployment }: ActionContext): Address {
  return deployment.market as Address;
}

function amountOf(context: ActionContext, amount: StepAmount, computed: bigint | undefined): bigint {
  const raw = amount === 'max' ? computed : amount;
  if (raw === undefined) throw new InvalidArgument(`"max" on ${context.deployment.label} through an executor needs the amount that the rule computes.`);
  return raw;
}
