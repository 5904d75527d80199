import { type Approval, encodeApproval, withApproval } from '../../core/approvals.ts';
import { addHeadRoom } from '../../core/call.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { MAX_UINT256 } from '../../core/fixed-point.ts';
import { type Address, type AssetId, erc20, tokenOf } from '../../core/ids.ts';
import type { Step, StepAmount } from '../../core/rule.ts';
import { describeStep, formatAmount, type TokenName } from '../../core/sentences.ts';
import type { ActionContext, UnsignedCall } from '../protocol.ts';
import { comet } from './comet-abi.ts';
import { readContracts } from './deployments.ts';
import type { CometMarket } from './state.ts';

/**
 * One step as calls to the deployment's comet. An exact amount gets an exact approval; repaying 'max' approves what the rule computes with head-room (without limit where the
 * context does not tell), repays, and takes the rest of the approval back. A sender who is not the owner needs the owner's `allow` to withdraw or borrow.
 *
 * @throws {InvalidArgument} where the token is not one of the deployment's row, or Comet has no such step.
 */
export function encodeCometStep(context: ActionContext, step: Step): readonly UnsignedCall[] {
  switch (step.kind) {
    case 'supply':
    case 'repay':
      return encodeSupply(context, step);
    case 'borrow':
    case 'withdraw':
      return [encodeWithdraw(context, step)];
    case 'liquidate':
      return [call(context, comet.encodeFunctionData('absorb', [context.sender, [context.owner]]), `Absorb the account of ${context.owner}.`)];
    case 'close':
      throw new InvalidArgument('A comet has no position size to close; use repay and withdraw.');
  }
}

/** What to buy from the comet's reserves, raw units, and who gets it. */
export interface BuyCollateralRequest {
  readonly asset: AssetId;
  readonly baseAmount: bigint;
  readonly minAmount: bigint;
}

/** A purchase of absorbed collateral as calls: approval of the base token, then `buyCollateral` in favour of the sender. @throws {InvalidArgument} */
export function encodeBuyCollateral(context: ActionContext, { asset, baseAmount, minAmount }: BuyCollateralRequest): readonly UnsignedCall[] {
  const contracts = readContracts(context.deployment);
  if (contracts.base === null) throw new InvalidArgument(`The deployment ${context.deployment.id} names no base token.`);
  const bought = requireToken(context, asset);
  const base = requireToken(context, erc20(context.deployment.chain, contracts.base[1]));
  const data = comet.encodeFunctionData('buyCollateral', [bought.token, minAmount, baseAmount, context.sender]);
  return [
    ...encodeApproval(approvalOf(context, base, baseAmount)),
    call(context, data, `Buy at least ${formatAmount(minAmount, bought.name)} for ${formatAmount(baseAmount, base.name)} from ${context.deployment.label}.`),
  ];
}

/** A step of an amount of one asset. */
interface AmountStep {
  readonly kind: 'supply' | 'withdraw' | 'borrow' | 'repay';
  readonly asset: AssetId;
  readonly amount: StepAmount;
}

function encodeSupply(context: ActionContext, step: AmountStep): readonly UnsignedCall[] {
  const known = requireToken(context, step.asset);
  const raw = step.amount === 'max' ? MAX_UINT256 : step.amount;
  const data = context.sender === context.owner ? comet.encodeFunctionData('supply', [known.token, raw]) : comet.encodeFunctionData('supplyTo', [context.owner, known.token, raw]);
  const supply = call(context, data, sentence(context, step, known));
  if (step.amount !== 'max') return withApproval(approvalOf(context, known, raw), 'exact', supply);
  return withApproval(approvalOf(context, known, context.paid === undefined ? MAX_UINT256 : addHeadRoom(context.paid)), 'at-most', supply);
}

function encodeWithdraw(context: ActionContext, step: AmountStep): UnsignedCall {
  const known = requireToken(context, step.asset);
  const raw = withdrawnRaw(context, known, step.amount);
  const data =
    context.sender === context.owner ? comet.encodeFunctionData('withdraw', [known.token, raw]) : comet.encodeFunctionData('withdrawFrom', [context.owner, context.sender, known.token, raw]);
  return call(context, data, sentence(context, step, known));
}

/** The amount as the comet reads it: "all" is the greatest integer, for the base token only. @throws {InvalidArgument} */
export function withdrawnRaw(context: ActionContext, known: KnownToken, amount: StepAmount): bigint {
  const isBase = known.token === readContracts(context.deployment).base?.[1];
  if (amount === 'max' && !isBase) throw new InvalidArgument(`Comet reads "max" for the base token only; state the amount of ${known.name.symbol}.`);
  return amount === 'max' ? MAX_UINT256 : amount;
}

/** A token of the built-in row, with its name for sentences. */
export interface KnownToken {
  readonly name: TokenName;
  readonly token: Address;
  readonly asset: AssetId;
}

/** Only tokens of the built-in row are called, so that a foreign document cannot name another. @throws {InvalidArgument} */
export function requireToken(context: ActionContext, asset: AssetId): KnownToken {
  const { base, collaterals } = readContracts(context.deployment);
  const found = [...(base === null ? [] : [base]), ...collaterals].find(([, address]) => erc20(context.deployment.chain, address) === asset);
  if (found === undefined) {
    throw new InvalidArgument(`${tokenOf(asset) ?? asset} is not a token of the row ${context.deployment.id}. Add it there to act on it.`);
  }
  const { base: baseState, collaterals: listed } = context.state as CometMarket;
  const decimals = [baseState, ...listed].find((entry) => entry.asset === asset)?.decimals;
  return { name: context.nameOf?.(asset) ?? (decimals === undefined ? { symbol: `units of ${found[0]}`, decimals: 0 } : { symbol: found[0], decimals }), token: found[1], asset };
}

function approvalOf(context: ActionContext, known: KnownToken, amount: bigint): Approval {
  const { chain, label } = context.deployment;
  return { chain, token: known.token, name: known.name, spender: readContracts(context.deployment).comet, spenderName: label, amount };
}

function sentence(context: ActionContext, { kind, amount }: AmountStep, known: KnownToken): string {
  return describeStep(kind, amount, { token: known.name, place: context.deployment.label });
}

function call(context: ActionContext, data: string, description: string): UnsignedCall {
  return { to: readContracts(context.deployment).comet, data, value: 0n, chain: context.deployment.chain, description };
}
