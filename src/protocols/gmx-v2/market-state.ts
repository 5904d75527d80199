import * as z from 'zod';
import type { ErrorCode } from '../../core/errors.ts';
import { divDown, max } from '../../core/fixed-point.ts';
import { type Address, erc20 } from '../../core/ids.ts';
import type { NormalizeInput } from '../protocol.ts';
import { type Answers, findAnswer, findUint } from './answers.ts';
import { dataStoreKeys } from './keys.ts';

import type { Discovered, MarketInfoRow, PriceRow } from './rows.ts';
import { FLOAT_DECIMALS, type GmxMarket, type GmxSide, type GmxToken } from './state.ts';
import { findGmxToken } from './tokens.ts';
import { callKeys, findMarketPrices } from './value.ts';

/** The dollar minima where the chain does not tell them, USD with 30 decimals. @source gmx-io/gmx-synthetics@a5c0c88 config/general.ts */
const DEFAULT_MINIMUM_USD = 10n ** BigInt(FLOAT_DECIMALS);

/** A market's state, how old its oldest price is, and what is not in it; or why there is none. */
export type MarketReading =
  | { readonly kind: 'market'; readonly market: GmxMarket; readonly priceAge: bigint; readonly isFromChain: boolean }
  | { readonly kind: 'obstacle'; readonly code: ErrorCode; readonly message: string };

/**
 * Builds a market from the squid's row and prices, with the DataStore's values in place of the row's where they were read. A value that was asked for and did not come is an
 * obstacle, never replaced by the row's.
 */
export function readMarket(input: NormalizeInput, discovered: Discovered, marketToken: Address): MarketReading {
  const row = discovered.markets.get(marketToken);
  const where = `${input.deployment.label} market ${marketToken}`;
  if (row === undefined) return obstacle('UNKNOWN_MARKET', `${where} is not among the squid's markets, so it cannot be priced.`);
  const prices = findMarketPrices(row, discovered.prices);
  if (prices === null || prices.some((price) => price.minPrice <= 0n || price.maxPrice <= 0n)) {
    return obstacle('MISSING_PRICE', `${where}: one of its tokens has no price that was reported on chain.`);
  }
  const tokens = readTokens(input, row, prices);
  if (tokens === null) return obstacle('UNKNOWN_MARKET', `${where} has a token that this release does not know the decimals of.`);
  const settings = createSettings(input.calls);
  const market: GmxMarket = {
    marketToken,
    ...tokens,
    isDisabled: settings.flag(dataStoreKeys.isMarketDisabled(marketToken), row.isDisabled),
    longs: readSide(row, true, settings),
    shorts: readSide(row, false, settings),
    minCollateralUsd: settings.value(dataStoreKeys.minCollateralUsd, DEFAULT_MINIMUM_USD),
    minPositionSizeUsd: settings.value(dataStoreKeys.minPositionSizeUsd, DEFAULT_MINIMUM_USD),
    minCollateralFactor: settings.value(dataStoreKeys.minCollateralFactor(marketToken), row.minCollateralFactor),
    minCollateralFactorForLiquidation: settings.value(dataStoreKeys.minCollateralFactorForLiquidation(marketToken), row.minCollateralFactorForLiquidation),
    maxPositionImpactFactorForLiquidations: settings.value(dataStoreKeys.maxPositionImpactFactorForLiquidations(marketToken), row.maxPositionImpactFactorForLiquidations),
    maxPositionImpactFactorPositive: settings.value(dataStoreKeys.maxPositionImpactFactor(marketToken, true), row.maxPositionImpactFactorPositive),
    maxPositionImpactFactorNegative: settings.value(dataStoreKeys.maxPositionImpactFactor(marketToken, false), row.maxPositionImpactFactorNegative),
    positionFeeFactorForPositiveImpact: settings.value(dataStoreKeys.positionFeeFactor(marketToken, true), row.positionFeeFactorForPositiveImpact),
    positionFeeFactorForNegativeImpact: settings.value(dataStoreKeys.positionFeeFactor(marketToken, false), row.positionFeeFactorForNegativeImpact),
    liquidationFeeFactor: settings.value(dataStoreKeys.liquidationFeeFactor(marketToken), 0n),
  };
  if (settings.failed.length > 0) return obstacle('CALL_FAILED', `${where}: ${settings.failed.length} values of the DataStore could not be read.`);
  const oldest = Math.min(...prices.map((price) => price.timestamp));
  const isFromChain = input.calls?.has(callKeys.setting(dataStoreKeys.liquidationFeeFactor(marketToken))) === true;
  return { kind: 'market', market, priceAge: max(input.block.timestamp - BigInt(oldest), 0n), isFromChain };
}

interface Settings {
  readonly failed: readonly string[];
  /** The DataStore's number, or `otherwise` where it was not asked for. */
  value(key: string, otherwise: bigint): bigint;
  flag(key: string, otherwise: boolean): boolean;
}

