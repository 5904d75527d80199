import { Registry } from 'prom-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { findRule, listDeployments } from '../../../src/protocols/registry.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { JointPlanner } from '../../../src/service/workers/joint/joint-planner.ts';
import { planJointly } from '../../../src/service/workers/joint/plan-jointly.ts';
import { readJointBook } from '../../../src/service/workers/joint/read-joint-book.ts';
import { RoleTally } from '../../../src/service/workers/role-tally.ts';
import { startWatch } from '../../../src/service/workers/watch/watch-role.ts';
import type { Database } from '../../../src/store/database.ts';
import { JOINT_LEASE, readJointMethod } from '../../../src/store/joint-plans.ts';
import { claimLease, claimShards, listLeases, SHARD_COUNT, type ShardLease } from '../../../src/store/leases.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { listOpportunities, saveOpportunity } from '../../../src/store/opportunities.ts';
import { shardOf } from '../../../src/store/shard-of.ts';
import { wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { type MovingBook, readJoint, scanAlone, scanTogether, startBook } from './watched-book.ts';

const LEASE = { seconds: 3, renewMs: 50 };
const PATIENCE = { timeout: 60_000, interval: 60 };
const CONFIG = readConfig({});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function openBook(accounts = 200): Promise<{ readonly database: Database; readonly book: MovingBook }> {
  const database = openDatabase({ kind: 'memory' });
  cleanups.push(() => database.close());
  return { database, book: await startBook(database, { accounts, nearEach: 10 }) };
}

function contextOf(database: Database, holder: string) {
  const began = Date.now();
  const first = Number(wstEthUsdc.lastUpdate) * 1_000;
  const surroundings = { ...MACHINE, clock: { ...MACHINE.clock, now: () => first + Date.now() - began } };
  return { config: CONFIG, database, holder, surroundings, registry: new Registry(), log: () => {} };
}

/** A planner without the watch. */
function plan(database: Database, holder = 'one', changes: Partial<ConstructorParameters<typeof JointPlanner>[2]> = {}): { readonly planner: JointPlanner; readonly tally: RoleTally } {
  const context = contextOf(database, holder);
  const tally = new RoleTally('watch', context);
  const planner = new JointPlanner(context, tally, { lease: LEASE, everyMs: 0, gasUsd: null, ...changes });
  cleanups.push(() => planner.stop());
  planner.start();
  return { planner, tally };
}

interface Counts {
  transactions: number;
  claims: number;
  renewals: number;
}

/** A database that counts what a planner does: it reads and writes in one transaction each. */
function count(database: Database): { readonly counted: Database; readonly counts: Counts } {
  const counts: Counts = { transactions: 0, claims: 0, renewals: 0 };
  const counted: Database = {
    ...database,
    query: (text, values) => {
      if (text.startsWith('insert into plimsoll.leases')) counts.claims += 1;
      if (text.startsWith('update plimsoll.leases set expires_at')) counts.renewals += 1;
      return database.query(text, values);
    },
    transaction: (work) => {
      counts.transactions += 1;
      return database.transaction(work);
    },
  };
  return { counted, counts };
}

function renewals(counts: Counts, more: number): Promise<void> {
  const before = counts.renewals;
  return vi.waitFor(() => expect(counts.renewals).toBeGreaterThan(before + more), PATIENCE);
}

/** Opens an opportunity of everybody who is liquidatable, as the watch does. */
async function openAll(database: Database, seenAt = 1_760_000_012n): Promise<ReadonlyMap<string, string>> {
  const leases = await claimShards(database, { holder: 'the test', most: SHARD_COUNT, seconds: 3_600 });
  held.set(database, leases);
  const alone = await scanAlone(database, 0);
  for (const [owner, netUsd] of alone) await open(database, { owner, netUsd, at: seenAt });
  return alone;
}
/** The leases of all shards, by database. */
const held = new WeakMap<Database, readonly ShardLease[]>();

async function open(database: Database, { owner, netUsd, at }: { readonly owner: string; readonly netUsd: string; readonly at: bigint }): Promise<void> {
  const lease = held.get(database)?.find(({ shard }) => shard === shardOf(owner));
  if (lease === undefined) throw new TypeError('no lease of the shard');
  await saveOpportunity(database, lease, { subject: owner, owner, block: 1n, at, netUsd, precision: 'exact', body: {} });
}

const sum = (values: Iterable<string>): number => [...values].reduce((total, value) => total + Number(value), 0);
const holderOf = async (database: Database) => (await listLeases(database, 'joint')).find(({ name }) => name === JOINT_LEASE)?.holder ?? null;

describe('what is open, planned together', () => {
  test('default: the watch of a whole book comes to what a scan of it finds, owner by owner, after every block; together it is less than the sum', { timeout: 240_000 }, async () => {
    const { database, book } = await openBook(300);
    const settings = { lease: LEASE, pollMs: 100, repriceMs: 0, jointMs: 0, scan: { minProfitUsd: 0, gasUsd: null, liquidator: null } };
    const role = await startWatch(contextOf(database, 'one'), settings);
    cleanups.push(() => role.stop());
    for (let round = 0; round < 3; round += 1) {
      if (round > 0) await book.tick(20);
      const [alone, together] = [await scanAlone(database, 0), await scanTogether(database, 0)];
      await vi.waitFor(async () => expect(await readJoint(database)).toEqual(together), PATIENCE);
      expect(together.size).toBeGreaterThan(3);
      expect(sum([...together.values()].map(({ netUsd }) => netUsd))).toBeLessThan(sum(alone.values()) - 1);
    }
    const ranked = await listOpportunities(database, 1_000);
    expect(ranked.map(({ joint }) => joint?.isOlder)).toEqual(ranked.map(() => false));
    expect(await readJointMethod(database)).toMatch(/^greedy, not proven optimal/);
    expect(role.health()).toMatchObject({ trouble: null, failures: {} });
    await role.stop();
    expect(await holderOf(database)).toBeNull();
  });

  test('behavior: two owners who sell into one pool bring less together than alone; who comes second is told so', async () => {
    const { database } = await openBook();
    const alone = await openAll(database);
    const [first, second] = alone.keys();
    await database.query(`delete from plimsoll.opportunities where owner not in ($1, $2)`, [first ?? '', second ?? '']);
    plan(database);
    await vi.waitFor(async () => expect((await readJoint(database)).size).toBe(2), PATIENCE);
    const joint = await readJoint(database);
    const [ahead, behind] = [...joint].toSorted(([, a], [, b]) => a.place - b.place);
    expect([ahead?.[1].place, ahead?.[1].netUsd]).toEqual([1, alone.get(ahead?.[0] ?? '')]);
    expect(Number(behind?.[1].netUsd)).toBeLessThan(Number(alone.get(behind?.[0] ?? '')));
  });

  test('behavior: what is priced again is older in the plan until the next; what opens is not planned yet; what closes is forgotten', async () => {
    const { database, book } = await openBook();
    const alone = await openAll(database);
    const { planner } = plan(database, 'one', { everyMs: 2_000 });
    await vi.waitFor(async () => expect((await readJoint(database)).size).toBe(alone.size), PATIENCE);
    await planner.stop();
    const [first = '', second = ''] = alone.keys();
    await open(database, { owner: first, netUsd: '99999', at: 1_760_000_012n });
    await database.query(`update plimsoll.opportunities set seen_at = seen_at + 12, token = $2 where owner = $1`, [
      second,
      held.get(database)?.find(({ shard }) => shard === shardOf(second))?.token ?? 0n,
    ]);
    const stranger = book.owners.find((owner) => !alone.has(owner)) ?? '';
    await open(database, { owner: stranger, netUsd: '1', at: 1_760_000_012n });
    const jointOf = async () => new Map((await listOpportunities(database, 1_000)).map(({ owner, joint }) => [owner, joint]));
    const then = await jointOf();
    expect([first, second].map((owner) => then.get(owner)?.isOlder)).toEqual([true, true]);
    expect([...then].filter(([, joint]) => joint?.isOlder === true)).toHaveLength(2);
    expect(then.get(stranger)).toBeNull();
    await database.query(`delete from plimsoll.opportunities where owner = $1`, [first]);
    plan(database);
    await vi.waitFor(async () => expect((await jointOf()).get(stranger)).toMatchObject({ taken: null, isOlder: false }), PATIENCE);
    // A price that is of a later second than the whole book stays newer than any plan.
    expect([...(await jointOf())].filter(([, joint]) => joint?.isOlder === true)).toEqual([[second, expect.anything()]]);
  });

  test('behavior: nothing is planned twice, and not more often than it may be', async () => {
    const { database } = await openBook();
    const alone = await openAll(database);
    await database.execute(`create table plans (token int8); create function keep() returns trigger language plpgsql as $$ begin insert into plans values (new.token); return null; end $$;
      create trigger keep after insert or update on plimsoll.joint_plans for each row execute function keep();`);
    const plans = async () => Number((await database.query('select count(*)::int as plans from plans'))[0]?.['plans']);
    const { counted, counts } = count(database);
    const { planner } = plan(counted);
    await vi.waitFor(async () => expect(await plans()).toBe(1), PATIENCE);
    await renewals(counts, 5);
    expect([await plans(), counts.transactions]).toEqual([1, 2]);
    await planner.stop();
    const rare = plan(counted, 'one', { everyMs: 3_600_000 });
    const [owner = ''] = alone.keys();
    await open(database, { owner, netUsd: '5', at: 1_760_000_012n });
    await renewals(counts, 5);
    expect([await plans(), counts.transactions, rare.tally.health().failures]).toEqual([1, 2, {}]);
  });

  test('behavior: one plans at a time; whoever stands still is followed, and its plan comes too late', { timeout: 120_000 }, async () => {
    const { database } = await openBook();
    const alone = await openAll(database);
    const gate = { transactions: 0, reached: Promise.withResolvers<void>(), opened: Promise.withResolvers<void>() };
    // Still before it writes: no renewal either.
    let isStill = false;
    const pass = async () => {
      if (isStill) await gate.opened.promise;
    };
    const slow = plan(
      {
        ...database,
        query: async (text, values) => {
          await pass();
          return database.query(text, values);
        },
        transaction: async (work) => {
          gate.transactions += 1;
          if (gate.transactions === 2) {
            isStill = true;
            gate.reached.resolve();
          }
          await pass();
          return database.transaction(work);
        },
      },
      'slow',
    );
    await gate.reached.promise;
    expect(await holderOf(database)).toBe('slow');
    const quick = plan(database, 'quick');
    await MACHINE.clock.sleep(300);
    expect([await holderOf(database), (await readJoint(database)).size]).toEqual(['slow', 0]);
    await vi.waitFor(async () => expect([await holderOf(database), (await readJoint(database)).size]).toEqual(['quick', alone.size]), PATIENCE);
    const written = () => database.query('select token::text as token, made_at from plimsoll.joint_plans');
    const before = await written();
    isStill = false;
    gate.opened.resolve();
    await vi.waitFor(() => expect(slow.tally.health().failures).toEqual({ LEASE_LOST: 1 }), PATIENCE);
    expect([await written(), await holderOf(database), quick.tally.health().failures]).toEqual([before, 'quick', {}]);
    await quick.planner.stop();
    await vi.waitFor(async () => expect(await holderOf(database)).toBe('slow'), PATIENCE);
  });

  test('behavior: a plan whose lease is taken meanwhile is broken off', async () => {
    const { database } = await openBook();
    await openAll(database);
    const { counted, counts } = count(database);
    const slow = plan(counted, 'slow', { lease: { seconds: 60, renewMs: 5 } });
    await vi.waitFor(async () => expect(await holderOf(database)).toBe('slow'), { ...PATIENCE, interval: 5 });
    await database.query(`update plimsoll.leases set holder = null, expires_at = '-infinity' where name = $1`, [JOINT_LEASE]);
    const taken = await claimLease(database, JOINT_LEASE, { holder: 'another', seconds: 60 });
    expect(taken).not.toBeNull();
    // It was broken off, not refused at the end: by then it asks for the lease anew.
    await vi.waitFor(() => expect(counts.claims).toBeGreaterThan(1), PATIENCE);
    expect([await database.query('select token from plimsoll.joint_plans'), counts.transactions, slow.tally.health().failures]).toEqual([[], 1, {}]);
  });

  test('behavior: where the sequence is cut it says so, and who comes after the cut is not planned', async () => {
    const { database } = await openBook();
    const alone = await openAll(database);
    const { input } = await readJointBook(database, { deployments: listDeployments(), findRule, limit: { now: Math.floor(Date.now() / 1_000), maxAgeSeconds: 600 } });
    const task = { ...input, config: CONFIG, gasUsd: null, now: 1_760_000_000 };
    const whole = await planJointly(task, new Map());
    expect([whole.shares.length, whole.unplanned, whole.method?.includes('cut')]).toEqual([alone.size, [], false]);
    const priced = await planJointly({ ...task, limits: { maxPriced: 2 } }, new Map());
    expect([priced.shares.length, priced.unplanned.length, priced.method]).toEqual([2, alone.size - 2, expect.stringContaining('only the 2 accounts with the most at stake')]);
    const taken = await planJointly({ ...task, limits: { maxTaken: 3 } }, new Map());
    expect([taken.shares.length, taken.unplanned.length, taken.method]).toEqual([3, alone.size - 3, expect.stringContaining('after the first 3 liquidations')]);
    plan(database, 'one', { limits: { maxPriced: 2 } });
    await vi.waitFor(async () => expect((await readJoint(database)).size).toBe(2), PATIENCE);
    expect((await listOpportunities(database, 1_000)).filter(({ joint }) => joint === null)).toHaveLength(alone.size - 2);
  });

  test('bad input: an account, or a market, that cannot be read is not planned, and stops nobody else', async () => {
    const { database } = await openBook();
    const alone = await openAll(database);
    const { input } = await readJointBook(database, { deployments: listDeployments(), findRule, limit: { now: Math.floor(Date.now() / 1_000), maxAgeSeconds: 600 } });
    const [odd] = input.accounts.filter(({ owner }) => alone.has(owner));
    const accounts = input.accounts.map((account) => (account.id === odd?.id ? { ...account, position: { collateral: 'much' } } : account));
    const task = { ...input, config: CONFIG, gasUsd: null, now: 1_760_000_000 };
    const answer = await planJointly({ ...task, accounts }, new Map());
    expect([answer.unplanned, answer.shares.map(({ owner }) => owner)]).toEqual([[odd?.owner], expect.not.arrayContaining([odd?.owner])]);
    expect(answer.shares.length).toBe(alone.size - 1);
    const none = await planJointly({ ...task, markets: [] }, new Map());
    expect([none.shares, none.method, new Set(none.unplanned)]).toEqual([[], null, new Set(alone.keys())]);
  });
});
