import { Interface } from 'ethers';
import { MAX_UINT256 } from '../../core/fixed-point.ts';
import { type Address, type AssetId, tokenOf } from '../../core/ids.ts';
import type { Step, StepAmount } from '../../core/rule.ts';
import type { ActionContext, UnsignedCall } from '../protocol.ts';
import { getAaveProfile } from './profile.ts';
import type { AavePool, AavePosition } from './state.ts';
import { violate } from './violations.ts';

/** @source DataTypes.InterestRateMode */
const STABLE_RATE = 1n;
const VARIABLE_RATE = 2n;
const NO_REFERRAL = 0;

const POOL = new Interface([
  'function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)',
  'function deposit(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)',
  'function withdraw(address asset, uint256 amount, address to) returns (uint256)',
  'function borrow(address asset, uint256 amount, uint256 interestRateMode, uint16 referralCode, address onBehalfOf)',
  'function repay(address asset, uint256 amount, uint256 interestRateMode, address onBehalfOf) returns (uint256)',
  'function liquidationCall(address collateralAsset, address debtAsset, address user, uint256 debtToCover, bool receiveAToken)',
]);
const ERC20 = new Interface(['function approve(address spender, uint256 amount) returns (bool)']);

/**
 * One step as calls to the pool, with the approval it needs. Targets are the deployment's own; 'max' becomes uint256's greatest value, with an
 * approval of as much, because the amount grows until the call runs.
 *
 * @throws {RuleViolation} for a step that Aave does not have
 */
export function encodeAaveStep(context: ActionContext, step: Step): readonly UnsignedCall[] {
  const pool = context.deployment.market as Address;
  const call = (name: string, args: readonly unknown[], description: string): UnsignedCall => ({
    to: pool,
    data: POOL.encodeFunctionData(name, args),
    value: 0n,
    chain: context.deployment.chain,
    description: `${description} on ${context.deployment.label}`,
  });
  switch (step.kind) {
    case 'supply': {
      const name = context.deployment.protocol === 'aave-v2' ? 'deposit' : 'supply';
      return [approve(context, step.asset, step.amount, pool), call(name, [token(step.asset), step.amount, context.owner, NO_REFERRAL], `Supply ${step.amount} units of ${token(step.asset)}`)];
    }
    case 'withdraw':
      return [call('withdraw', [token(step.asset), toUint(step.amount), context.owner], `Withdraw ${step.amount} units of ${token(step.asset)}`)];
    case 'borrow':
      return [call('borrow', [token(step.asset), step.amount, VARIABLE_RATE, NO_REFERRAL, context.owner], `Borrow ${step.amount} units of ${token(step.asset)}`)];
    case 'repay':
      return [
        approve(context, step.asset, step.amount, pool),
        call('repay', [token(step.asset), toUint(step.amount), repaidRate(context, step.asset), context.owner], `Repay ${step.amount} units of ${token(step.asset)}`),
      ];
    case 'liquidate': {
      if (step.collateral === undefined || step.debt === undefined) throw unsupported(context);
      const repay = step.repay ?? 'max';
      return [
        approve(context, step.debt, repay, pool),
        call('liquidationCall', [token(step.collateral), token(step.debt), context.owner, toUint(repay), false], `Liquidate ${repay} units of ${token(step.debt)} of ${context.owner}`),
      ];
    }
    case 'close':
      throw unsupported(context);
  }
}

function approve(context: ActionContext, asset: AssetId, amount: StepAmount, spender: Address): UnsignedCall {
  return {
    to: token(asset),
    data: ERC20.encodeFunctionData('approve', [spender, toUint(amount)]),
    value: 0n,
    chain: context.deployment.chain,
    description: `Allow ${context.deployment.label} to take ${amount === 'max' ? 'what is owed' : amount} units of ${token(asset)}`,
  };
}

/** The debt that a repayment goes to: the variable one, or the stable one where it is the only one, as the rule replays it. */
function repaidRate(context: ActionContext, asset: AssetId): bigint {
  if (context.position === undefined) return VARIABLE_RATE;
  const reserve = (context.state as AavePool).reserves.find((entry) => entry.asset === asset);
  const holding = (context.position as AavePosition).holdings.find((entry) => entry.reserve === reserve?.id);
  return holding !== undefined && holding.scaledVariableDebt === 0n && holding.stableDebt !== null ? STABLE_RATE : VARIABLE_RATE;
}

function toUint(amount: StepAmount): bigint {
  return amount === 'max' ? MAX_UINT256 : amount;
}

function token(asset: AssetId): Address {
  const address = tokenOf(asset);
  if (address === null) throw violate(getAaveProfile('aave-v3@3.7'), 'AssetNotListed', `${asset} is not a token`);
  return address;
}

function unsupported(context: ActionContext): Error {
  return violate(getAaveProfile(context.deployment.assumedRule), 'InvalidAmount', 'this step does not exist on a lending pool');
}
