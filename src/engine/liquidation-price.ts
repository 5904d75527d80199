import { Decimal, fromFixed, ONE, sum } from '../core/decimal.ts';
import type { AssetId } from '../core/ids.ts';
import { type Crossing, type CrossingProbe, type CrossingSearch, findCrossing } from './crossing.ts';
import type { AccountEvaluation } from './evaluate.ts';
import { moveTogether, type PriceDriver } from './moves.ts';
import { probeAlone, probeTogether } from './probe.ts';

/** A price at which something changes; `factor` 1 is today's price. */
export interface PricePoint {
  readonly factor: Decimal;
  /** factor − 1. */
  readonly move: Decimal;
  /** The driver's assets at that point, USD per whole token by the oracle of the first account that holds each. */
  readonly prices: readonly { readonly asset: AssetId; readonly symbol: string; readonly priceUsd: Decimal }[];
  /** What lies beyond: a liquidation (or a unified health below 1), or, for what is already there, the way out of it. */
  readonly becomes: Crossing['becomes'];
  /** Factors on either side of the root at which the rule's own decision was taken and differs. */
  readonly before: Decimal;
  readonly beyond: Decimal;
}

/** Falling and rising; null where no such price exists between a fall of 99.9999 % and a rise to a million times today's. */
export interface PricePair {
  readonly down: PricePoint | null;
  readonly up: PricePoint | null;
}

/** The liquidation prices of one account, one entry per driver that the account holds or owes. */
export interface AccountLiquidationPrices {
  readonly account: AccountEvaluation;
  readonly drivers: readonly ({ readonly driver: PriceDriver } & PricePair)[];
}

/** An account and where it is liquidated. */
export interface FirstLiquidation {
  readonly account: AccountEvaluation;
  readonly point: PricePoint;
}

/** The wallet's prices for one driver. */
export interface WalletLiquidationPrice {
  readonly driver: PriceDriver;
  /** Where the unified health factor crosses 1. */
  readonly unified: PricePair;
  /** Which account is liquidated first among those that are not liquidatable now, and where. */
  readonly first: { readonly down: FirstLiquidation | null; readonly up: FirstLiquidation | null };
}

/** Every liquidation price of a wallet. */
export interface LiquidationPrices {
  readonly accounts: readonly AccountLiquidationPrices[];
  readonly wallet: readonly WalletLiquidationPrice[];
}

const LOWEST_FACTOR = new Decimal('1e-6');
const HIGHEST_FACTOR = new Decimal('1e6');

/** Computes the liquidation prices of every account with debt, and of the wallet, for every driver. */
export function computeLiquidationPrices(accounts: readonly AccountEvaluation[], drivers: readonly PriceDriver[]): LiquidationPrices {
  const indebted = accounts.filter((account) => !account.debtFree);
  const perAccount = indebted.map((account) => ({
    account,
    drivers: drivers.filter((driver) => isExposed(account, driver)).map((driver) => ({ driver, ...computeLiquidationPrice(account, driver) })),
  }));
  return { accounts: perAccount, wallet: drivers.map((driver) => walletPrice(driver, indebted, perAccount)) };
}

/**
 * Finds where a driver's price liquidates one account: the root of A − L, confirmed by the rule's own decision through `reprice` on both sides.
 * Today's decision is where the search starts, so for an account that is liquidatable now the points are where it stops being so.
 */
export function computeLiquidationPrice(account: AccountEvaluation, driver: PriceDriver): PricePair {
  const probe = (factor: Decimal): CrossingProbe | null => probeAlone(account, moveTogether(driver.assets, factor));
  return searchBothWays({ slope: slopeOf([account], driver), probe, holders: [account], driver });
}

/** Finds where a driver's price takes the unified health factor of accounts with debt across 1. */
export function computeUnifiedPrice(accounts: readonly AccountEvaluation[], driver: PriceDriver): PricePair {
  const exposed = accounts.filter((account) => isExposed(account, driver));
  const rest = sum(accounts.filter((account) => !exposed.includes(account)).map((account) => account.slack));
  const probe = (factor: Decimal): CrossingProbe | null => probeTogether(exposed, { moves: moveTogether(driver.assets, factor), rest });
  return searchBothWays({ slope: slopeOf(accounts, driver), probe, holders: accounts, driver });
}

function walletPrice(driver: PriceDriver, indebted: readonly AccountEvaluation[], perAccount: readonly AccountLiquidationPrices[]): WalletLiquidationPrice {
  const first = (way: 'down' | 'up'): FirstLiquidation | null => {
    const points = perAccount.flatMap(({ account, drivers }) => {
      const point = drivers.find((entry) => entry.driver === driver)?.[way];
      return point?.becomes === 'breached' ? [{ account, point }] : [];
    });
    return points.reduce<FirstLiquidation | null>((near, entry) => (near === null || entry.point.move.abs().lt(near.point.move.abs()) ? entry : near), null);
  };
  return { driver, unified: computeUnifiedPrice(indebted, driver), first: { down: first('down'), up: first('up') } };
}

interface PriceSearch extends Pick<CrossingSearch, 'slope' | 'probe'> {
  readonly holders: readonly AccountEvaluation[];
  readonly driver: PriceDriver;
}

function searchBothWays({ slope, probe, holders, driver }: PriceSearch): PricePair {
  const today = probe(ONE);
  const point = (end: Decimal): PricePoint | null => {
    const crossing = findCrossing({ start: ONE, end, slope, probe: (factor) => (factor.eq(ONE) ? today : probe(factor)) });
    return crossing === null ? null : toPoint(crossing, holders, driver);
  };
  return { down: point(LOWEST_FACTOR), up: point(HIGHEST_FACTOR) };
}

function toPoint(crossing: Crossing, holders: readonly AccountEvaluation[], driver: PriceDriver): PricePoint {
  const legs = holders.flatMap((account) => account.legs);
  const prices = driver.assets.flatMap((asset) => {
    const leg = legs.find((entry) => entry.asset === asset);
    return leg === undefined ? [] : [{ asset, symbol: leg.symbol, priceUsd: leg.priceUsd.times(crossing.at) }];
  });
  return { factor: crossing.at, move: crossing.at.minus(1), prices, becomes: crossing.becomes, before: crossing.before, beyond: crossing.beyond };
}

function isExposed(account: AccountEvaluation, driver: PriceDriver): boolean {
  return account.legs.some((leg) => driver.assets.includes(leg.asset)) || account.terms.some((term) => driver.assets.includes(term.asset));
}

/** d(A − L) / d factor: what the driver's assets add to A less what they add to L. */
function slopeOf(accounts: readonly AccountEvaluation[], driver: PriceDriver): Decimal {
  const terms = accounts.flatMap((account) => account.terms).filter((term) => driver.assets.includes(term.asset));
  return sum(
    terms.map((term) => {
      const value = fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight);
      return term.side === 'collateral' ? value : value.negated();
    }),
  );
}
