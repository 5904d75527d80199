import * as z from 'zod';
import { MissingPrice, UnknownMarket, UnsupportedState } from '../../core/errors.ts';
import { divUp, mulDivDown, SECONDS_PER_YEAR, subFloor0, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import { assetIdText, naturalText } from '../../core/json.ts';
import type { AccountView } from '../../core/rule.ts';

const symbolText = z.string().min(1).max(64);
const fraction = naturalText.refine((factor) => factor <= WAD, 'expected at most 1e18');
const positive = naturalText.refine((value) => value > 0n, 'expected more than 0');
const seconds = z.int().min(0).max(4_102_444_800);

const assetSchema = z
  .strictObject({
    asset: assetIdText,
    symbol: symbolText,
    decimals: z.int().min(0).max(36),
    /** Units of account per whole token, 1e18; 0 = unknown. */
    price: naturalText,
    /** True where the oracle answers a constant, so that market moves do not reach it. */
    priceFixed: z.boolean(),
    /** Share of the collateral's value that counts, 1e18; null where the book does not tell it. */
    collateralFactor: fraction.nullable(),
    /** Debt counts as value / borrowFactor, 1e18; null where the book does not tell it. */
    borrowFactor: fraction.refine((factor) => factor > 0n, 'expected more than 0').nullable(),
    /** True where the asset may only be borrowed alone. */
    borrowIsolated: z.boolean(),
    /** Simple interest per 365-day year, 1e18. */
    supplyRate: naturalText,
    borrowRate: naturalText,
  })
  .readonly();

/** Schema of the market state: prices in one unit of account, factors and liquidation parameters at 1e18. */
export const genericMarketSchema = z
  .strictObject({
    /** What prices are quoted in, and its USD price at 1e18. `asset` is iso4217:usd where they are quoted in dollars. */
    unit: z.strictObject({ asset: assetIdText, symbol: symbolText, priceUsd: positive }).readonly(),
    assets: z.array(assetSchema).readonly(),
    /** Same-asset collateral first covers same-asset debt at this factor, 1e18; null where the protocol has no such rule. */
    selfCollateralFactor: positive.pipe(z.bigint().max(WAD)).nullable(),
    liquidation: z
      .strictObject({
        /** Health that a liquidation may restore at most, 1e18, at least 1. */
        targetHealth: naturalText.refine((health) => health >= WAD, 'expected at least 1e18'),
        /** Discount at the threshold, 1e18; it grows by 1 − health. */
        baseDiscount: fraction,
        /** The discount never exceeds this, 1e18. */
        maxDiscount: fraction.refine((discount) => discount < WAD, 'expected less than 1e18'),
        /** What the liquidator pays on top of the debt repaid, into reserves, 1e18. */
        repayFee: fraction,
        /** True where debt left without collateral is cancelled, false where it stays with the account. */
        writesOffBadDebt: z.boolean(),
      })
      .readonly(),
  })
  .readonly();

const holding = z.strictObject({ asset: assetIdText, amount: naturalText, collateral: z.boolean() }).readonly();
const owed = z.strictObject({ asset: assetIdText, amount: naturalText }).readonly();

/** Schema of the position: raw base units as of `updatedAt`; each asset at most once in each list. */
export const genericPositionSchema = z
  .strictObject({
    supplied: z.array(holding).refine(haveUniqueAssets, 'each asset may stand there once').readonly(),
    debts: z.array(owed).refine(haveUniqueAssets, 'each asset may stand there once').readonly(),
    /** Unix seconds from which interest runs. */
    updatedAt: seconds,
  })
  .readonly();

/** The market state of `generic-lending@1`. */
export type GenericMarket = z.infer<typeof genericMarketSchema>;
/** One asset of {@link GenericMarket}. */
export type GenericAsset = GenericMarket['assets'][number];
/** The position of `generic-lending@1`. */
export type GenericPosition = z.infer<typeof genericPositionSchema>;
/** An account under `generic-lending@1`. */
export type GenericView = AccountView<GenericMarket, GenericPosition>;

/**
 * One asset of a market by its id.
 *
 * @throws {UnknownMarket} where the market does not list it.
 */
export function getAsset(market: GenericMarket, id: AssetId): GenericAsset {
  const entry = market.assets.find((candidate) => candidate.asset === id);
  if (entry === undefined) throw new UnknownMarket(id, 'the book');
  return entry;
}

/** Unit-of-account price at 1e18. @throws {MissingPrice} where it is 0. */
export function getPrice(asset: GenericAsset): bigint {
  if (asset.price === 0n) throw new MissingPrice(asset.symbol, 'the book');
  return asset.price;
}

/** Collateral factor at 1e18. @throws {UnsupportedState} where the book does not tell it. */
export function getCollateralFactor(asset: GenericAsset): bigint {
  if (asset.collateralFactor === null) throw new UnsupportedState(`the collateral factor of ${asset.symbol} is not known`, 'the book');
  return asset.collateralFactor;
}

/** Borrow factor at 1e18. @throws {UnsupportedState} where the book does not tell it. */
export function getBorrowFactor(asset: GenericAsset): bigint {
  if (asset.borrowFactor === null) throw new UnsupportedState(`the borrow factor of ${asset.symbol} is not known`, 'the book');
  return asset.borrowFactor;
}

/** The position with simple interest up to `view.at`: supply rounded down, debt rounded up. Before `updatedAt` nothing accrues. */
export function accruePosition(view: GenericView): GenericPosition {
  const { market, position } = view;
  const elapsed = subFloor0(view.at, BigInt(position.updatedAt));
  if (elapsed === 0n) return position;
  const year = WAD * SECONDS_PER_YEAR;
  return {
    supplied: position.supplied.map((entry) => ({
      ...entry,
      amount: entry.amount + mulDivDown(entry.amount, getAsset(market, entry.asset).supplyRate * elapsed, year),
    })),
    debts: position.debts.map((entry) => ({
      ...entry,
      amount: entry.amount + divUp(entry.amount * getAsset(market, entry.asset).borrowRate * elapsed, year),
    })),
    updatedAt: Number(view.at),
  };
}

function haveUniqueAssets(entries: readonly { readonly asset: AssetId }[]): boolean {
  return new Set(entries.map((entry) => entry.asset)).size === entries.length;
}
