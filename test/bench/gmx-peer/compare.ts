// Compares Plimsoll's GMX v2 arithmetic with @gmx-io/sdk on seeded random positions. The SDK is a peer, not the chain: what differs is worth a
// look, what agrees is no proof. Prints rows, then the greatest relative difference of each figure. Known differences: Plimsoll rounds fees to raw units
// of the collateral as the contracts do, the SDK keeps them in USD; the SDK cuts both sides of the profit cap to 12 decimals.
//
//   npm install && npm run bench -- [positions] [seed]

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Decimal } from '../../../src/core/decimal.ts';
import type { AssetId } from '../../../src/core/ids.ts';
import type { GmxView } from '../../../src/protocols/gmx-v2/fees.ts';
import { computeMargin } from '../../../src/protocols/gmx-v2/margin.ts';
import { gmxV2Rule } from '../../../src/protocols/gmx-v2/rule.ts';
import type { GmxMarket, GmxPosition, GmxSide, GmxToken } from '../../../src/protocols/gmx-v2/state.ts';

/** The functions of the SDK that are compared; prices are per whole token, USD with 30 decimals. */
interface Peer {
  getLiquidationPrice(input: object): bigint | undefined;
  getLeverage(input: object): bigint | undefined;
  getPositionPnlUsd(input: object): bigint;
}

const SDK_FILE = './node_modules/@gmx-io/sdk/build/cjs/src/utils/positions.js';
const WETH: AssetId = 'eip155:42161/erc20:0x82af49447d8a07e3bd95bd0d56f35241523fbab1';
const USDC: AssetId = 'eip155:42161/erc20:0xaf88d065e77c8cc2239327c5edb3a432268e5831';
const FLOAT = 10n ** 30n;
const AT = 1_773_400_000n;
const PRINTED_ROWS = 8;

const [positions = 2_000, seed = 20_260_313] = process.argv.slice(2).map(Number);
const peer = createRequire(import.meta.url)(fileURLToPath(new URL(SDK_FILE, import.meta.url))) as Peer;
const random = createRandom(seed);

interface Row {
  readonly group: string;
  readonly figure: 'pnl' | 'leverage' | 'liquidation price';
  readonly ours: string;
  readonly theirs: string;
  readonly difference: Decimal;
}

const rows: Row[] = [];
for (let count = 0; count < positions; count += 1) rows.push(...compareOne(randomView()));
report(rows);

function compareOne(view: GmxView): Row[] {
  const group = `${view.position.isLong ? 'long' : 'short'}, ${view.position.collateralToken === WETH ? 'WETH' : 'USDC'} collateral`;
  const marketInfo = toMarketInfo(view.market);
  const { position, market } = view;
  const margin = computeMargin(view);
  const collateralPrice = position.collateralToken === WETH ? market.longToken.priceMin : market.shortToken.priceMin;
  const pending = {
    pendingBorrowingFeesUsd: position.borrowingFeeUsd,
    pendingFundingFeesUsd: position.fundingFeeAmount * collateralPrice,
  };
  const sizes = { sizeInUsd: position.sizeInUsd, sizeInTokens: position.sizeInTokens, isLong: position.isLong };
  const pnl = peer.getPositionPnlUsd({ ...sizes, marketInfo, markPrice: perToken(market.indexToken, position.isLong ? 'priceMin' : 'priceMax') });
  const leverage = peer.getLeverage({ ...pending, sizeInUsd: position.sizeInUsd, collateralUsd: margin.collateralUsd, pnl });
  const price = peer.getLiquidationPrice({
    ...sizes,
    ...pending,
    marketInfo,
    collateralUsd: margin.collateralUsd,
    collateralAmount: position.collateralAmount,
    collateralToken: position.collateralToken === WETH ? marketInfo.longToken : marketInfo.shortToken,
    pendingImpactAmount: 0n,
    minCollateralUsd: market.minCollateralUsd,
    userReferralInfo: undefined,
  });
  const equity = margin.collateralUsd + margin.pnl.pnlUsd - pending.pendingBorrowingFeesUsd - pending.pendingFundingFeesUsd;
  const ownPrice = findLiquidationPrice(view);
  return [
    row(group, 'pnl', margin.pnl.pnlUsd, pnl),
    ...(leverage === undefined || equity <= 0n ? [] : [row(group, 'leverage', (position.sizeInUsd * 10_000n) / equity, leverage)]),
    ...(ownPrice === null || price === undefined ? [] : [row(group, 'liquidation price', ownPrice, price)]),
  ];
}

