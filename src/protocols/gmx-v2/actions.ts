import { Interface, ZeroHash } from 'ethers';
import { withApproval } from '../../core/approvals.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { divDown, divUp, MAX_UINT256 } from '../../core/fixed-point.ts';
import { type Address, type AssetId, type ChainId, tokenOf } from '../../core/ids.ts';
import type { Step, StepAmount } from '../../core/rule.ts';
import { formatAmount, type TokenName } from '../../core/sentences.ts';
import type { ActionContext, UnsignedCall } from '../protocol.ts';
import { FLOAT_DECIMALS, type GmxMarket, type GmxPosition } from './state.ts';
import { findGmxToken } from './tokens.ts';
import { violate } from './violations.ts';

const ADDRESSES = '(address receiver, address cancellationReceiver, address callbackContract, address uiFeeReceiver, address market, address initialCollateralToken, address[] swapPath) addresses';
const NUMBERS =
  '(uint256 sizeDeltaUsd, uint256 initialCollateralDeltaAmount, uint256 triggerPrice, uint256 acceptablePrice, uint256 executionFee, uint256 callbackGasLimit, uint256 minOutputAmount, uint256 validFromTime) numbers';

/** @source gmx-io/gmx-interface@a78e920 sdk/src/abis/ExchangeRouter.ts */
const exchangeRouter = new Interface([
  'function multicall(bytes[] data) payable returns (bytes[])',
  'function sendWnt(address receiver, uint256 amount) payable',
  'function sendTokens(address token, address receiver, uint256 amount) payable',
  `function createOrder((${ADDRESSES}, ${NUMBERS}, uint8 orderType, uint8 decreasePositionSwapType, bool isLong, bool shouldUnwrapNativeToken, bool autoCancel, bytes32 referralCode, bytes32[] dataList) params) payable returns (bytes32)`,
]);

/** @source gmx-synthetics contracts/order/Order.sol OrderType */
const MARKET_INCREASE = 2;
const MARKET_DECREASE = 4;
/** Profit in another token is paid out as it is. @source Order.sol DecreasePositionSwapType */
const NO_SWAP = 0;
const NO_ONE: Address = `0x${'0'.repeat(40)}`;

/** Execution fees sent with an order where none is stated, in wei of the chain's own token: ample, since keepers return what they do not use. */
const DEFAULT_EXECUTION_FEE: Readonly<Partial<Record<ChainId, bigint>>> = { 'eip155:42161': 2n * 10n ** 15n, 'eip155:43114': 10n ** 17n };
/** How far the execution price may be worse than the state's, where none is stated: 1 %. */
const SLIPPAGE_PERCENT = 1n;
/** Sizes are told in whole cents. */
const CENT_DECIMALS = 2;
const CENT = 10n ** BigInt(FLOAT_DECIMALS - CENT_DECIMALS);

/** What an order may have beside the context: the execution fee in wei. */
export type GmxActionContext = ActionContext & { readonly executionFee?: bigint };

/**
 * One step as an order to the deployment's ExchangeRouter: a market increase of size 0 adds margin, a market decrease takes margin out or closes. Orders are asynchronous: keepers execute
 * them some seconds later at the prices of then, or cancel them. The call's value is the execution fee.
 *
 * @throws {InvalidArgument} where the position is not handed in, the token is not one of GMX's, or the sender is not the owner.
 * @throws {RuleViolation} Unauthorized for a liquidation, which only GMX's keepers can execute.
 */
export function encodeGmxStep(context: GmxActionContext, step: Step): readonly UnsignedCall[] {
  if (step.kind === 'liquidate') return violate('Unauthorized', 'liquidations are executed by keepers with the role LIQUIDATION_KEEPER');
  const order = readOrder(context);
  switch (step.kind) {
    case 'supply':
      return encodeAddMargin(order, step.asset, step.amount);
    case 'withdraw':
      return [encodeDecrease(order, { sizeDeltaUsd: 0n, collateralDelta: step.amount === 'max' ? order.position.collateralAmount : step.amount })];
    case 'close':
      return [encodeDecrease(order, { sizeDeltaUsd: sizeOf(order.position, step.sizeUsd), collateralDelta: 0n })];
    case 'borrow':
    case 'repay':
      throw new InvalidArgument('A GMX position has no debt of its own; use supply, withdraw or close.');
  }
}

interface OrderTarget {
  readonly context: GmxActionContext;
  readonly market: GmxMarket;
  readonly position: GmxPosition;
  readonly collateral: Address;
  readonly exchangeRouter: Address;
  readonly router: Address;
  readonly orderVault: Address;
  readonly executionFee: bigint;
}

