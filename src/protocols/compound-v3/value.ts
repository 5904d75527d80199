import type { Address } from '../../core/ids.ts';
import type { ContractCall } from '../../core/source.ts';
import type { Deployment, Rows } from '../protocol.ts';
import { readContracts } from './deployments.ts';
import { readRows } from './rows.ts';

/** The most assets a comet can list. @source CometWithExtendedAssetList.sol MAX_ASSETS_FOR_ASSET_LIST */
const MAX_ASSETS = 24;
/** Slots that are asked for beyond the assets already known, so that a new listing is seen. */
const SPARE_SLOTS = 2;

const RATES = [
  'supplyKink',
  'supplyPerSecondInterestRateBase',
  'supplyPerSecondInterestRateSlopeLow',
  'supplyPerSecondInterestRateSlopeHigh',
  'borrowKink',
  'borrowPerSecondInterestRateBase',
  'borrowPerSecondInterestRateSlopeLow',
  'borrowPerSecondInterestRateSlopeHigh',
] as const;
const PARAMETERS = [...RATES, 'baseScale', 'baseBorrowMin', 'targetReserves', 'storeFrontPriceFactor', 'numAssets'] as const;

/** A view of a comet that takes nothing and answers one integer. */
export type Parameter = (typeof PARAMETERS)[number];

/** The keys of the calls, shared by planning and normalizing. */
export const callKeys = {
  parameter: (name: Parameter): string => name,
  totals: 'totalsBasic',
  baseFeed: 'baseTokenPriceFeed',
  baseBalance: 'balanceOf',
  assetInfo: (slot: number): string => `assetInfo:${slot}`,
  price: (feed: Address): string => `price:${feed}`,
  feedDecimals: (feed: Address): string => `decimals:${feed}`,
  totalCollateral: (token: Address): string => `totalsCollateral:${token}`,
  collateralReserves: (token: Address): string => `collateralReserves:${token}`,
  userBasic: (owner: Address): string => `userBasic:${owner}`,
  userCollateral: (owner: Address, token: Address): string => `userCollateral:${owner}:${token}`,
} as const;

const SIGNATURES = {
  totals:
    'function totalsBasic() view returns ((uint64 baseSupplyIndex, uint64 baseBorrowIndex, uint64 trackingSupplyIndex, uint64 trackingBorrowIndex, uint104 totalSupplyBase, uint104 totalBorrowBase, uint40 lastAccrualTime, uint8 pauseFlags))',
  assetInfo:
    'function getAssetInfo(uint8 i) view returns ((uint8 offset, address asset, address priceFeed, uint64 scale, uint64 borrowCollateralFactor, uint64 liquidateCollateralFactor, uint64 liquidationFactor, uint128 supplyCap))',
  price: 'function getPrice(address priceFeed) view returns (uint256)',
  baseFeed: 'function baseTokenPriceFeed() view returns (address)',
  balanceOf: 'function balanceOf(address account) view returns (uint256)',
  decimals: 'function decimals() view returns (uint8)',
  totalCollateral: 'function totalsCollateral(address asset) view returns (uint128 totalSupplyAsset, uint128 _reserved)',
  collateralReserves: 'function getCollateralReserves(address asset) view returns (uint256)',
  userBasic: 'function userBasic(address account) view returns (int104 principal, uint64 baseTrackingIndex, uint64 baseTrackingAccrued, uint16 assetsIn, uint8 _reserved)',
  userCollateral: 'function userCollateral(address account, address asset) view returns (uint128 balance, uint128 _reserved)',
} as const;

/** A token to ask about, and the feed that is thought to price it. */
export interface KnownToken {
  readonly symbol: string;
  readonly token: Address;
  readonly feed: Address;
}

/** The collateral to ask about: what the subgraph lists, then what the deployment's row has beyond it. */
export function listKnownCollaterals(deployment: Deployment, rows: Rows): readonly KnownToken[] {
  const listed = (readRows(deployment, rows).market?.configuration.collateralTokens ?? []).map(
    (entry): KnownToken => ({ symbol: entry.token.symbol, token: entry.token.id as Address, feed: entry.priceFeed as Address }),
  );
  const known = new Set(listed.map((entry) => entry.token));
  const others = readContracts(deployment).collaterals.flatMap(([symbol, token, feed]) => (known.has(token) ? [] : [{ symbol, token, feed }]));
  return [...listed, ...others];
}

/**
 * Plans every read that values the owners' accounts in one comet. Each owner's principal and collateral is asked for whether or not discovery listed the
 * account: that is how an account is found where there is no subgraph, or where it missed one.
 */
export function valueComet(deployment: Deployment, owners: readonly Address[], rows: Rows): readonly ContractCall[] {
  const contracts = readContracts(deployment);
  const { comet } = contracts;
  const discovered = readRows(deployment, rows).market;
  const baseToken = (discovered?.configuration.baseToken.token.id as Address | undefined) ?? contracts.base?.[1];
  const baseFeeds = [discovered?.configuration.baseToken.priceFeed as Address | undefined, contracts.base?.[2]];
  const collaterals = listKnownCollaterals(deployment, rows);
  const rowFeeds = contracts.collaterals.map(([, , feed]) => feed);
  const feeds = new Set([...baseFeeds, ...collaterals.map((entry) => entry.feed), ...rowFeeds, ...contracts.unitFeeds].filter((feed) => feed !== undefined));
  const slots = Math.min(collaterals.length + SPARE_SLOTS, MAX_ASSETS);
  const call = (key: string, signature: string, args: readonly unknown[] = []): ContractCall => ({ key, to: comet, signature, args });
  return [
    call(callKeys.totals, SIGNATURES.totals),
    call(callKeys.baseFeed, SIGNATURES.baseFeed),
    ...PARAMETERS.map((name) => call(callKeys.parameter(name), `function ${name}() view returns (uint256)`)),
    ...Array.from({ length: slots }, (_, slot) => call(callKeys.assetInfo(slot), SIGNATURES.assetInfo, [slot])),
    ...[...feeds].map((feed) => call(callKeys.price(feed), SIGNATURES.price, [feed])),
    ...contracts.unitFeeds.map((feed): ContractCall => ({ key: callKeys.feedDecimals(feed), to: feed, signature: SIGNATURES.decimals, args: [] })),
    ...(baseToken === undefined ? [] : [{ key: callKeys.baseBalance, to: baseToken, signature: SIGNATURES.balanceOf, args: [comet] }]),
    ...collaterals.flatMap(({ token }) => [
      call(callKeys.totalCollateral(token), SIGNATURES.totalCollateral, [token]),
      call(callKeys.collateralReserves(token), SIGNATURES.collateralReserves, [token]),
    ]),
    ...owners.flatMap((owner) => [
      call(callKeys.userBasic(owner), SIGNATURES.userBasic, [owner]),
      ...collaterals.map(({ token }) => call(callKeys.userCollateral(owner, token), SIGNATURES.userCollateral, [owner, token])),
    ]),
  ];
}