/** The index price, per whole token, next to which the rule's own decision changes: bisection over integers, no formula. */
function findLiquidationPrice(view: GmxView): bigint | null {
  const isLiquidatableAt = (raw: bigint): boolean => {
    const { market } = view;
    const index = { ...market.indexToken, priceMin: raw, priceMax: raw };
    return gmxV2Rule.health({ ...view, market: { ...market, indexToken: index, longToken: index } }).liquidatable;
  };
  const { isLong } = view.position;
  let safe = view.market.indexToken.priceMin;
  let dead = isLong ? 1n : safe * 1_000n;
  if (isLiquidatableAt(safe) || !isLiquidatableAt(dead)) return null;
  while ((isLong ? safe - dead : dead - safe) > 1n) {
    const middle = (safe + dead) / 2n;
    if (isLiquidatableAt(middle)) dead = middle;
    else safe = middle;
  }
  return safe * 10n ** BigInt(view.market.indexToken.decimals);
}

function randomView(): GmxView {
  const isLong = random.chance();
  const price = random.between(500n, 5_000n) * 10n ** 12n + random.between(0n, 10n ** 12n);
  const weth: GmxToken = { asset: WETH, symbol: 'WETH', decimals: 18, priceMin: price, priceMax: price };
  const usdc: GmxToken = { asset: USDC, symbol: 'USDC', decimals: 6, priceMin: 999n * 10n ** 21n, priceMax: 10n ** 24n };
  const side = (poolAmount: bigint): GmxSide => ({
    openInterestUsd: random.between(10n ** 6n, 10n ** 8n) * FLOAT,
    openInterestInTokens: random.between(10n ** 3n, 10n ** 5n) * 10n ** 18n,
    poolAmount,
    maxPnlFactorForTraders: random.between(1n, 90n) * 10n ** 28n,
    minCollateralFactorForOpenInterestMultiplier: 0n,
    borrowingFactorPerSecond: 0n,
    fundingFactorPerSecond: 0n,
  });
  const market: GmxMarket = {
    marketToken: '0x70d95587d40a2caf56bd97485ab3eec10bee6336',
    isDisabled: false,
    indexToken: weth,
    longToken: weth,
    shortToken: usdc,
    longs: side(random.between(10n, 10n ** 5n) * 10n ** 18n),
    shorts: side(random.between(10n ** 4n, 10n ** 8n) * 10n ** 6n),
    minCollateralUsd: FLOAT,
    minPositionSizeUsd: FLOAT,
    minCollateralFactor: 10n ** 28n,
    minCollateralFactorForLiquidation: random.between(4n, 10n) * 10n ** 27n,
    maxPositionImpactFactorForLiquidations: 0n,
    maxPositionImpactFactorPositive: 4n * 10n ** 27n,
    maxPositionImpactFactorNegative: 5n * 10n ** 27n,
    positionFeeFactorForPositiveImpact: 4n * 10n ** 26n,
    positionFeeFactorForNegativeImpact: 6n * 10n ** 26n,
    liquidationFeeFactor: 2n * 10n ** 27n,
  };
  const sizeInUsd = random.between(10n, 10n ** 7n) * FLOAT + random.between(0n, FLOAT);
  const entry = (price * random.between(85n, 118n)) / 100n;
  const collateralUsd = sizeInUsd / random.between(2n, 40n);
  const inWeth = random.chance();
  const position: GmxPosition = {
    key: `0x${'0'.repeat(64)}`,
    isLong,
    collateralToken: inWeth ? WETH : USDC,
    sizeInUsd,
    sizeInTokens: sizeInUsd / entry,
    collateralAmount: collateralUsd / (inWeth ? price : usdc.priceMin),
    pendingImpactAmount: 0n,
    feesAsOf: AT,
    borrowingFeeUsd: sizeInUsd / random.between(1_000n, 10n ** 6n),
    fundingFeeAmount: 0n,
    closingImpactUsd: 0n,
    closingImprovesBalance: false,
    traderDiscountFactor: 0n,
  };
  return { market, position, at: AT };
}