function readOrder(context: GmxActionContext): OrderTarget {
  const { deployment } = context;
  const { exchangeRouter: target, router, orderVault } = deployment.contracts;
  if (target === undefined || router === undefined || orderVault === undefined) throw new InvalidArgument(`The deployment ${deployment.id} names no exchange router.`);
  if (context.position === undefined) throw new InvalidArgument('An order of GMX is about one position: hand it in with the context.');
  if (context.sender !== context.owner) throw new InvalidArgument(`GMX orders are sent by the owner ${context.owner} itself.`);
  const position = context.position as GmxPosition;
  const collateral = tokenOf(position.collateralToken);
  if (collateral === null || findGmxToken(deployment.chain, collateral) === undefined) {
    throw new InvalidArgument(`${position.collateralToken} is not a token of GMX on ${deployment.chain}.`);
  }
  const executionFee = context.executionFee ?? DEFAULT_EXECUTION_FEE[deployment.chain];
  if (executionFee === undefined) throw new InvalidArgument(`State the execution fee for an order on ${deployment.chain}.`);
  return { context, market: context.state as GmxMarket, position, collateral, exchangeRouter: target, router, orderVault, executionFee };
}

function encodeAddMargin(order: OrderTarget, asset: AssetId, amount: bigint): readonly UnsignedCall[] {
  const { context, position, collateral } = order;
  if (asset !== position.collateralToken) throw new InvalidArgument(`The collateral of the position is ${position.collateralToken}; swapping ${asset} on the way is not supported.`);
  const name = nameOf(order);
  const create = createOrder(order, {
    orderType: MARKET_INCREASE,
    sizeDeltaUsd: 0n,
    collateralDelta: amount,
    acceptablePrice: position.isLong ? MAX_UINT256 : 0n,
  });
  const data = [sendFee(order), exchangeRouter.encodeFunctionData('sendTokens', [collateral, order.orderVault, amount]), create];
  const approval = { chain: context.deployment.chain, token: collateral, name, spender: order.router, spenderName: context.deployment.label, amount };
  return withApproval(approval, 'exact', multicall(order, data, `Order: add ${formatAmount(amount, name)} of margin to the ${describe(order)}.`));
}

interface DecreaseOrder {
  readonly sizeDeltaUsd: bigint;
  readonly collateralDelta: bigint;
}

function encodeDecrease(order: OrderTarget, { sizeDeltaUsd, collateralDelta }: DecreaseOrder): UnsignedCall {
  const { position, market } = order;
  const { priceMin, priceMax } = market.indexToken;
  const acceptablePrice = position.isLong ? divDown(priceMin * (100n - SLIPPAGE_PERCENT), 100n) : divUp(priceMax * (100n + SLIPPAGE_PERCENT), 100n);
  const create = createOrder(order, { orderType: MARKET_DECREASE, sizeDeltaUsd, collateralDelta, acceptablePrice });
  const size = sizeDeltaUsd === position.sizeInUsd ? 'all' : formatAmount(sizeDeltaUsd / CENT, { symbol: 'USD', decimals: CENT_DECIMALS });
  const what = sizeDeltaUsd === 0n ? `take ${formatAmount(collateralDelta, nameOf(order))} of margin out of` : `close ${size} of`;
  return multicall(order, [sendFee(order), create], `Order: ${what} the ${describe(order)}.`);
}

interface OrderNumbers extends DecreaseOrder {
  readonly orderType: number;
  readonly acceptablePrice: bigint;
}

function createOrder({ context, position, collateral, executionFee }: OrderTarget, numbers: OrderNumbers): string {
  const { owner, market } = context;
  const addresses = [owner, owner, NO_ONE, NO_ONE, market, collateral, []];
  const values = [numbers.sizeDeltaUsd, numbers.collateralDelta, 0n, numbers.acceptablePrice, executionFee, 0n, 0n, 0n];
  return exchangeRouter.encodeFunctionData('createOrder', [[addresses, values, numbers.orderType, NO_SWAP, position.isLong, false, false, ZeroHash, []]]);
}

function sendFee({ orderVault, executionFee }: OrderTarget): string {
  return exchangeRouter.encodeFunctionData('sendWnt', [orderVault, executionFee]);
}

function multicall({ context, exchangeRouter: to, executionFee }: OrderTarget, data: readonly string[], description: string): UnsignedCall {
  return { to, data: exchangeRouter.encodeFunctionData('multicall', [data]), value: executionFee, chain: context.deployment.chain, description };
}

function sizeOf(position: GmxPosition, wanted: StepAmount): bigint {
  return wanted === 'max' ? position.sizeInUsd : wanted;
}

/** The collateral token by GMX's own table. */
function nameOf({ context, collateral }: OrderTarget): TokenName {
  return findGmxToken(context.deployment.chain, collateral) ?? { symbol: `units of ${collateral}`, decimals: 0 };
}

function describe({ market, position }: OrderTarget): string {
  return `${position.isLong ? 'long' : 'short'} in ${market.indexToken.symbol}/USD`;
}
