import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import type { Address } from '../../../src/core/ids.ts';
import { findRule, listDeployments } from '../../../src/protocols/registry.ts';
import { findBookFreshness } from '../../../src/service/book-freshness.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { RoleTally } from '../../../src/service/workers/role-tally.ts';
import { WalletWatch } from '../../../src/service/workers/watch/wallet-watch.ts';
import { WatchedBook } from '../../../src/service/workers/watch/watched-book.ts';
import { followWallets, listAlertStates, saveAlertRule } from '../../../src/store/alerts.ts';
import type { Database } from '../../../src/store/database.ts';
import { listEvents } from '../../../src/store/events.ts';
import { claimShards, releaseLeases, SHARD_COUNT, type ShardLease } from '../../../src/store/leases.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { put } from './put-account.ts';
import { DEPLOYMENT, startBook } from './watched-book.ts';

const KNOWN: Address = `0x${'c1'.repeat(20)}`;
const UNKNOWN: Address = `0x${'77'.repeat(20)}`;
/** Unix seconds of the book's first block. */
const START = 1_760_000_000;
const SHARDS = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);

let database: Database;
beforeAll(async () => {
  database = openDatabase({ kind: 'memory' });
  await database.query('select 1');
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  await database.execute(`truncate plimsoll.deployments, plimsoll.alert_rules, plimsoll.events, plimsoll.followed_wallets, plimsoll.wallet_states, plimsoll.accounts, plimsoll.markets, plimsoll.prices cascade;
    update plimsoll.leases set holder = null, expires_at = '-infinity';`);
});

interface Watcher {
  /** Looks at the whole book as it is stored now. */
  readonly look: () => Promise<void>;
  readonly lines: readonly string[];
  readonly tally: RoleTally;
}

/** A process that watches; `clock`: its unix seconds. */
function startWatcher(
  held: ReadonlyMap<number, ShardLease>,
  { clock = START, environment = {}, through = database }: { clock?: number; environment?: Record<string, string>; through?: Database } = {},
): Watcher {
  const lines: string[] = [];
  // The list of wallets is made anew at each look.
  let now = clock * 1_000;
  const surroundings = { ...MACHINE, clock: { ...MACHINE.clock, now: () => (now += 6_000) } };
  const context = { config: readConfig(environment), database: through, holder: 'one', surroundings, registry: new Registry(), log: (line: string) => void lines.push(line) };
  const tally = new RoleTally('watch', context);
  const watch = new WalletWatch(context, tally, { everyMs: 0 });
  const look = async (): Promise<void> => {
    const book = new WatchedBook({ deployments: listDeployments(), findRule });
    await book.load(database, SHARDS);
    await watch.look(book, { found: await book.screen(), touched: { accounts: new Set(), owners: new Set(), markets: new Set() }, held });
  };
  return { look, lines, tally };
}

async function claimAll(holder: string): Promise<ReadonlyMap<number, ShardLease>> {
  return new Map((await claimShards(database, { holder, most: SHARD_COUNT, seconds: 600 })).map((lease) => [lease.shard, lease]));
}

const statuses = async (): Promise<Record<string, unknown>> =>
  Object.fromEntries((await database.query('select owner, status from plimsoll.wallet_states')).map((row) => [row['owner'], row['status']]));
const toldOf = async (kind: string, word: string): Promise<readonly unknown[]> =>
  (await listEvents(database, 0n, 1_000)).flatMap((event) => (event.kind === kind ? [(event.body as Record<string, unknown>)[word]] : []));
const low = { kind: 'health', params: { below: '1.2' }, enabled: true };

