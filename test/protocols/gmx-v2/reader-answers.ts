import { type Address, tokenOf } from '../../../src/core/ids.ts';
import type { CallResult, ContractCall } from '../../../src/core/source.ts';
import { computePositionKey, dataStoreKeys } from '../../../src/protocols/gmx-v2/keys.ts';
import { computeMargin } from '../../../src/protocols/gmx-v2/margin.ts';
import { pickIndexPrice } from '../../../src/protocols/gmx-v2/pnl.ts';
import type { GmxMarket, GmxPosition } from '../../../src/protocols/gmx-v2/state.ts';
import { throughAbi } from './abi-round-trip.ts';

const NO_CODE = `0x${'0'.repeat(64)}`;
const NO_ONE = `0x${'0'.repeat(40)}`;

/** A chain with one market: its state and the positions in it. */
export interface FakeGmx {
  readonly market: GmxMarket;
  readonly positions: readonly { readonly account: Address; readonly position: GmxPosition }[];
  readonly timestamp: bigint;
  /** Keys, or beginnings of them, that revert. */
  readonly reverts?: readonly string[];
  /** Changes what the Reader says that a position costs. */
  readonly costOffset?: bigint;
  readonly referral?: { readonly code: string; readonly discount: bigint };
}

/** The key of a position in the fake's market. */
export function keyOf(fake: Pick<FakeGmx, 'market'>, account: Address, position: GmxPosition): string {
  const collateralToken = tokenOf(position.collateralToken) ?? '0x';
  return computePositionKey({ account, market: fake.market.marketToken, collateralToken, isLong: position.isLong });
}

/** Answers the planned calls as Reader and DataStore would. */
export function answerCalls(calls: readonly ContractCall[], fake: FakeGmx): ReadonlyMap<string, CallResult> {
  const settings = settingsOf(fake.market);
  return new Map(
    calls.map((call): [string, CallResult] => {
      const values = fake.reverts?.some((prefix) => call.key.startsWith(prefix)) === true ? undefined : answer(call, fake, settings);
      return [call.key, values === undefined ? { ok: false, reason: 'execution reverted' } : { ok: true, values: throughAbi(call.signature, values) }];
    }),
  );
}

function answer(call: ContractCall, fake: FakeGmx, settings: ReadonlyMap<string, unknown>): readonly unknown[] | undefined {
  const name = /function (\w+)/.exec(call.signature)?.[1];
  const held = (account: unknown) => fake.positions.filter((entry) => entry.account === account);
  if (name === 'getAccountPositions') return [held(call.args[1]).map(({ account, position }) => propsOf(fake, account, position))];
  if (name === 'getAccountPositionInfoList') return [held(call.args[2]).map(({ account, position }) => infoOf(fake, account, position))];
  if (name === 'getPositionInfo') {
    const found = fake.positions.find(({ account, position }) => keyOf(fake, account, position) === call.args[2]);
    return found === undefined ? undefined : [infoOf(fake, found.account, found.position)];
  }
  return [settings.get(String(call.args[0])) ?? 0n];
}

function propsOf({ market }: FakeGmx, account: Address, position: GmxPosition): readonly unknown[] {
  const { sizeInUsd, sizeInTokens, collateralAmount, pendingImpactAmount, isLong } = position;
  return [[account, market.marketToken, tokenOf(position.collateralToken)], [sizeInUsd, sizeInTokens, collateralAmount, pendingImpactAmount, 0n, 0n, 0n, 0n, 1n, 0n], [isLong]];
}

function infoOf(fake: FakeGmx, account: Address, position: GmxPosition): readonly unknown[] {
  const { market, timestamp, costOffset = 0n, referral = { code: NO_CODE, discount: 0n } } = fake;
  const { fees, pnl } = computeMargin({ market, position, at: timestamp });
  const paid = [
    [referral.code, NO_ONE, account, 0n, 0n, 0n, referral.discount, 0n, 0n, 0n],
    [0n, position.traderDiscountFactor, 0n],
    [fees.fundingFee, 0n, 0n, 0n, 0n, 0n],
    [position.borrowingFeeUsd, fees.borrowingFee, 0n, 0n],
    [NO_ONE, 0n, 0n],
    [0n, 0n, 0n, 0n],
    [0n, 0n],
    ...[0n, 0n, 0n, 0n, 0n, 0n, fees.positionFee, fees.totalExcludingFunding, fees.total + costOffset, fees.discount],
  ];
  const execution = [position.closingImpactUsd, pickIndexPrice(market, position.isLong), position.closingImprovesBalance, 0n, 0n, 0n];
  return [keyOf(fake, account, position), propsOf(fake, account, position), paid, execution, pnl.pnlUsd, pnl.uncappedPnlUsd, 0n, 0n];
}

function settingsOf(market: GmxMarket): ReadonlyMap<string, unknown> {
  const id = market.marketToken;
  const long = tokenOf(market.longToken.asset) ?? '0x';
  const short = tokenOf(market.shortToken.asset) ?? '0x';
  const sides = [true, false].flatMap((isLong): [string, unknown][] => {
    const side = isLong ? market.longs : market.shorts;
    return [
      [dataStoreKeys.openInterest(id, long, isLong), side.openInterestUsd - 7n],
      [dataStoreKeys.openInterest(id, short, isLong), 7n],
      [dataStoreKeys.openInterestInTokens(id, long, isLong), side.openInterestInTokens - 5n],
      [dataStoreKeys.openInterestInTokens(id, short, isLong), 5n],
      [dataStoreKeys.poolAmount(id, isLong ? long : short), side.poolAmount],
      [dataStoreKeys.maxPnlFactorForTraders(id, isLong), side.maxPnlFactorForTraders],
      [dataStoreKeys.minCollateralFactorForOpenInterestMultiplier(id, isLong), side.minCollateralFactorForOpenInterestMultiplier],
    ];
  });
  return new Map<string, unknown>([
    ...sides,
    [dataStoreKeys.minCollateralUsd, market.minCollateralUsd],
    [dataStoreKeys.minPositionSizeUsd, market.minPositionSizeUsd],
    [dataStoreKeys.isMarketDisabled(id), market.isDisabled],
    [dataStoreKeys.minCollateralFactor(id), market.minCollateralFactor],
    [dataStoreKeys.minCollateralFactorForLiquidation(id), market.minCollateralFactorForLiquidation],
    [dataStoreKeys.maxPositionImpactFactorForLiquidations(id), market.maxPositionImpactFactorForLiquidations],
    [dataStoreKeys.maxPositionImpactFactor(id, true), market.maxPositionImpactFactorPositive],
    [dataStoreKeys.maxPositionImpactFactor(id, false), market.maxPositionImpactFactorNegative],
    [dataStoreKeys.positionFeeFactor(id, true), market.positionFeeFactorForPositiveImpact],
    [dataStoreKeys.positionFeeFactor(id, false), market.positionFeeFactorForNegativeImpact],
    [dataStoreKeys.liquidationFeeFactor(id), market.liquidationFeeFactor],
  ]);
}
