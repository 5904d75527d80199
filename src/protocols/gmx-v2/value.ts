import type { Address } from '../../core/ids.ts';
import type { ContractCall } from '../../core/source.ts';
import type { Deployment, Rows } from '../protocol.ts';
import { dataStoreKeys } from './keys.ts';
import { type Discovered, type MarketInfoRow, type PriceRow, readRows } from './rows.ts';

const NO_ONE: Address = `0x${'0'.repeat(40)}`;
/** More positions than an account can have: two sides and two collateral tokens in each market. */
const ALL_POSITIONS = 1_000n;

const PRICE = '(uint256 min, uint256 max)';
const MARKET_PRICES = `(${PRICE} indexTokenPrice, ${PRICE} longTokenPrice, ${PRICE} shortTokenPrice)`;
const POSITION =
  '((address account, address market, address collateralToken) addresses, (uint256 sizeInUsd, uint256 sizeInTokens, uint256 collateralAmount, int256 pendingImpactAmount, uint256 borrowingFactor, uint256 fundingFeeAmountPerSize, uint256 longTokenClaimableFundingAmountPerSize, uint256 shortTokenClaimableFundingAmountPerSize, uint256 increasedAtTime, uint256 decreasedAtTime) numbers, (bool isLong) flags)';
const REFERRAL_FEES =
  '(bytes32 referralCode, address affiliate, address trader, uint256 totalRebateFactor, uint256 affiliateRewardFactor, uint256 adjustedAffiliateRewardFactor, uint256 traderDiscountFactor, uint256 totalRebateAmount, uint256 traderDiscountAmount, uint256 affiliateRewardAmount)';
const PRO_FEES = '(uint256 traderTier, uint256 traderDiscountFactor, uint256 traderDiscountAmount)';
const FUNDING_FEES =
  '(uint256 fundingFeeAmount, uint256 claimableLongTokenAmount, uint256 claimableShortTokenAmount, uint256 latestFundingFeeAmountPerSize, uint256 latestLongTokenClaimableFundingAmountPerSize, uint256 latestShortTokenClaimableFundingAmountPerSize)';
const BORROWING_FEES = '(uint256 borrowingFeeUsd, uint256 borrowingFeeAmount, uint256 borrowingFeeReceiverFactor, uint256 borrowingFeeAmountForFeeReceiver)';
const UI_FEES = '(address uiFeeReceiver, uint256 uiFeeReceiverFactor, uint256 uiFeeAmount)';
const LIQUIDATION_FEES = '(uint256 liquidationFeeUsd, uint256 liquidationFeeAmount, uint256 liquidationFeeReceiverFactor, uint256 liquidationFeeAmountForFeeReceiver)';
const FEES = `(${REFERRAL_FEES} referral, ${PRO_FEES} pro, ${FUNDING_FEES} funding, ${BORROWING_FEES} borrowing, ${UI_FEES} ui, ${LIQUIDATION_FEES} liquidation, ${PRICE} collateralTokenPrice, uint256 positionFeeFactor, uint256 protocolFeeAmount, uint256 positionFeeReceiverFactor, uint256 feeReceiverAmount, uint256 feeAmountForPool, uint256 positionFeeAmountForPool, uint256 positionFeeAmount, uint256 totalCostAmountExcludingFunding, uint256 totalCostAmount, uint256 totalDiscountAmount)`;
const EXECUTION = '(int256 priceImpactUsd, uint256 executionPrice, bool balanceWasImproved, int256 proportionalPendingImpactUsd, int256 totalImpactUsd, uint256 priceImpactDiffUsd)';
const POSITION_INFO = `(bytes32 positionKey, ${POSITION} position, ${FEES} fees, ${EXECUTION} executionPriceResult, int256 basePnlUsd, int256 uncappedBasePnlUsd, int256 pnlAfterPriceImpactUsd, int256 positionValueInUsd)`;

/** The Reader that the rows name. @source gmx-io/gmx-interface@a78e920 sdk/src/abis/SyntheticsReader.ts */
const SIGNATURES = {
  positions: `function getAccountPositions(address dataStore, address account, uint256 start, uint256 end) view returns (${POSITION}[])`,
  infoList: `function getAccountPositionInfoList(address dataStore, address referralStorage, address account, address[] markets, ${MARKET_PRICES}[] marketPrices, address uiFeeReceiver, uint256 start, uint256 end) view returns (${POSITION_INFO}[])`,
  info: `function getPositionInfo(address dataStore, address referralStorage, bytes32 positionKey, ${MARKET_PRICES} prices, uint256 sizeDeltaUsd, address uiFeeReceiver, bool usePositionSizeAsSizeDeltaUsd) view returns (${POSITION_INFO})`,
  getUint: 'function getUint(bytes32 key) view returns (uint256)',
  getBool: 'function getBool(bytes32 key) view returns (bool)',
} as const;