describe('what a watched wallet is told of a book that cannot vouch for it', () => {
  beforeEach(async () => {
    await startBook(database, { accounts: 5 });
    await put(database, KNOWN, 400);
    await followWallets(database, [KNOWN, UNKNOWN], 3_600);
  });

  test('default: safe where all of the book is recent and whole', async () => {
    await startWatcher(await claimAll('one')).look();
    expect(await statuses()).toEqual({ [KNOWN]: 'safe', [UNKNOWN]: 'safe' });
  });

  test.each<[string, string | null, number, object]>([
    ['its newest block is old', null, START + 700, { [KNOWN]: 'incomplete', [UNKNOWN]: 'incomplete' }],
    ['it was never read whole', 'update plimsoll.deployments set full_at = null', START, { [KNOWN]: 'incomplete', [UNKNOWN]: 'incomplete' }],
    ['nothing was ever read into it', 'delete from plimsoll.deployments', START, { [KNOWN]: 'incomplete', [UNKNOWN]: 'incomplete' }],
    [
      'a market of the wallet is older than the newest block',
      `insert into plimsoll.blocks (deployment, number, timestamp) values ('${DEPLOYMENT}', 99000000, ${START + 700})`,
      START + 700,
      { [KNOWN]: 'incomplete', [UNKNOWN]: 'safe' },
    ],
    ['the accounts of the wallet are being read again', `insert into plimsoll.pending_owners values ('${DEPLOYMENT}', '${KNOWN}')`, START, { [KNOWN]: 'incomplete', [UNKNOWN]: 'safe' }],
  ])('behavior: not safe where %s', async (_, change, clock, expected) => {
    if (change !== null) await database.query(change);
    await startWatcher(await claimAll('one'), { clock }).look();
    expect(await statuses()).toEqual(expected);
  });
});

describe(findBookFreshness, () => {
  test('behavior: a book into which nothing was read vouches for nobody, even where it is watched', async () => {
    await database.query('delete from plimsoll.deployments');
    const { gaps } = await findBookFreshness(database, { now: START, maxAgeSeconds: 600 });
    expect(gaps.map(({ message }) => message)).toContain('No deployment was ever read into the book. Start a worker with the role sync.');
  });
});

describe('what is wrong with one', () => {
  beforeEach(async () => {
    await startBook(database, { accounts: 5 });
    await put(database, KNOWN, 960);
  });

  test('bad input: a rule that this release does not know keeps no other from being judged, and is counted', async () => {
    await saveAlertRule(database, { ...low, id: 'a', owner: KNOWN, kind: 'speed' });
    await saveAlertRule(database, { ...low, id: 'b', owner: KNOWN });
    await saveAlertRule(database, { ...low, id: 'c', owner: UNKNOWN, params: { below: 7 } });
    const { look, tally, lines } = startWatcher(await claimAll('one'));
    await look();
    await look();
    expect([await toldOf('alert', 'change'), await statuses()]).toEqual([['raised'], { [KNOWN]: 'critical', [UNKNOWN]: 'safe' }]);
    expect(tally.health()).toMatchObject({ failures: { INVALID_ARGUMENT: 4 }, trouble: null });
    expect(lines).toEqual(['watch: an alert rule cannot be judged: INVALID_ARGUMENT', 'watch: an alert rule cannot be judged: INVALID_ARGUMENT']);
  });

  test('bad input: a state of no known form is begun anew: what is wrong is told', async () => {
    await saveAlertRule(database, { ...low, id: 'low', owner: KNOWN });
    await database.query(`insert into plimsoll.alert_states values ('low', $1, '{"band": 3}', 1)`, [KNOWN]);
    await startWatcher(await claimAll('one')).look();
    expect(await toldOf('alert', 'change')).toEqual(['raised']);
    expect(await listAlertStates(database, ['low'])).toMatchObject([{ state: { raised: true, blind: false } }]);
  });

  test('error: a wallet that cannot be computed is told as such, and the others are judged', async () => {
    await followWallets(database, [KNOWN, UNKNOWN], 3_600);
    // Only a wallet that holds something asks for prices of something.
    const isOfKnown = (text: string, [assets]: readonly unknown[] = []): boolean => text.includes('plimsoll.prices') && Array.isArray(assets) && assets.length > 0;
    const through: Database = { ...database, query: (text, values) => (isOfKnown(text, values) ? Promise.reject(new TypeError(`of ${KNOWN}`)) : database.query(text, values)) };
    await saveAlertRule(database, { ...low, id: 'low', owner: KNOWN });
    const { look, tally, lines } = startWatcher(await claimAll('one'), { through });
    await look();
    expect(await statuses()).toEqual({ [KNOWN]: 'incomplete', [UNKNOWN]: 'safe' });
    expect(await toldOf('alert', 'change')).toEqual(['blind']);
    expect(tally.health().failures).toEqual({ INTERNAL: 1 });
    expect(lines).toEqual(['watch: a watched wallet cannot be computed: INTERNAL']);
  });

  test('error: a wallet whose state cannot be written keeps no other from being judged', async () => {
    await followWallets(database, [KNOWN, UNKNOWN], 3_600);
    await database.query(`alter table plimsoll.wallet_states add constraint refuse check (owner <> '${UNKNOWN}')`);
    const { look, tally, lines } = startWatcher(await claimAll('one'));
    await look();
    await database.query('alter table plimsoll.wallet_states drop constraint refuse');
    expect([await statuses(), tally.health().failures]).toEqual([{ [KNOWN]: 'critical' }, { INTERNAL: 1 }]);
    expect(lines.join()).not.toContain(UNKNOWN);
  });
});

