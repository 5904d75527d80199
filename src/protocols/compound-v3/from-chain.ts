import * as z from 'zod';
import { mulDivDown, pow10 } from '../../core/fixed-point.ts';
import { type Address, erc20 } from '../../core/ids.ts';
import type { NormalizeInput } from '../protocol.ts';
import { type Answers, addressWord, findAnswer, findUint, int, uint } from './answers.ts';
import { readContracts } from './deployments.ts';
import { readRows } from './rows.ts';
import type { CometCollateral, CometMarket, CometPosition, PauseFlags, RateCurve } from './state.ts';
import { callKeys, listKnownCollaterals, type Parameter } from './value.ts';

/** The bits of `pauseFlags`. @source CometCore.sol PAUSE_*_OFFSET */
const PAUSE_BITS = { supply: 1n, transfer: 2n, withdraw: 4n, absorb: 8n, buy: 16n } as const;
/** Bits of `assetsIn`; those of later assets stand in `_reserved`. */
const ASSETS_IN_BITS = 16n;
const UNIT_DECIMALS = 8;

const totalsBasic = z.tuple([z.tuple([uint, uint, uint, uint, uint, uint, uint, uint])]);
const assetInfo = z.tuple([z.tuple([uint, addressWord, addressWord, uint, uint, uint, uint, uint])]);
const pair = z.tuple([uint, uint]);
const userBasic = z.tuple([int, uint, uint, uint, uint]);

/** A comet read from the chain: the market, or which reads of it failed. */
export type ChainMarket =
  | { readonly kind: 'market'; readonly market: CometMarket; readonly slots: readonly (Address | null)[]; readonly numAssets: number }
  | { readonly kind: 'failed'; readonly failed: readonly string[] };

/** Builds a comet's state from the answers. A price whose feed was not the one that was asked for stays null. */
export function readChainMarket(input: NormalizeInput, answers: Answers): ChainMarket {
  const { deployment } = input;
  const contracts = readContracts(deployment);
  const row = readRows(deployment, input.rows).market;
  const failed: string[] = [];
  const parameter = (name: Parameter): bigint => findUint(answers, callKeys.parameter(name)) ?? note(failed, name, 0n);
  const curve = (side: 'supply' | 'borrow'): RateCurve => ({
    kink: parameter(`${side}Kink`),
    base: parameter(`${side}PerSecondInterestRateBase`),
    slopeLow: parameter(`${side}PerSecondInterestRateSlopeLow`),
    slopeHigh: parameter(`${side}PerSecondInterestRateSlopeHigh`),
  });
  const totals = findAnswer(answers, callKeys.totals, totalsBasic)?.[0];
  const base = row?.configuration.baseToken.token ?? (contracts.base === null ? undefined : { id: contracts.base[1], symbol: contracts.base[0] });
  const baseScale = parameter('baseScale');
  const numAssets = Number(parameter('numAssets'));
  const curves = { supplyCurve: curve('supply'), borrowCurve: curve('borrow') };
  const parameters = {
    baseBorrowMin: parameter('baseBorrowMin'),
    targetReserves: parameter('targetReserves'),
    storeFrontPriceFactor: parameter('storeFrontPriceFactor'),
    baseBalance: findUint(answers, callKeys.baseBalance) ?? note(failed, 'base token balance', 0n),
  };
  const usdPerUnit = readUnitPrice(contracts.unitFeeds, answers) ?? note(failed, `price of ${contracts.unit.symbol} in USD`, 0n);
  if (totals === undefined) failed.push('totalsBasic');
  if (base === undefined) failed.push('base token');
  if (failed.length > 0 || totals === undefined || base === undefined) return { kind: 'failed', failed };
  const [baseSupplyIndex, baseBorrowIndex, , , totalSupplyBase, totalBorrowBase, lastAccrualTime, pauseFlags] = totals;
  const slots = readSlots(input, answers, numAssets);
  const baseFeed = findAnswer(answers, callKeys.baseFeed, z.tuple([addressWord]))?.[0];
  return {
    kind: 'market',
    numAssets,
    slots: slots.map((slot) => slot?.token ?? null),
    market: {
      comet: contracts.comet,
      unit: { ...contracts.unit, usdPerUnit },
      base: { asset: erc20(deployment.chain, base.id), symbol: base.symbol, decimals: decimalsOf(baseScale), price: priceOf(baseFeed, answers) },
      baseSupplyIndex,
      baseBorrowIndex,
      totalSupplyBase,
      totalBorrowBase,
      lastAccrualTime,
      ...curves,
      ...parameters,
      paused: readPauseFlags(pauseFlags),
      collaterals: slots.flatMap((slot) => (slot === null ? [] : [slot.collateral])),
    },
  };
}