/** The keys of the calls, shared by planning and normalizing. */
export const callKeys = {
  positions: (owner: Address): string => `positions:${owner}`,
  infoList: (owner: Address): string => `infoList:${owner}`,
  info: (positionKey: string): string => `info:${positionKey}`,
  setting: (dataStoreKey: string): string => `dataStore:${dataStoreKey}`,
} as const;

/** The three prices of a market; null while one of its tokens has none. */
export function findMarketPrices(market: MarketInfoRow, prices: ReadonlyMap<string, PriceRow>): readonly [PriceRow, PriceRow, PriceRow] | null {
  const [index, long, short] = [market.indexTokenAddress, market.longTokenAddress, market.shortTokenAddress].map((token) => prices.get(token));
  return index === undefined || long === undefined || short === undefined ? null : [index, long, short];
}

/**
 * Plans the Reader and DataStore reads. Each owner is asked for as a whole, which finds positions that the squid missed; each listed position is asked for alone as well, since
 * one market without a price makes the whole fail.
 */
export function valueGmx(deployment: Deployment, owners: readonly Address[], rows: Rows): readonly ContractCall[] {
  const { dataStore, reader, referralStorage } = deployment.contracts;
  if (dataStore === undefined || reader === undefined || referralStorage === undefined) return [];
  const discovered = readRows(rows);
  const priced = [...discovered.markets.values()].flatMap((market) => {
    const prices = findMarketPrices(market, discovered.prices);
    return prices === null ? [] : [{ market: market.marketTokenAddress, prices: toArguments(prices) }];
  });
  const read = (key: string, signature: string, args: readonly unknown[]): ContractCall => ({ key, to: reader, signature, args });
  const setting = (key: string, signature: string = SIGNATURES.getUint): ContractCall => ({ key: callKeys.setting(key), to: dataStore, signature, args: [key] });
  const markets = priced.map((entry) => entry.market);
  const prices = priced.map((entry) => entry.prices);
  return [
    ...owners.flatMap((owner) => [
      read(callKeys.positions(owner), SIGNATURES.positions, [dataStore, owner, 0n, ALL_POSITIONS]),
      read(callKeys.infoList(owner), SIGNATURES.infoList, [dataStore, referralStorage, owner, markets, prices, NO_ONE, 0n, ALL_POSITIONS]),
    ]),
    ...(discovered.positions ?? []).flatMap((position) => {
      const own = priced.find((entry) => entry.market === position.market)?.prices;
      return own === undefined ? [] : [read(callKeys.info(position.positionKey), SIGNATURES.info, [dataStore, referralStorage, position.positionKey, own, 0n, NO_ONE, true])];
    }),
    setting(dataStoreKeys.minCollateralUsd),
    setting(dataStoreKeys.minPositionSizeUsd),
    ...listHeldMarkets(discovered).flatMap((market) => listSettings(market).map(([key, isFlag]) => setting(key, isFlag ? SIGNATURES.getBool : SIGNATURES.getUint))),
  ];
}

/** The markets that a listed position stands in. */
function listHeldMarkets({ positions, markets }: Discovered): readonly MarketInfoRow[] {
  const held = new Set((positions ?? []).map((position) => position.market));
  return [...markets.values()].filter((market) => held.has(market.marketTokenAddress));
}

function listSettings({ marketTokenAddress: market, longTokenAddress, shortTokenAddress }: MarketInfoRow): readonly (readonly [key: string, isFlag: boolean])[] {
  const tokens = [...new Set([longTokenAddress, shortTokenAddress])];
  const sides = [true, false];
  const numbers = [
    dataStoreKeys.minCollateralFactor(market),
    dataStoreKeys.minCollateralFactorForLiquidation(market),
    dataStoreKeys.maxPositionImpactFactorForLiquidations(market),
    dataStoreKeys.liquidationFeeFactor(market),
    ...sides.flatMap((side) => [
      dataStoreKeys.maxPositionImpactFactor(market, side),
      dataStoreKeys.positionFeeFactor(market, side),
      dataStoreKeys.minCollateralFactorForOpenInterestMultiplier(market, side),
      dataStoreKeys.maxPnlFactorForTraders(market, side),
      ...tokens.flatMap((token) => [dataStoreKeys.openInterest(market, token, side), dataStoreKeys.openInterestInTokens(market, token, side)]),
    ]),
    ...tokens.map((token) => dataStoreKeys.poolAmount(market, token)),
  ];
  return [[dataStoreKeys.isMarketDisabled(market), true], ...numbers.map((key) => [key, false] as const)];
}

function toArguments(prices: readonly PriceRow[]): readonly (readonly [min: bigint, max: bigint])[] {
  return prices.map(({ minPrice, maxPrice }) => [minPrice, maxPrice]);
}
