import { readConfig } from '../../../src/config.ts';
import type { Address, AssetId, ChainId } from '../../../src/core/ids.ts';
import type { PriceMove } from '../../../src/core/rule.ts';
import { type OpenedAccount, type OpenedPortfolio, openPortfolio } from '../../../src/engine/open-portfolio.ts';
import { constantProductCurve } from '../../../src/path/curves/curve-constant-product.ts';
import type { CashAtHand, SelfPlanMeans } from '../../../src/path/plan/plan.ts';
import type { PathRoute } from '../../../src/path/solver/problem.ts';
import type { AavePool, AavePosition } from '../../../src/protocols/aave/state.ts';
import type { CometMarket, CometPosition } from '../../../src/protocols/compound-v3/state.ts';
import type { GmxPosition } from '../../../src/protocols/gmx-v2/state.ts';
import type { MorphoMarket, MorphoPosition } from '../../../src/protocols/morpho-blue/state.ts';
import { findRule } from '../../../src/protocols/registry.ts';
import { reportWallet } from '../../../src/service/portfolio/wallet-report.ts';
import { openRandom, type Random } from '../../bench/path/random.ts';

export const DEMO = '0xc0ffee00000000000000000000000000c0ffee01';
const MORPHO: Address = '0xbbbbbbbbbb9cc5e90e3b3af64bdaf62c37eeffcb';

/** The demo wallet: one account each in Aave, Compound, Morpho and GMX, with the markets that were recorded. */
export async function openDemo(): Promise<OpenedPortfolio> {
  const { portfolio } = await reportWallet({ subject: DEMO }, readConfig({}));
  return openPortfolio(portfolio, findRule);
}

/** A wallet that nobody has: the demo's markets at moved prices, with other balances, liquidity, caps and minimum debts. */
export function randomWallet(demo: OpenedPortfolio, seed: number): OpenedPortfolio {
  const random = openRandom(77_000_001 + seed);
  const moves = randomMoves(demo, random);
  const kept = demo.accounts.filter(() => random.between(0, 1) < 0.8);
  const accounts = (kept.length === 0 ? demo.accounts.slice(0, 1) : kept).map((account) => {
    const market = changeMarket(account, account.rule.reprice(account.view.market, moves), random);
    const view = { ...account.view, market, position: changePosition(account, random) };
    return { ...account, view, legs: account.rule.legs(view) };
  });
  return { portfolio: { ...demo.portfolio, prices: [] }, accounts };
}

/** Pools between all assets of a chain, some deep, some shallow; sometimes cash; a free lender on Ethereum or none. */
export function randomMeans(opened: OpenedPortfolio, seed: number): SelfPlanMeans {
  const random = openRandom(88_000_003 + seed);
  const held = heldAssets(opened);
  const routes = [...held.keys()].flatMap((from) => [...held.keys()].flatMap((to): PathRoute[] => (from === to || chainOf(from) !== chainOf(to) ? [] : [routeOf(from, to, { held, random })])));
  const cash = [...held].flatMap(([asset, { decimals, price }]): CashAtHand[] =>
    random.between(0, 1) < 0.25
      ? [{ asset, decimals, amount: BigInt(Math.floor((random.logBetween(10, 20_000) / price) * 10 ** Math.min(decimals, 9))) * 10n ** BigInt(Math.max(0, decimals - 9)) }]
      : [],
  );
  const flashLenders = random.between(0, 1) < 0.8 ? [{ chain: 'eip155:1' as const, name: 'Morpho Blue', kind: 'morpho' as const, lender: MORPHO, feeBps: 0 }] : [];
  return {
    routes,
    flashLenders,
    cash,
    cashCost: 0,
    gasUsd: (chain, kind) => (chain === 'eip155:1' ? 4 : 0.1) + (kind === 'close' ? 1 : 0),
    assets: new Set(held.keys()),
    headRoomSeconds: 600n,
    priceHeadRoom: random.between(0, 0.01),
    order: random.between(0, 1) < 0.3 ? 'sequence' : 'any',
  };
}