interface Slot {
  readonly token: Address;
  readonly collateral: CometCollateral;
}

/** The listed assets in order; null where one could not be read whole. */
function readSlots(input: NormalizeInput, answers: Answers, numAssets: number): readonly (Slot | null)[] {
  const known = listKnownCollaterals(input.deployment, input.rows);
  return Array.from({ length: numAssets }, (_, index): Slot | null => {
    const info = findAnswer(answers, callKeys.assetInfo(index), assetInfo)?.[0];
    const symbol = known.find((entry) => entry.token === info?.[1])?.symbol;
    if (info === undefined || symbol === undefined) return null;
    const [, token, feed, scale, borrowCollateralFactor, liquidateCollateralFactor, liquidationFactor, supplyCap] = info;
    const totals = findAnswer(answers, callKeys.totalCollateral(token), pair);
    const reserves = findUint(answers, callKeys.collateralReserves(token));
    if (totals === undefined || reserves === undefined) return null;
    const weights = { borrowCollateralFactor, liquidateCollateralFactor, liquidationFactor };
    const asset = erc20(input.deployment.chain, token);
    return { token, collateral: { asset, symbol, decimals: decimalsOf(scale), price: priceOf(feed, answers), ...weights, supplyCap, totalSupply: totals[0], reserves } };
  });
}

/** What the chain says of one owner: nothing held, a position, or which reads of it failed. */
export type ChainPosition = { readonly kind: 'none' } | { readonly kind: 'position'; readonly position: CometPosition } | { readonly kind: 'failed'; readonly failed: readonly string[] };

/** Builds an owner's position. An asset that the account is in but that was not read is a failure, never a zero. */
export function readChainPosition(input: NormalizeInput, answers: Answers, owner: Address, chainMarket: ChainMarket): ChainPosition {
  const basic = findAnswer(answers, callKeys.userBasic(owner), userBasic);
  if (basic === undefined) return { kind: 'failed', failed: ['userBasic'] };
  const [principal, , , assetsIn, reserved] = basic;
  const bits = assetsIn + (reserved << ASSETS_IN_BITS);
  if (principal === 0n && bits === 0n) return { kind: 'none' };
  if (chainMarket.kind === 'failed') return { kind: 'failed', failed: chainMarket.failed };
  const failed: string[] = [];
  const collaterals = chainMarket.slots.flatMap((token, index) => {
    if ((bits & (1n << BigInt(index))) === 0n) return [];
    const balance = token === null ? undefined : findAnswer(answers, callKeys.userCollateral(owner, token), pair)?.[0];
    if (token === null || balance === undefined) return note(failed, `collateral in slot ${index}`, []);
    return balance === 0n ? [] : [{ asset: erc20(input.deployment.chain, token), balance }];
  });
  if (bits >> BigInt(chainMarket.numAssets) !== 0n) failed.push('collateral beyond the listed assets');
  return failed.length > 0 ? { kind: 'failed', failed } : { kind: 'position', position: { principal, collaterals } };
}

/** USD per unit of account, 8 decimals: the product of the feeds that lead there, rounded down once. */
function readUnitPrice(feeds: readonly Address[], answers: Answers): bigint | undefined {
  let numerator = pow10(UNIT_DECIMALS);
  let decimals = 0;
  for (const feed of feeds) {
    const price = findUint(answers, callKeys.price(feed));
    const feedDecimals = findUint(answers, callKeys.feedDecimals(feed));
    if (price === undefined || feedDecimals === undefined) return undefined;
    numerator *= price;
    decimals += Number(feedDecimals);
  }
  const usdPerUnit = mulDivDown(numerator, 1n, 10n ** BigInt(decimals));
  return usdPerUnit === 0n ? undefined : usdPerUnit;
}

function priceOf(feed: Address | undefined, answers: Answers): bigint | null {
  const price = feed === undefined ? undefined : findUint(answers, callKeys.price(feed));
  return price === undefined || price === 0n ? null : price;
}

function readPauseFlags(flags: bigint): PauseFlags {
  const isSet = (bit: bigint): boolean => (flags & bit) !== 0n;
  return {
    supply: isSet(PAUSE_BITS.supply),
    transfer: isSet(PAUSE_BITS.transfer),
    withdraw: isSet(PAUSE_BITS.withdraw),
    absorb: isSet(PAUSE_BITS.absorb),
    buy: isSet(PAUSE_BITS.buy),
  };
}

/** The decimals of a scale, which is a power of ten. */
function decimalsOf(scale: bigint): number {
  return scale.toString().length - 1;
}

function note<Value>(failed: string[], what: string, value: Value): Value {
  failed.push(what);
  return value;
}