function createSettings(answers: Answers | null): Settings {
  const failed: string[] = [];
  const read = <Value>(key: string, otherwise: Value, find: (answers: Answers, key: string) => Value | undefined): Value => {
    const name = callKeys.setting(key);
    if (answers === null || !answers.has(name)) return otherwise;
    const found = find(answers, name);
    if (found === undefined) failed.push(name);
    return found ?? otherwise;
  };
  return {
    failed,
    value: (key, otherwise) => read(key, otherwise, findUint),
    flag: (key, otherwise) => read(key, otherwise, (all, name) => findAnswer(all, name, z.tuple([z.boolean()]))?.[0]),
  };
}

/** In a market of one token each amount stands for both halves. @source MarketUtils.sol getPoolAmount, getOpenInterest, getPoolDivisor */
function readSide(row: MarketInfoRow, isLong: boolean, settings: Settings): GmxSide {
  const market = row.marketTokenAddress;
  const tokens = [row.longTokenAddress, row.shortTokenAddress];
  const divisor = row.longTokenAddress === row.shortTokenAddress ? 2n : 1n;
  const total = (keyOf: (token: Address) => string, listed: bigint): bigint => {
    // The squid has the sum only, so a part that was not asked for makes the sum its own.
    const parts = tokens.map((token) => settings.value(keyOf(token), -1n));
    return parts.includes(-1n) ? listed : parts.reduce((sum, part) => sum + divDown(part, divisor), 0n);
  };
  const listed = isLong
    ? { usd: row.longOpenInterestUsd, tokens: row.longOpenInterestInTokens, pool: row.longPoolAmount }
    : { usd: row.shortOpenInterestUsd, tokens: row.shortOpenInterestInTokens, pool: row.shortPoolAmount };
  const pool = settings.value(dataStoreKeys.poolAmount(market, isLong ? row.longTokenAddress : row.shortTokenAddress), -1n);
  return {
    openInterestUsd: total((token) => dataStoreKeys.openInterest(market, token, isLong), listed.usd),
    openInterestInTokens: total((token) => dataStoreKeys.openInterestInTokens(market, token, isLong), listed.tokens),
    poolAmount: pool === -1n ? listed.pool : divDown(pool, divisor),
    maxPnlFactorForTraders: settings.value(dataStoreKeys.maxPnlFactorForTraders(market, isLong), isLong ? row.maxPnlFactorForTradersLong : row.maxPnlFactorForTradersShort),
    minCollateralFactorForOpenInterestMultiplier: settings.value(
      dataStoreKeys.minCollateralFactorForOpenInterestMultiplier(market, isLong),
      isLong ? row.minCollateralFactorForOpenInterestLong : row.minCollateralFactorForOpenInterestShort,
    ),
    borrowingFactorPerSecond: isLong ? row.borrowingFactorPerSecondForLongs : row.borrowingFactorPerSecondForShorts,
    fundingFactorPerSecond: fundingFactorOf(row, isLong),
  };
}

/** The paying side pays the factor on its own size; nobody pays while the other side is empty. @source MarketUtils.sol getNextFundingAmountPerSize */
function fundingFactorOf(row: MarketInfoRow, isLong: boolean): bigint {
  const isOneSided = row.longOpenInterestUsd === 0n || row.shortOpenInterestUsd === 0n;
  return row.longsPayShorts !== isLong || isOneSided ? 0n : row.fundingFactorPerSecond;
}

function readTokens(input: NormalizeInput, row: MarketInfoRow, [index, long, short]: readonly [PriceRow, PriceRow, PriceRow]): Pick<GmxMarket, 'indexToken' | 'longToken' | 'shortToken'> | null {
  const { chain } = input.deployment;
  const read = (address: Address, price: PriceRow): GmxToken | null => {
    const facts = findGmxToken(chain, address);
    return facts === undefined ? null : { asset: erc20(chain, address), ...facts, priceMin: price.minPrice, priceMax: price.maxPrice };
  };
  const indexToken = read(row.indexTokenAddress, index);
  const longToken = read(row.longTokenAddress, long);
  const shortToken = read(row.shortTokenAddress, short);
  return indexToken === null || longToken === null || shortToken === null ? null : { indexToken, longToken, shortToken };
}

function obstacle(code: ErrorCode, message: string): MarketReading {
  return { kind: 'obstacle', code, message };
}

/** A price and an entry price further apart than this are not in the same scale. */
const GREATEST_MOVE = 10_000n;

/** Tells whether the index price can be in the scale of the position's own size: a squid that changed its scale is caught by this. */
export function isPlausiblePrice(market: GmxMarket, position: { readonly sizeInUsd: bigint; readonly sizeInTokens: bigint }): boolean {
  const value = position.sizeInTokens * market.indexToken.priceMin;
  return value <= position.sizeInUsd * GREATEST_MOVE && position.sizeInUsd <= value * GREATEST_MOVE;
}