function randomMoves(demo: OpenedPortfolio, random: Random): ReadonlyMap<AssetId, PriceMove> {
  const bySymbol = new Map<string, PriceMove>();
  const moves = new Map<AssetId, PriceMove>();
  for (const { asset, symbol } of demo.accounts.flatMap((account) => account.legs)) {
    if (symbol.includes('USD')) continue;
    const move = bySymbol.get(symbol) ?? { numerator: BigInt(Math.round(random.between(600, 1_300))), denominator: 1_000n };
    bySymbol.set(symbol, move);
    moves.set(asset, move);
  }
  return moves;
}

function changeMarket({ rule }: OpenedAccount, market: unknown, random: Random): unknown {
  if (rule.id.startsWith('aave')) {
    const pool = market as AavePool;
    return { ...pool, reserves: pool.reserves.map((reserve) => ({ ...reserve, availableLiquidity: scaled(10n ** BigInt(reserve.decimals) * 1_000n, random.logBetween(0.01, 1_000)) })) };
  }
  if (rule.id.startsWith('compound')) return { ...(market as CometMarket), baseBorrowMin: scaled(100_000_000n, random.logBetween(1, 100)) };
  if (rule.id.startsWith('morpho')) return { ...(market as MorphoMarket), totalBorrowAssets: scaled((market as MorphoMarket).totalSupplyAssets, random.between(0.5, 0.999)) };
  return market;
}

function changePosition({ rule, view }: OpenedAccount, random: Random): unknown {
  const size = random.logBetween(0.01, 30);
  const leverage = random.between(0.6, 1.5);
  if (rule.id.startsWith('aave')) {
    const position = view.position as AavePosition;
    const holdings = position.holdings.map((holding) => ({
      ...holding,
      scaledSupply: scaled(holding.scaledSupply, size * random.between(0.1, 2)),
      scaledVariableDebt: scaled(holding.scaledVariableDebt, size * leverage),
    }));
    return { ...position, holdings };
  }
  if (rule.id.startsWith('compound')) {
    const position = view.position as CometPosition;
    return { ...position, principal: -scaled(-position.principal, size * leverage), collaterals: position.collaterals.map((entry) => ({ ...entry, balance: scaled(entry.balance, size) })) };
  }
  if (rule.id.startsWith('morpho')) {
    const position = view.position as MorphoPosition;
    return { ...position, collateral: scaled(position.collateral, size), borrowShares: scaled(position.borrowShares, size * leverage) };
  }
  const position = view.position as GmxPosition;
  return {
    ...position,
    sizeInUsd: scaled(position.sizeInUsd, size),
    sizeInTokens: scaled(position.sizeInTokens, size),
    collateralAmount: scaled(position.collateralAmount, size * random.between(0.3, 3)),
    borrowingFeeUsd: scaled(position.borrowingFeeUsd, size),
    fundingFeeAmount: scaled(position.fundingFeeAmount, size),
  };
}

function scaled(amount: bigint, factor: number): bigint {
  return (amount * BigInt(Math.round(factor * 1_000_000))) / 1_000_000n;
}

interface Held {
  readonly decimals: number;
  readonly price: number;
}

function heldAssets(opened: OpenedPortfolio): Map<AssetId, Held> {
  const held = new Map<AssetId, Held>();
  for (const { asset, decimals, priceUsd } of opened.accounts.flatMap((account) => account.legs)) {
    if (asset.startsWith('eip155')) held.set(asset, { decimals, price: priceUsd.toNumber() });
  }
  return held;
}

function routeOf(from: AssetId, to: AssetId, { held, random }: { readonly held: ReadonlyMap<AssetId, Held>; readonly random: Random }): PathRoute {
  const depthUsd = random.logBetween(200_000, 300_000_000);
  const reserveOf = (asset: AssetId): number => depthUsd / (held.get(asset)?.price ?? 1);
  const curve = constantProductCurve({ from, to, reserveFrom: reserveOf(from), reserveTo: reserveOf(to), fee: 0.0005, depth: null, source: 'a random pool', observedAt: null, assumed: true });
  return { id: `${from} → ${to}`, chain: chainOf(from), gasUsd: 3, curve };
}

function chainOf(asset: AssetId): ChainId {
  return asset.slice(0, asset.indexOf('/')) as ChainId;
}
