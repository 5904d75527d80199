import { Interface } from 'ethers';
import { InvalidArgument } from '../../core/errors.ts';
import { MAX_UINT256 } from '../../core/fixed-point.ts';
import { type Address, type AssetId, erc20, tokenOf } from '../../core/ids.ts';
import type { Step, StepAmount } from '../../core/rule.ts';
import type { ActionContext, UnsignedCall } from '../protocol.ts';
import { readContracts } from './deployments.ts';

/** @source CometMainInterface.sol */
const comet = new Interface([
  'function supply(address asset, uint256 amount)',
  'function supplyTo(address dst, address asset, uint256 amount)',
  'function withdraw(address asset, uint256 amount)',
  'function withdrawFrom(address src, address to, address asset, uint256 amount)',
  'function absorb(address absorber, address[] accounts)',
  'function buyCollateral(address asset, uint256 minAmount, uint256 baseAmount, address recipient)',
]);
const token = new Interface(['function approve(address spender, uint256 amount) returns (bool)']);

/** USDT on Ethereum refuses to change an allowance that is not 0, so it is set to 0 first. */
const NEEDS_ZERO_ALLOWANCE: ReadonlySet<AssetId> = new Set(['eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7']);

/**
 * One step as calls to the deployment's comet. An exact amount gets an exact approval; repaying 'max' approves without limit, repays, and takes the rest of the
 * approval back. A sender who is not the owner needs the owner's `allow` to withdraw or borrow.
 *
 * @throws {InvalidArgument} where the token is not one of the deployment's row, or Comet has no such step.
 */
export function encodeCometStep(context: ActionContext, step: Step): readonly UnsignedCall[] {
  switch (step.kind) {
    case 'supply':
    case 'repay':
      return encodeSupply(context, step.asset, step.amount);
    case 'borrow':
    case 'withdraw':
      return [encodeWithdraw(context, step.asset, step.amount)];
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
  const [symbol, base] = contracts.base;
  const data = comet.encodeFunctionData('buyCollateral', [bought.token, minAmount, baseAmount, context.sender]);
  return [
    ...approve(context, { symbol, token: base, asset: erc20(context.deployment.chain, base) }, baseAmount),
    call(context, data, `Buy at least ${minAmount} ${bought.symbol} (raw units) for ${baseAmount} ${symbol}.`),
  ];
}

function encodeSupply(context: ActionContext, asset: AssetId, amount: StepAmount): readonly UnsignedCall[] {
  const known = requireToken(context, asset);
  const raw = amount === 'max' ? MAX_UINT256 : amount;
  const data = context.sender === context.owner ? comet.encodeFunctionData('supply', [known.token, raw]) : comet.encodeFunctionData('supplyTo', [context.owner, known.token, raw]);
  const supply = call(context, data, `${amount === 'max' ? `Repay the whole debt in` : `Supply ${amount} (raw units) of`} ${known.symbol} to ${context.deployment.label}.`);
  const approvals = approve(context, known, raw);
  return amount === 'max' ? [...approvals, supply, approval(context, known, 0n)] : [...approvals, supply];
}

function encodeWithdraw(context: ActionContext, asset: AssetId, amount: StepAmount): UnsignedCall {
  const known = requireToken(context, asset);
  const isBase = known.token === readContracts(context.deployment).base?.[1];
  if (amount === 'max' && !isBase) throw new InvalidArgument(`Comet reads "max" for the base token only; state the amount of ${known.symbol}.`);
  const raw = amount === 'max' ? MAX_UINT256 : amount;
  const data =
    context.sender === context.owner ? comet.encodeFunctionData('withdraw', [known.token, raw]) : comet.encodeFunctionData('withdrawFrom', [context.owner, context.sender, known.token, raw]);
  return call(context, data, `Withdraw ${amount === 'max' ? 'all' : `${amount} (raw units)`} of ${known.symbol} from ${context.deployment.label}.`);
}

interface KnownToken {
  readonly symbol: string;
  readonly token: Address;
  readonly asset: AssetId;
}

/** Only tokens of the built-in row are called, so that a foreign document cannot name another. */
function requireToken(context: ActionContext, asset: AssetId): KnownToken {
  const { base, collaterals } = readContracts(context.deployment);
  const found = [...(base === null ? [] : [base]), ...collaterals].find(([, address]) => erc20(context.deployment.chain, address) === asset);
  if (found === undefined) {
    throw new InvalidArgument(`${tokenOf(asset) ?? asset} is not a token of the row ${context.deployment.id}. Add it there to act on it.`);
  }
  return { symbol: found[0], token: found[1], asset };
}

function approve(context: ActionContext, known: KnownToken, amount: bigint): readonly UnsignedCall[] {
  const wanted = approval(context, known, amount);
  return NEEDS_ZERO_ALLOWANCE.has(known.asset) ? [approval(context, known, 0n), wanted] : [wanted];
}

function approval(context: ActionContext, known: KnownToken, amount: bigint): UnsignedCall {
  const { comet: spender } = readContracts(context.deployment);
  const what =
    amount === 0n ? `Set the approval of ${known.symbol} to 0.` : `Allow ${context.deployment.label} to take ${amount === MAX_UINT256 ? 'any amount' : amount} of ${known.symbol} (raw units).`;
  return { to: known.token, data: token.encodeFunctionData('approve', [spender, amount]), value: 0n, chain: context.deployment.chain, description: what };
}

function call(context: ActionContext, data: string, description: string): UnsignedCall {
  return { to: readContracts(context.deployment).comet, data, value: 0n, chain: context.deployment.chain, description };
}
