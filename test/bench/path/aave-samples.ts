import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as z from 'zod';
import { readConfig } from '../../../src/config.ts';
import { openPortfolio } from '../../../src/engine/open-portfolio.ts';
import { normalizeBook } from '../../../src/protocols/generic-lending/index.ts';
import { findRule } from '../../../src/protocols/registry.ts';
import { listDatasets } from '../../../src/service/portfolio/recorded-data.ts';
import { reportWallet } from '../../../src/service/portfolio/wallet-report.ts';
import type { RecordedLiquidity } from '../../../src/sources/liquidity.ts';
import { BOOK_TARGET, forcedUsdOf, healthOf, openBookWallet, problemOfWallet } from './book-problem.ts';
import type { MoneyProblem, MoneySample } from './money.ts';
import { readSharedJson, readSharedText } from './shared-data.ts';

const LIQUIDATIONS = 'demo/aave_v2_liquidations_2020-12_2022-04_demo.csv';
const RESERVES = 'params/aave_v2_ethereum_reserves_2022.json';
export const AAVE_FILES = [LIQUIDATIONS, RESERVES] as const;

const NEAR = 0.9;
const momentsSchema = z.array(z.object({ timestamp: z.int(), healthFactor: z.string() }));

/** Recorded Aave v2 wallets at every recorded moment in which they stood near or below the target. */
export async function sampleAaveWallets(recorded: readonly RecordedLiquidity[]): Promise<MoneySample> {
  const datasets = (await listDatasets()).filter((dataset) => dataset.name.startsWith('aave-v2-'));
  const problems: MoneyProblem[] = [];
  const wallets = new Set<string>();
  for (const dataset of datasets) {
    for (const moment of momentsSchema.parse(JSON.parse(readFileSync(join(dataset.folder, 'recorded-health.json'), 'utf8')))) {
      const subject = dataset.wallets[0]?.address ?? '';
      const { portfolio } = await reportWallet({ subject, recorded: dataset.name, at: moment.timestamp }, readConfig({}));
      const opened = openPortfolio(portfolio, findRule);
      const [account] = opened.accounts;
      if (account === undefined || healthOf(account) < NEAR || healthOf(account) >= BOOK_TARGET) continue;
      wallets.add(subject);
      problems.push(problemOfWallet(opened, recorded, forcedUsdOf(opened)));
    }
  }
  return {
    name: 'Aave v2 wallets',
    problems,
    notes: [
      `${problems.length} recorded moments (2021 and 2022) of ${wallets.size} wallets, one account each (so that each protocol alone is the optimum), computed health from ${NEAR} to ${BOOK_TARGET}; thresholds of 2022 and CoinGecko dollars at every moment.`,
      'Native forced: Aave v2’s own liquidations by the rule, now or just beyond the price move that makes the account liquidatable; the liquidator sells without loss.',
    ],
  };
}

const natural = z.string().regex(/^[0-9]+$/);
const rowsSchema = z.array(
  z.object({
    ts: z.coerce.number(),
    user: z.string(),
    pool: z.string(),
    collateral: z.string(),
    collateral_decimals: z.coerce.number(),
    collateral_seized_raw: natural,
    collateral_price_eth_wei: natural,
    debt: z.string(),
    debt_decimals: z.coerce.number(),
    debt_repaid_raw: natural,
    debt_price_eth_wei: natural,
    exact_bonus_bps: z.string(),
    limited_by: z.string(),
  }),
);
type Row = z.infer<typeof rowsSchema>[number];
const reservesSchema = z.object({ reserves: z.array(z.object({ symbol: z.string(), underlying: z.string(), liquidationThresholdBps: z.number() })) });

/** 2021-05-19 UTC. */
const DAY = { from: 1_621_382_400, to: 1_621_468_800 } as const;
const DOLLARS = ['USDC', 'USDT', 'DAI'];
/** Just liquidatable. */
const HEALTH = 0.99;
/** Share of a debt that one call of Aave v2 may repay. */
const CLOSE_FACTOR = 0.5;

/** Accounts that were liquidated on Aave v2 on 2021-05-19, restated from the liquidations. */
export function sampleAaveDay(recorded: readonly RecordedLiquidity[]): MoneySample {
  const all = rowsSchema.parse(parse(readSharedText(LIQUIDATIONS), { columns: true, skip_empty_lines: true }));
  const day = all.filter((row) => row.pool === 'main' && row.ts >= DAY.from && row.ts < DAY.to);
  const exact = day.filter((row) => row.exact_bonus_bps !== '');
  const ethUsdAt = ethPrices(exact);
  const users = [...Map.groupBy(exact, (row) => row.user).values()];
  const { reserves } = reservesSchema.parse(readSharedJson(RESERVES));
  const problems = users.flatMap((rows) => restate(rows, { reserves, ethUsd: ethUsdAt(rows[0]?.ts ?? 0), recorded }));
  return {
    name: 'Aave v2 on 2021-05-19',
    problems,
    notes: [
      `Restated from ${exact.length} of ${day.length} liquidations of the day whose recorded integers hold exactly, main pool: ${problems.length} of ${users.length} users, those whose first call on each debt took the whole close factor, and who owe nothing that was seized.`,
      `Assumed: each debt is twice what its first call repaid; collateral is what was seized that day, in those proportions, at a health of ${HEALTH} by the thresholds of 2022; prices are those of the calls. One account each, so that each protocol alone is the optimum. The account ran on as recorded: native forced is what the day's calls really seized beyond what they repaid.`,
    ],
  };
}

