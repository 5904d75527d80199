import { type Decimal, fromFixed, toText } from '../core/decimal.ts';
import { toChecksum } from '../core/ids.ts';
import { encodeJson, type Json } from '../core/json.ts';
import type { Leg } from '../core/rule.ts';
import type { AccountEvaluation, ExposureSums } from './evaluate.ts';
import type { PricePair, PricePoint } from './liquidation-price.ts';
import { isInsolvent, type Report } from './report.ts';
import type { ShockedWallet } from './shock.ts';
import type { UnifiedHealth, WalletHealth } from './wallet.ts';

/** Decimal places of ratios and of USD amounts in JSON. */
const RATIO_PLACES = 18;
const USD_PLACES = 8;

/**
 * Writes a report as plain JSON: ratios, USD and integers as decimal strings, null where there is no debt or no such price, times in unix seconds and RFC
 * 3339. No number in it is NaN or infinite.
 */
export function reportToJson(report: Report): Json {
  return {
    status: report.status,
    statusWithoutGaps: report.statusWithoutGaps,
    owners: report.owners.map(toChecksum),
    recorded: report.recorded,
    asOf: {
      ...time('createdAt', report.asOf.createdAt),
      blocks: report.asOf.blocks.map((block) => ({ ...block, ...time('timestamp', block.timestamp) })),
      prices: report.asOf.prices.map((price) => ({ ...price, ...time('observedAt', price.observedAt) })),
    },
    precision: report.precision,
    wallet: walletToJson(report.wallet),
    accounts: report.accounts.map((account) => accountToJson(account, report)),
    liquidationPrices: report.liquidationPrices.wallet.map(({ driver, unified, first }) => ({
      ...driver,
      unified: pairToJson(unified),
      first: {
        down: first.down && { account: first.down.account.account.entry.id, ...pointToJson(first.down.point) },
        up: first.up && { account: first.up.account.account.entry.id, ...pointToJson(first.up.point) },
      },
    })),
    distance: {
      first: report.distance.first && { account: report.distance.first.account.account.entry.id, move: ratio(report.distance.first.move) },
      unified: ratioOrNull(report.distance.unified),
    },
    timeToLiquidation: report.timeToLiquidation.first && {
      account: report.timeToLiquidation.first.account.account.entry.id,
      seconds: report.timeToLiquidation.first.seconds.toString(),
    },
    gaps: encodeJson(report.gaps),
    discrepancies: encodeJson(report.discrepancies),
    coverage: encodeJson(report.coverage),
  };
}

/** Writes a shocked wallet as plain JSON, in the same form as a report's. */
export function shockToJson(shocked: ShockedWallet): Json {
  return {
    shock: shocked.shock.parts.map(({ target, assets, move }) => ({ target, assets, move: ratio(move) })),
    wallet: walletToJson(shocked.wallet),
    accounts: shocked.accounts.map((account) => ({ account: account.account.entry.id, liquidatable: account.native.liquidatable, ...sumsToJson(account) })),
    gaps: encodeJson(shocked.gaps),
  };
}

function walletToJson(wallet: WalletHealth): { readonly [key: string]: Json } {
  const named = (account: AccountEvaluation | null): Json => account && { account: account.account.entry.id, health: ratioOrNull(account.health) };
  return {
    ...unifiedToJson(wallet),
    weakest: named(wallet.weakest),
    weakestAboveDust: named(wallet.weakestAboveDust),
    dust: wallet.dust.map((account) => account.account.entry.id),
    debtFree: wallet.debtFree.map((account) => account.account.entry.id),
    freeCollateral: usd(wallet.freeCollateral),
    market: wallet.market && unifiedToJson(wallet.market),
  };
}

function accountToJson(account: AccountEvaluation, report: Report): Json {
  const { entry, marketEntry } = account.account;
  const prices = report.liquidationPrices.accounts.find((found) => found.account === account);
  const lasts = report.timeToLiquidation.accounts.find((found) => found.account === account);
  return {
    id: entry.id,
    owner: toChecksum(entry.owner),
    chain: marketEntry.chain,
    protocol: marketEntry.protocol,
    deployment: marketEntry.deployment,
    market: marketEntry.market,
    label: marketEntry.label,
    rule: marketEntry.rule,
    ...time('at', entry.at),
    native: encodeJson({ ...account.native, healthFactor: ratioOrNull(account.native.healthFactor) }),
    ...sumsToJson(account),
    insolvent: isInsolvent(account),
    collateral: usd(account.raw.collateral),
    debt: usd(account.raw.debt),
    idle: usd(account.idle),
    atMarketPrices: account.market && {
      ...sumsToJson(account.market),
      collateral: usd(account.market.raw.collateral),
      debt: usd(account.market.raw.debt),
      atOraclePrice: account.market.atOraclePrice,
    },
    legs: account.legs.map(legToJson),
    liquidationPrices: prices?.drivers.map(({ driver, down, up }) => ({ ...driver, ...pairToJson({ down, up }) })) ?? [],
    distance: ratioOrNull(report.distance.accounts.find((found) => found.account === account)?.move ?? null),
    timeToLiquidation: lasts === undefined ? null : { seconds: lasts.seconds?.toString() ?? null, reason: lasts.reason },
    precision: entry.precision,
    missing: entry.missing,
    evidence: encodeJson(entry.evidence),
  };
}

function legToJson(leg: Leg): Json {
  const amount = fromFixed(leg.amount, leg.decimals);
  return {
    side: leg.side,
    asset: leg.asset,
    symbol: leg.symbol,
    amount: { raw: leg.amount.toString(), decimals: leg.decimals, amount: toText(amount, leg.decimals), usd: usd(amount.times(leg.priceUsd)) },
    priceUsd: ratio(leg.priceUsd),
    weight: ratio(leg.weight),
  };
}

function sumsToJson(sums: ExposureSums): { readonly [key: string]: Json } {
  return {
    health: ratioOrNull(sums.health),
    adjustedCollateral: usd(sums.adjustedCollateral),
    adjustedDebt: usd(sums.adjustedDebt),
    slack: usd(sums.slack),
    shortfall: usd(sums.shortfall),
  };
}

function unifiedToJson(unified: UnifiedHealth): { readonly [key: string]: Json } {
  return { ...sumsToJson(unified), coverRatio: ratioOrNull(unified.coverRatio) };
}

function pairToJson({ down, up }: PricePair): { readonly [key: string]: Json } {
  return { down: down && pointToJson(down), up: up && pointToJson(up) };
}

function pointToJson(point: PricePoint): { readonly [key: string]: Json } {
  return {
    move: ratio(point.move),
    becomes: point.becomes,
    prices: point.prices.map(({ asset, symbol, priceUsd }) => ({ asset, symbol, priceUsd: ratio(priceUsd) })),
  };
}

/** A time twice: unix seconds under its name, RFC 3339 under the name with `Iso`. */
function time(name: string, seconds: number): { readonly [key: string]: Json } {
  return { [name]: seconds, [`${name}Iso`]: new Date(seconds * 1000).toISOString() };
}

function usd(value: Decimal): string {
  return toText(value, USD_PLACES);
}

function ratio(value: Decimal): string {
  return toText(value, RATIO_PLACES);
}

function ratioOrNull(value: Decimal | null): string | null {
  return value === null ? null : ratio(value);
}
