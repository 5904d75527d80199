import { readConfig } from '../../../src/config.ts';
import type { Address } from '../../../src/core/ids.ts';
import { encodeJson } from '../../../src/core/json.ts';
import { morphoBlueRule } from '../../../src/protocols/morpho-blue/rule.ts';
import type { MorphoMarket, MorphoPosition } from '../../../src/protocols/morpho-blue/state.ts';
import { findRule, listDeployments } from '../../../src/protocols/registry.ts';
import { watchedToJson } from '../../../src/service/scan/json.ts';
import type { WatchedRow } from '../../../src/service/scan/merge-watched.ts';
import { DEFAULT_SCAN, scanBook } from '../../../src/service/scan/scan-book.ts';
import { screenExactly } from '../../../src/service/scan/screen.ts';
import type { Book } from '../../../src/service/scan/source.ts';
import { readStoredBook } from '../../../src/service/scan/store.ts';
import { BOOK_CHANNEL } from '../../../src/service/sync/sync-deployment.ts';
import { type BookAccountDraft, replaceAccounts } from '../../../src/store/book-accounts.ts';
import { saveMarkets } from '../../../src/store/book-markets.ts';
import type { Database } from '../../../src/store/database.ts';
import { completeRun, saveDeployment } from '../../../src/store/mirrors.ts';
import { recordPrices } from '../../../src/store/prices.ts';
import { type SeededRandom, seededRandom } from '../../chain/seeded-random.ts';
import { numberedAddress } from '../../contract/protocol-fixture.ts';
import { USDC, WSTETH, wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';

export const DEPLOYMENT = 'morpho-blue/1';
const START = 1_760_000_000n;
const BLOCK_SECONDS = 12n;
const WAD = 10n ** 18n;
const MARKETS = 3;
const PRICE = wstEthUsdc.oraclePrice ?? 0n;

/** A book in a database whose prices and positions go on at random; some of its owners are near their threshold. */
export interface MovingBook {
  readonly owners: readonly Address[];
  /**
   * Writes a block: other prices, and some owners with other positions.
   *
   * @returns the transaction that wrote it, and the database's unix seconds just before it was announced
   */
  tick(changes: number): Promise<{ readonly transaction: bigint; readonly at: number }>;
}

const marketKey = (at: number): string => `${DEPLOYMENT}/market-${at}`;

/** Writes a generated book of Morpho accounts. One in `nearEach` is within a few per cent of its threshold. */
export async function startBook(database: Database, { accounts, nearEach = 40, seed = 1 }: { readonly accounts: number; readonly nearEach?: number; readonly seed?: number }): Promise<MovingBook> {
  const random = seededRandom(seed);
  const owners = Array.from({ length: accounts }, (_, at) => numberedAddress('ab', at + 1) as Address);
  const states = Array.from({ length: MARKETS }, (): MorphoMarket => ({ ...wstEthUsdc, lastUpdate: START }));
  let block = 20_000_000n;
  let at = START;
  const [row] = listDeployments().filter(({ id }) => id === DEPLOYMENT);
  if (row === undefined) throw new TypeError('no such deployment');
  await saveDeployment(database, row);

  const draft = (owner: Address, market: number, isNear: boolean): BookAccountDraft => ({
    id: `${marketKey(market)}/${owner}`,
    deployment: DEPLOYMENT,
    owner,
    marketKey: marketKey(market),
    position: encodeJson(positionOf(states[market] ?? wstEthUsdc, random, isNear)),
    precision: 'exact',
    missing: [],
    obstacle: null,
    source: 'chain',
    block,
    at,
  });
  const accountsOf = (owner: Address, isNear: boolean): BookAccountDraft[] => {
    const first = random.integer(0, MARKETS - 1);
    const markets = random.integer(0, 3) === 0 ? [first, (first + 1) % MARKETS] : [first];
    return markets.map((market) => draft(owner, market, isNear));
  };
  const saveStates = (queries: Parameters<typeof saveMarkets>[0]): Promise<void> =>
    saveMarkets(
      queries,
      states.map((state, market) => ({
        key: marketKey(market),
        deployment: DEPLOYMENT,
        market: `market-${market}`,
        label: `Market ${market}`,
        rule: morphoBlueRule.id,
        state: encodeJson(state),
        source: 'chain',
        witness: owners[0] ?? '',
        missing: [],
        block,
        at,
      })),
    );
  let pricedAt = 0n;
  /** What the tokens cost on a market now, which pricing goes by. */
  const savePrices = (queries: Parameters<typeof saveMarkets>[0]): Promise<void> => {
    const now = BigInt(Math.floor(Date.now() / 1_000));
    pricedAt = now > pricedAt ? now : pricedAt + 1n;
    return recordPrices(queries, [
      { asset: USDC, kind: 'market', source: 'a market', usd: '1', at: pricedAt },
      { asset: WSTETH, kind: 'market', source: 'a market', usd: String(Number(states[0]?.oraclePrice ?? PRICE) / 1e24), at: pricedAt },
    ]);
  };
  await saveStates(database);
  await savePrices(database);
  for (let from = 0; from < accounts; from += 2_000) {
    const some = owners.slice(from, from + 2_000);
    await database.transaction((queries) =>
      replaceAccounts(queries, { deployment: DEPLOYMENT, owners: some, accounts: some.flatMap((owner, place) => accountsOf(owner, (from + place) % nearEach === 0)), block, at }),
    );
  }
  await database.transaction((queries) => completeRun(queries, DEPLOYMENT, { mode: 'full', block: { number: block, hash: `0x${'5'.repeat(64)}`, timestamp: at } }));
  return {
    owners,
    async tick(changes) {
      block += 1n;
      at += BLOCK_SECONDS;
      for (const [market, state] of states.entries()) states[market] = { ...state, oraclePrice: (PRICE * BigInt(random.integer(9_700, 10_200))) / 10_000n, lastUpdate: at };
      const transaction = await database.transaction(async (queries) => {
        await saveStates(queries);
        await savePrices(queries);
        const some = [...random.sample(owners, changes)];
        if (changes > 0) {
          const isNear = () => random.integer(0, 1) === 0;
          await replaceAccounts(queries, { deployment: DEPLOYMENT, owners: some, accounts: some.flatMap((owner) => (random.integer(0, 9) === 0 ? [] : accountsOf(owner, isNear()))), block, at });
        }
        const [written] = await queries.query('select pg_current_xact_id()::text as transaction');
        return BigInt(String(written?.['transaction']));
      });
      const [now] = await database.query('select extract(epoch from clock_timestamp())::float8 as now');
      await database.notify(BOOK_CHANNEL, DEPLOYMENT);
      return { transaction, at: Number(now?.['now']) };
    },
  };
}

/** A position with ten wstETH or so, either far from liquidation or within 4 per cent of it at the first price. */
function positionOf(state: MorphoMarket, random: SeededRandom, isNear: boolean): MorphoPosition {
  const collateral = BigInt(random.integer(2, 30)) * WAD;
  const borrowable = (((collateral * PRICE) / 10n ** 36n) * state.lltv) / WAD;
  const share = isNear ? random.integer(960, 1_010) : random.integer(200, 850);
  const debt = (borrowable * BigInt(share)) / 1_000n;
  return { supplyShares: 0n, collateral, borrowShares: (debt * state.totalBorrowShares) / state.totalBorrowAssets };
}

/** What is open in the database: owner → USD. */
export async function readOpen(database: Database): Promise<ReadonlyMap<string, string>> {
  const rows = await database.query('select owner, net_usd::text as usd from plimsoll.opportunities where closed_at is null order by owner');
  return new Map(rows.map((row) => [String(row['owner']), Number(row['usd']).toFixed(6)]));
}

/** What is open and taken in the newest joint sequence: owner → USD and place. */
export async function readJoint(database: Database): Promise<ReadonlyMap<string, JointFigures>> {
  const rows = await database.query(
    `select o.owner, j.net_usd::text as usd, j.place from plimsoll.opportunities o join plimsoll.joint_opportunities j on j.opportunity = o.id where o.closed_at is null and j.place is not null order by o.owner`,
  );
  return new Map(rows.map((row) => [String(row['owner']), { netUsd: Number(row['usd']).toFixed(6), place: Number(row['place']) }]));
}

/** What an owner brings in a sequence. */
export interface JointFigures {
  readonly netUsd: string;
  readonly place: number;
}

function readBook(database: Database): Promise<Book> {
  const config = readConfig({});
  return readStoredBook(database, { deployments: listDeployments(), findRule, now: Math.floor(Date.now() / 1_000), maxBlockAgeSeconds: config.maxBlockAgeSeconds });
}

/** What one scan of everything says of every owner in its joint sequence. */
export async function scanTogether(database: Database, minProfitUsd = DEFAULT_SCAN.minProfitUsd): Promise<ReadonlyMap<string, JointFigures>> {
  const { owners } = await scanBook(await readBook(database), { ...DEFAULT_SCAN, minProfitUsd, limit: 100_000 }, { chains: new Map(), screen: screenExactly });
  const found = owners.map(({ owner, profitUsd, liquidations }): [string, JointFigures] => [owner, { netUsd: profitUsd.toFixed(6), place: Math.min(...liquidations.map(({ place }) => place)) }]);
  return new Map(found.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Who is near as one scan of everything says, every account asked by its rule. */
export async function scanNear(database: Database, limit: number): Promise<readonly WatchedRow[]> {
  const { watched } = await scanBook(await readBook(database), { ...DEFAULT_SCAN, limit }, { chains: new Map(), screen: screenExactly });
  return watched.map((entry) => ({ ...watchedToJson(entry), seenAt: entry.account.entry.at }));
}

/** What one scan of everything says, every account asked by its rule, each owner priced as if alone. */
export async function scanAlone(database: Database, minProfitUsd = DEFAULT_SCAN.minProfitUsd): Promise<ReadonlyMap<string, string>> {
  const book = await readBook(database);
  const { liquidatable } = screenExactly(book, { moves: new Map(), near: 0 });
  const found: [string, string][] = [];
  for (const owner of new Set(liquidatable.map(({ entry }) => entry.owner))) {
    const accounts = book.accounts.filter((account) => account.owner === owner);
    const { owners } = await scanBook({ ...book, accounts }, { ...DEFAULT_SCAN, minProfitUsd, limit: 1 }, { chains: new Map(), screen: screenExactly });
    const [offer] = owners;
    if (offer !== undefined) found.push([owner, offer.profitUsd.toFixed(6)]);
  }
  return new Map(found.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