function ethPrices(rows: readonly Row[]): (at: number) => number {
  const quotes = rows.filter((row) => DOLLARS.includes(row.debt)).map((row) => ({ at: row.ts, usd: 1e18 / Number(row.debt_price_eth_wei) }));
  return (at) => quotes.toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0]?.usd ?? Number.NaN;
}

interface DayContext {
  readonly reserves: z.infer<typeof reservesSchema>['reserves'];
  readonly ethUsd: number;
  readonly recorded: readonly RecordedLiquidity[];
}

function restate(rows: readonly Row[], { reserves, ethUsd, recorded }: DayContext): MoneyProblem[] {
  const seized = sumBy(rows, (row) => [row.collateral, value(row.collateral_seized_raw, row.collateral_decimals, row.collateral_price_eth_wei)]);
  const firsts = [...Map.groupBy(rows, (row) => row.debt).values()].flatMap((calls) => calls.slice(0, 1));
  const prices = new Map(rows.flatMap((row) => [[row.debt, row.debt_price_eth_wei] as const, [row.collateral, row.collateral_price_eth_wei] as const]).toReversed());
  const tokens = reserves.filter((reserve) => prices.has(reserve.symbol));
  const indexOf = (symbol: string): number => tokens.findIndex((token) => token.symbol === symbol);
  const usable = firsts.every((row) => row.limited_by === 'debt' && !seized.has(row.debt)) && [...prices.keys()].every((symbol) => indexOf(symbol) >= 0);
  const [first] = rows;
  if (!usable || first === undefined) return [];
  const debts = firsts.map((row) => ({ symbol: row.debt, eth: value(row.debt_repaid_raw, row.debt_decimals, row.debt_price_eth_wei) / CLOSE_FACTOR }));
  const owed = debts.reduce((sum, debt) => sum + debt.eth, 0);
  const total = [...seized.values()].reduce((sum, eth) => sum + eth, 0);
  const threshold = [...seized].reduce((sum, [symbol, eth]) => sum + (eth / total) * ((tokens[indexOf(symbol)]?.liquidationThresholdBps ?? 0) / 10_000), 0);
  if (threshold === 0) return [];
  const amount = (symbol: string, eth: number): [number, string] => [indexOf(symbol), ((eth * 1e18) / Number(prices.get(symbol))).toFixed(12)];
  const book = normalizeBook(
    {
      protocol: 'aave-v2',
      chainId: 1,
      // Not recorded; only shown.
      block: 1,
      selfCollateralFactor: '0.95',
      targetHealth: '1.25',
      maxDiscount: '0.20',
      tokens: tokens.map(({ symbol, underlying, liquidationThresholdBps }) => ({
        address: underlying,
        symbol,
        priceEthWei: prices.get(symbol) ?? '0',
        collateralFactor: (liquidationThresholdBps / 10_000).toFixed(4),
        borrowFactor: '1',
        borrowIsolated: false,
      })),
    },
    {
      accounts: [
        {
          owner: first.user,
          account: first.user,
          deposits: [...seized].map(([symbol, eth]) => amount(symbol, ((eth / total) * (HEALTH * owed)) / threshold)),
          debts: debts.map(({ symbol, eth }) => amount(symbol, eth)),
        },
      ],
    },
    {
      unit: { asset: 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2', symbol: 'ETH' },
      unitPriceUsd: BigInt(Math.round(ethUsd * 1e6)) * 10n ** 12n,
      at: first.ts,
      baseDiscount: 0n,
      repayFee: 0n,
    },
  );
  const lost = rows.reduce(
    (sum, row) => sum + value(row.collateral_seized_raw, row.collateral_decimals, row.collateral_price_eth_wei) - value(row.debt_repaid_raw, row.debt_decimals, row.debt_price_eth_wei),
    0,
  );
  return [problemOfWallet(openBookWallet(book, book.accounts, first.ts), recorded, lost * ethUsd)];
}

/** ETH. */
function value(raw: string, decimals: number, priceEthWei: string): number {
  return ((Number(raw) / 10 ** decimals) * Number(priceEthWei)) / 1e18;
}

function sumBy(rows: readonly Row[], entry: (row: Row) => readonly [string, number]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const [key, amount] = entry(row);
    sums.set(key, (sums.get(key) ?? 0) + amount);
  }
  return sums;
}
