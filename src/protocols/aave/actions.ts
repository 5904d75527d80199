import { type Approval, withApproval } from '../../core/approvals.ts';
import { addHeadRoom } from '../../core/call.ts';
import { MAX_UINT256 } from '../../core/fixed-point.ts';
import { type Address, type AssetId, tokenOf } from '../../core/ids.ts';
import type { Step, StepAmount } from '../../core/rule.ts';
import { describeStep, formatAmount, type TokenName } from '../../core/sentences.ts';
import type { ActionContext, UnsignedCall } from '../protocol.ts';
import { NO_REFERRAL, POOL, STABLE_RATE, VARIABLE_RATE } from './pool-abi.ts';
import { getAaveProfile } from './profile.ts';
import type { AavePool, AavePosition } from './state.ts';
import { violate } from './violations.ts';

/**
 * One step as calls to the pool, with the approval it needs. Targets are the deployment's own; 'max' becomes uint256's greatest value, because the amount grows until the call
 * runs; its approval is what the rule computes with head-room (without limit where the context does not tell) and is taken back after it.
 *
 * @throws {RuleViolation} for a step that Aave does not have
 */
export function encodeAaveStep(context: ActionContext, step: Step): readonly UnsignedCall[] {
  switch (step.kind) {
    case 'supply':
      return withApproval(
        approvalOf(context, step.asset, step.amount),
        'exact',
        poolCall(context, supplyName(context), [tokenAddress(step.asset), step.amount, context.owner, NO_REFERRAL], sentence(context, step)),
      );
    case 'withdraw':
      return [poolCall(context, 'withdraw', [tokenAddress(step.asset), toUint(step.amount), context.owner], sentence(context, step))];
    case 'borrow':
      return [poolCall(context, 'borrow', [tokenAddress(step.asset), step.amount, VARIABLE_RATE, NO_REFERRAL, context.owner], sentence(context, step))];
    case 'repay': {
      const repay = poolCall(context, 'repay', [tokenAddress(step.asset), toUint(step.amount), repaidRate(context, step.asset), context.owner], sentence(context, step));
      return withApproval(approvalOf(context, step.asset, step.amount), step.amount === 'max' ? 'at-most' : 'exact', repay);
    }
    case 'liquidate': {
      if (step.collateral === undefined || step.debt === undefined) throw unsupported(context);
      const repay = step.repay ?? 'max';
      const amount = repay === 'max' ? 'as much as allowed' : formatAmount(repay, nameOf(context, step.debt));
      const what = `Liquidate ${context.owner} on ${context.deployment.label}: repay ${amount} of the debt in ${nameOf(context, step.debt).symbol}.`;
      const call = poolCall(context, 'liquidationCall', [tokenAddress(step.collateral), tokenAddress(step.debt), context.owner, toUint(repay), false], what);
      return withApproval(approvalOf(context, step.debt, repay), 'at-most', call);
    }
    case 'close':
      throw unsupported(context);
  }
}

/** v2 calls a supply a deposit. */
export function supplyName({ deployment }: ActionContext): 'supply' | 'deposit' {
  return deployment.protocol === 'aave-v2' ? 'deposit' : 'supply';
}

/** The debt that a repayment goes to: the variable one, or the stable one where it is the only one, as the rule replays it. */
export function repaidRate(context: ActionContext, asset: AssetId): bigint {
  if (context.position === undefined) return VARIABLE_RATE;
  const reserve = (context.state as AavePool).reserves.find((entry) => entry.asset === asset);
  const holding = (context.position as AavePosition).holdings.find((entry) => entry.reserve === reserve?.id);
  return holding !== undefined && holding.scaledVariableDebt === 0n && holding.stableDebt !== null ? STABLE_RATE : VARIABLE_RATE;
}

/** A reserve's token as sentences name it; raw units of its address where the pool does not list it. */
export function nameOf(context: ActionContext, asset: AssetId): TokenName {
  const reserve = (context.state as AavePool).reserves.find((entry) => entry.asset === asset);
  return context.nameOf?.(asset) ?? reserve ?? { symbol: `units of ${tokenAddress(asset)}`, decimals: 0 };
}

/** The address behind an asset id. @throws {RuleViolation} where it is no token */
export function tokenAddress(asset: AssetId): Address {
  const address = tokenOf(asset);
  if (address === null) throw violate(getAaveProfile('aave-v3@3.7'), 'AssetNotListed', `${asset} is not a token`);
  return address;
}

/** A step that a lending pool does not have. */
export function unsupported(context: ActionContext): Error {
  return violate(getAaveProfile(context.deployment.assumedRule), 'InvalidAmount', 'this step does not exist on a lending pool');
}

function poolCall({ deployment }: ActionContext, name: string, args: readonly unknown[], description: string): UnsignedCall {
  return { to: deployment.market as Address, data: POOL.encodeFunctionData(name, args), value: 0n, chain: deployment.chain, description };
}

function sentence(context: ActionContext, step: Extract<Step, { readonly asset: AssetId }>): string {
  return describeStep(step.kind, step.amount, { token: nameOf(context, step.asset), place: context.deployment.label });
}

function approvalOf(context: ActionContext, asset: AssetId, amount: StepAmount): Approval {
  const { chain, label, market } = context.deployment;
  const raw = amount === 'max' && context.paid !== undefined ? addHeadRoom(context.paid) : toUint(amount);
  return { chain, token: tokenAddress(asset), name: nameOf(context, asset), spender: market as Address, spenderName: label, amount: raw };
}

function toUint(amount: StepAmount): bigint {
  return amount === 'max' ? MAX_UINT256 : amount;
}