describe('whose word counts', () => {
  beforeEach(async () => {
    await startBook(database, { accounts: 5 });
    await put(database, KNOWN, 400);
    await saveAlertRule(database, { ...low, id: 'low', owner: KNOWN });
  });

  test("behavior: a worker whose clock is behind its predecessor's tells what it sees", async () => {
    const first = await claimAll('one');
    await startWatcher(first, { clock: START + 400 }).look();
    await releaseLeases(database, [...first.values()]);
    await put(database, KNOWN, 960);
    await startWatcher(await claimAll('two'), { clock: START - 400 }).look();
    expect([await toldOf('alert', 'change'), await toldOf('health.changed', 'status')]).toEqual([['raised'], ['critical']]);
  });

  test('behavior: what happens twice within a second is told twice', async () => {
    const { look } = startWatcher(await claimAll('one'));
    await look();
    for (const share of [960, 400, 960, 400]) {
      await put(database, KNOWN, share);
      await look();
    }
    expect(await toldOf('alert', 'change')).toEqual(['raised', 'cleared', 'raised', 'cleared']);
    expect(await toldOf('health.changed', 'status')).toEqual(['critical', 'safe', 'critical', 'safe']);
  });

  test.each([
    ['where a rule stands', true],
    ['how a wallet stands', false],
  ])('error: LEASE_LOST for a worker whose shard is another: %s is not written', async (_, hasRule) => {
    if (!hasRule) {
      await database.query('delete from plimsoll.alert_rules');
      await followWallets(database, [KNOWN], 3_600);
    }
    const lost = await claimAll('one');
    await releaseLeases(database, [...lost.values()]);
    const held = await claimAll('two');
    await expect(startWatcher(lost).look()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect([await listAlertStates(database, ['low']), await statuses(), await listEvents(database, 0n, 10)]).toEqual([[], {}, []]);
    await startWatcher(held).look();
    expect(await statuses()).toEqual({ [KNOWN]: 'safe' });
  });
});

describe('bands', () => {
  beforeEach(async () => {
    await startBook(database, { accounts: 5 });
    await followWallets(database, [KNOWN], 3_600);
  });

  test('behavior: a health that trembles around a band is told once; it is well again only beyond the hysteresis', async () => {
    const { look } = startWatcher(await claimAll('one'));
    for (const share of [400, 670, 660, 670, 660, 640, 660]) {
      await put(database, KNOWN, share);
      await look();
    }
    expect(await toldOf('health.changed', 'status')).toEqual(['warning', 'safe']);
    expect(await toldOf('health.changed', 'statusWithoutGaps')).toEqual(['warning', 'safe']);
  });

  test('behavior: they are those of the configuration', async () => {
    await put(database, KNOWN, 400);
    await startWatcher(await claimAll('one'), { environment: { PLIMSOLL_BANDS: '3,2' } }).look();
    expect(await statuses()).toEqual({ [KNOWN]: 'warning' });
  });
});
