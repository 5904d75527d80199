import { Decimal } from '../../../src/core/decimal.ts';
import type { Address, AssetId } from '../../../src/core/ids.ts';
import { encodeJson } from '../../../src/core/json.ts';
import { PORTFOLIO_SCHEMA, type Portfolio } from '../../../src/core/portfolio.ts';
import { toPriceMove } from '../../../src/engine/moves.ts';
import { encodeLegs, type OpenedAccount, type OpenedPortfolio, openPortfolio } from '../../../src/engine/open-portfolio.ts';
import { defaultCurve } from '../../../src/path/curves/curve-recorded.ts';
import { forcedView } from '../../../src/path/forced/forced.ts';
import { buildProblem, TARGET_HEAD_ROOM } from '../../../src/path/solver/build-problem.ts';
import type { PathRoute } from '../../../src/path/solver/problem.ts';
import type { Normalized, NormalizedAccount } from '../../../src/protocols/protocol.ts';
import { findRule } from '../../../src/protocols/registry.ts';
import type { RecordedLiquidity } from '../../../src/sources/liquidity.ts';
import type { MoneyProblem } from './money.ts';

const CHAIN = 'eip155:1';
/** Health asked of every account, the command line's own default. */
export const BOOK_TARGET = 1.25;
/** Assumed, USD: an action on an account, a swap. */
export const BOOK_GAS = { action: 10, swap: 15 } as const;
const DOLLARS = new Set(['USDC', 'USDT', 'DAI', 'TUSD', 'BUSD', 'GUSD', 'USDP', 'sUSD', 'SUSD', 'LUSD', 'FRAX', 'UST', 'DOLA', 'alUSD', 'mUSD', 'USDD', 'UXD', 'XAI']);
/** A little beyond the move at which an account becomes liquidatable. */
const BEYOND = 1e-6;

/** One wallet of a book as a document of its own, read back as any document is. */
export function openBookWallet(book: Normalized, accounts: readonly NormalizedAccount[], at: number): OpenedPortfolio {
  const markets = book.markets.map((market) => ({
    id: market.id,
    chain: CHAIN,
    deployment: market.id,
    protocol: 'generic-lending',
    market: market.market,
    label: market.label,
    rule: market.rule,
    state: encodeJson(market.state) as Portfolio['markets'][number]['state'],
  }));
  const rule = findRule(markets[0]?.rule ?? '');
  const state = book.markets[0]?.state;
  if (rule === undefined) throw new Error('The book has no rule.');
  const owner: Address = accounts[0]?.owner ?? `0x${'0'.repeat(40)}`;
  const portfolio: Portfolio = {
    schema: PORTFOLIO_SCHEMA,
    owners: [owner],
    createdAt: at,
    recorded: 'a saved book',
    asOf: [],
    prices: [],
    coverage: [],
    markets,
    accounts: accounts.map((account) => ({
      id: account.id,
      market: account.market,
      owner: account.owner,
      at,
      position: encodeJson(account.position) as Portfolio['accounts'][number]['position'],
      legs: encodeLegs(rule.legs({ market: state, position: account.position, at: BigInt(at) })),
      precision: account.precision,
      missing: [...account.missing],
      evidence: [{ source: 'subgraph', label: 'a saved book', block: null, timestamp: at }],
    })),
    gaps: [],
    discrepancies: [],
  };
  return openPortfolio(portfolio, findRule);
}

/** Adjusted collateral ÷ adjusted debt by the rule; Infinity without debt. */
export function healthOf({ rule, view }: OpenedAccount): number {
  return rule.health(view).healthFactor?.toNumber() ?? Infinity;
}

/** The problem of bringing every account of a wallet to the target, over the assets that it holds or owes, without cash at hand. */
export function problemOfWallet(opened: OpenedPortfolio, recorded: readonly RecordedLiquidity[], nativeForcedUsd: number | null): MoneyProblem {
  const legs = opened.accounts.flatMap((account) => account.legs);
  const marketUsd = new Map(legs.map((leg) => [leg.asset, leg.priceUsd.toNumber()] as const));
  const assets = [...marketUsd.keys()];
  const at = Number(opened.accounts[0]?.view.at ?? 0n);
  const routes = assets.flatMap((from) =>
    assets.flatMap((to): PathRoute[] =>
      from === to ? [] : [{ id: `${from}>${to}`, chain: CHAIN, gasUsd: BOOK_GAS.swap, curve: defaultCurve(from, to, recorded, { marketUsd, at, maxAgeSeconds: Infinity }) }],
    ),
  );
  const problem = buildProblem(
    opened,
    { health: BOOK_TARGET, unified: null, scenarios: [] },
    { routes, flashLenders: [], cash: [], cashCost: 0, gasUsd: () => BOOK_GAS.action, assets: new Set(assets) },
  );
  return { problem, nativeForcedUsd };
}

/**
 * What a profit-maximiser who sells without loss would take from the wallet's accounts below the target: at present prices where an account is liquidatable, else just beyond the adverse move at which it becomes
 * so (volatile collateral falls, volatile debt rises, dollars stay). Null where no move below 100 % does it.
 */
export function forcedUsdOf(opened: OpenedPortfolio): number | null {
  const stable = new Set(opened.accounts.flatMap(({ legs }) => legs.filter((leg) => DOLLARS.has(leg.symbol)).map((leg) => leg.asset)));
  const distance = { groups: new Map<AssetId, string>(), stable };
  const costs = opened.accounts
    .filter((account) => healthOf(account) < BOOK_TARGET * (1 + TARGET_HEAD_ROOM))
    .map((account) => {
      const accounts = [account.entry.id];
      const [now] = forcedView(opened, { accounts, distance }).accounts;
      if (now === undefined) return null;
      if (now.status === 'liquidatable') return now.rational.costUsd.toNumber();
      if (now.move === null) return null;
      const size = now.move.plus(BEYOND);
      const moves = new Map(
        account.legs
          .filter((leg) => !stable.has(leg.asset) && (leg.side === 'collateral' || leg.side === 'debt'))
          .map((leg) => [leg.asset, toPriceMove(new Decimal(1).plus(leg.side === 'debt' ? size : size.negated()))] as const),
      );
      const [then] = forcedView(opened, { accounts, distance, moves }).accounts;
      return then?.status === 'liquidatable' ? then.rational.costUsd.toNumber() : null;
    });
  return costs.includes(null) || costs.length === 0 ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0);
}