function toMarketInfo(market: GmxMarket) {
  const token = (of: GmxToken) => ({
    address: of.asset.slice(-42),
    symbol: of.symbol,
    decimals: of.decimals,
    prices: { minPrice: perToken(of, 'priceMin'), maxPrice: perToken(of, 'priceMax') },
  });
  return {
    indexToken: token(market.indexToken),
    longToken: token(market.longToken),
    shortToken: token(market.shortToken),
    longInterestUsd: market.longs.openInterestUsd,
    shortInterestUsd: market.shorts.openInterestUsd,
    longInterestInTokens: market.longs.openInterestInTokens,
    shortInterestInTokens: market.shorts.openInterestInTokens,
    longPoolAmount: market.longs.poolAmount,
    shortPoolAmount: market.shorts.poolAmount,
    maxPnlFactorForTradersLong: market.longs.maxPnlFactorForTraders,
    maxPnlFactorForTradersShort: market.shorts.maxPnlFactorForTraders,
    minCollateralFactorForLiquidation: market.minCollateralFactorForLiquidation,
    maxPositionImpactFactorForLiquidations: market.maxPositionImpactFactorForLiquidations,
    maxPositionImpactFactorPositive: market.maxPositionImpactFactorPositive,
    maxPositionImpactFactorNegative: market.maxPositionImpactFactorNegative,
    positionFeeFactorForBalanceWasImproved: market.positionFeeFactorForPositiveImpact,
    positionFeeFactorForBalanceWasNotImproved: market.positionFeeFactorForNegativeImpact,
    positionImpactFactorPositive: 0n,
    positionImpactFactorNegative: 0n,
    positionImpactExponentFactorPositive: 2n * FLOAT,
    positionImpactExponentFactorNegative: 2n * FLOAT,
    virtualInventoryForPositions: 0n,
    useOpenInterestInTokensForBalance: false,
  };
}

function perToken(token: GmxToken, end: 'priceMin' | 'priceMax'): bigint {
  return token[end] * 10n ** BigInt(token.decimals);
}

function row(group: string, figure: Row['figure'], ours: bigint, theirs: bigint): Row {
  const difference = theirs === 0n ? new Decimal(ours === 0n ? 0 : 1) : new Decimal((ours - theirs).toString()).div(theirs.toString()).abs();
  return { group, figure, ours: ours.toString(), theirs: theirs.toString(), difference };
}

function report(all: readonly Row[]): void {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  print(`peer: @gmx-io/sdk 1.4.0 (not the chain), ${positions} positions, seed ${seed}`);
  for (const { group, figure, ours, theirs, difference } of all.slice(0, PRINTED_ROWS)) print(`${group} | ${figure} | ours ${ours} | theirs ${theirs} | ${difference.toExponential(2)}`);
  print('');
  const keys = [...new Set(all.map(({ group, figure }) => `${figure} | ${group}`))].toSorted();
  for (const key of keys) {
    const own = all.filter(({ group, figure }) => `${figure} | ${group}` === key);
    const equal = own.filter(({ difference }) => difference.isZero()).length;
    const greatest = Decimal.max(...own.map(({ difference }) => difference));
    print(`${key} | rows ${own.length} | equal ${equal} | max relative difference ${greatest.toExponential(2)}`);
  }
}

/** A seeded linear congruential generator over 64 bits: the same rows on every machine. @source Knuth, MMIX */
function createRandom(start: number) {
  let state = BigInt(start);
  const next = (): bigint => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
    return state >> 16n;
  };
  return {
    between: (low: bigint, high: bigint): bigint => low + (((next() << 48n) + next()) % (high - low + 1n)),
    chance: (): boolean => next() % 2n === 0n,
  };
}
