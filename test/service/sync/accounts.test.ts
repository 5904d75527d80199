import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { PlimsollError } from '../../../src/core/errors.ts';
import type { Address } from '../../../src/core/ids.ts';
import { openRuntime, type Runtime } from '../../../src/service/portfolio/open-runtime.ts';
import { readPortfolio } from '../../../src/service/portfolio/read-portfolio.ts';
import { RoundMemory } from '../../../src/service/sync/round-memory.ts';
import { listMirrored, syncBook } from '../../../src/service/sync/sync-book.ts';
import { syncDeployment } from '../../../src/service/sync/sync-deployment.ts';
import type { SyncEvent, SyncOptions } from '../../../src/service/sync/sync-options.ts';
import { systemClock } from '../../../src/sources/clock.ts';
import type { AnswerRequest } from '../../../src/sources/recorded/graph-endpoint.ts';
import { startRecorded } from '../../../src/sources/recorded/start.ts';
import { listAccounts } from '../../../src/store/book-accounts.ts';
import { listMarkets } from '../../../src/store/book-markets.ts';
import { listPendingOwners } from '../../../src/store/mirror-rows.ts';
import { gmxV2Fixture } from '../../contract/fixtures/gmx-v2.ts';
import { datasetOf, type GeneratedRows } from '../../contract/protocol-fixture.ts';
import { openStoreAndSubgraph } from './store-and-subgraph.ts';
import { syncOnce } from './syncing.ts';

const WALLET: Address = '0xc0ffee00000000000000000000000000c0ffee01';
const { database, serve: serveAnswers } = openStoreAndSubgraph();
let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime(readConfig({}), { owners: [WALLET], recorded: 'constructed-wallet' });
});
afterAll(() => runtime.close());

function optionsOf(over: Partial<SyncOptions> = {}): SyncOptions & { readonly events: SyncEvent[] } {
  const events: SyncEvent[] = [];
  return { reader: runtime.reader, database, holder: 'test', clock: systemClock, notify: (event) => events.push(event), events, ...over };
}
const stored = async () => listAccounts(database, {}, { after: '', most: 99 });
const withoutChain = (): Partial<SyncOptions> => ({ reader: { ...runtime.reader, chains: new Map() } });

describe('accounts of the recorded wallet', () => {
  test('default: those near their threshold are what the chain says, to the unit', async () => {
    const results = await syncBook(optionsOf({ nearHealth: '1000000' }));
    expect(results.map((result) => [result.deployment, result.status, result.gaps, result.valued])).toEqual([
      ['aave-v3/1/core', 'synced', [], 1],
      ['compound-v3/1/usdc', 'synced', [], 1],
      ['morpho-blue/1', 'synced', [], 1],
      ['gmx-v2/42161', 'synced', [], 1],
    ]);
    const portfolio = await readPortfolio([WALLET], runtime.reader);
    const accounts = await stored();
    expect(accounts.map(({ id, owner, position, precision, missing, source, obstacle }) => ({ id, owner, position, precision, missing, source, obstacle }))).toEqual(
      portfolio.accounts
        .map(({ id, owner, position, precision, missing }) => ({ id, owner, position, precision, missing, source: 'chain', obstacle: null }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
    const markets = await listMarkets(database);
    expect(markets.map(({ market, rule, state, source }) => ({ market, rule, state, source }))).toEqual(
      portfolio.markets
        .map(({ market, rule, state }) => ({ market, rule, state, source: 'chain' }))
        .toSorted((a, b) => markets.findIndex((one) => one.market === a.market) - markets.findIndex((one) => one.market === b.market)),
    );
    expect(accounts.every((account) => markets.some((market) => market.key === account.marketKey))).toBe(true);
  });

  test("behavior: the others are the subgraph's positions in the chain's markets", async () => {
    const results = await syncBook(optionsOf({ nearHealth: '0' }));
    expect(results.map((result) => result.valued)).toEqual([0, 0, 0, 0]);
    const accounts = await stored();
    expect(accounts.map((account) => [account.source, account.precision, account.obstacle])).toEqual(accounts.map(() => ['rows', 'accrued', null]));
    const rules = new Map((await listMarkets(database)).map((market) => [market.key, market]));
    for (const account of accounts) {
      const market = rules.get(account.marketKey);
      const rule = runtime.reader.findRule(market?.rule ?? '');
      const view = { market: rule?.marketSchema.parse(market?.state), position: rule?.positionSchema.parse(account.position), at: account.at };
      expect(rule?.legs(view).length, account.id).toBeGreaterThan(0);
    }
  });

  test('behavior: where a chain appears, positions move to the form of its state, and the old state goes', async () => {
    await syncBook(optionsOf(withoutChain()));
    const before = await listMarkets(database, ['aave-v3/1/core']);
    expect(before.map((market) => market.source)).toEqual(['rows']);
    await syncBook(optionsOf({ full: true, nearHealth: '0' }));
    const after = await listMarkets(database, ['aave-v3/1/core']);
    expect(after.map((market) => market.source)).toEqual(['chain']);
    expect(after[0]?.key).not.toBe(before[0]?.key);
    expect((await listAccounts(database, { deployments: ['aave-v3/1/core'] }, { after: '', most: 9 })).map((account) => account.marketKey)).toEqual(after.map((market) => market.key));
  });

  test('error: a chain that does not answer is a gap; what changed waits until it does', async () => {
    const failing = new Map([...runtime.reader.chains].map(([id, chain]) => [id, { ...chain, fetchCalls: () => Promise.reject(new PlimsollError('SOURCE_UNREACHABLE', 'down')) }]));
    const [aave] = await syncBook(optionsOf({ reader: { ...runtime.reader, chains: failing } }));
    expect(aave).toMatchObject({ deployment: 'aave-v3/1/core', status: 'synced', accountsChanged: 0, gaps: [{ code: 'SOURCE_UNREACHABLE' }] });
    expect([await stored(), await listPendingOwners(database, 'aave-v3/1/core', 9)]).toEqual([[], [WALLET]]);
    const [again] = await syncBook(optionsOf());
    expect(again).toMatchObject({ status: 'current', accountsChanged: 1, gaps: [] });
    expect((await stored()).map((account) => account.id)).toContain(`aave-v3/1/core/${WALLET}`);
  });

  test('behavior: an account that the rule cannot value is kept with the reason, and is made again with the next full read', async () => {
    const broken: SyncOptions['reader'] = {
      ...runtime.reader,
      chains: new Map(),
      findRule: (id) => (id.startsWith('compound') ? undefined : runtime.reader.findRule(id)),
    };
    await syncBook(optionsOf({ reader: broken }));
    const obstacles = async () => (await stored()).filter((account) => account.obstacle !== null).map((account) => [account.deployment, account.obstacle]);
    expect(await obstacles()).toEqual([
      ['compound-v3/1/usdc', 'This release has no rule compound-v3@1.'],
      ['morpho-blue/1', 'The state of its market could not be read.'],
    ]);
    await syncBook(optionsOf({ full: true }));
    expect(await obstacles()).toEqual([]);
  });
});

describe('accounts that rows cannot value', () => {
  test('behavior: the chain is asked for them, far from their threshold as they may be', async () => {
    const findRule: SyncOptions['reader']['findRule'] = (id) => {
      const rule = runtime.reader.findRule(id);
      const health = (): never => {
        throw new PlimsollError('UNSUPPORTED_STATE', 'no price');
      };
      return rule === undefined || !id.startsWith('compound') ? rule : { ...rule, health };
    };
    const results = await syncBook(optionsOf({ reader: { ...runtime.reader, findRule }, nearHealth: '0' }));
    expect(results.map(({ deployment, valued }) => [deployment, valued])).toContainEqual(['compound-v3/1/usdc', 1]);
    expect((await stored()).filter(({ source }) => source === 'chain').map(({ deployment, obstacle }) => [deployment, obstacle])).toEqual([['compound-v3/1/usdc', null]]);
  });

  test('behavior: are made again every few rounds, since what stood in the way may have passed', async () => {
    const chainless = withoutChain().reader ?? runtime.reader;
    const ruleless = optionsOf({ reader: { ...chainless, findRule: () => undefined } });
    const [aave] = listMirrored(ruleless);
    if (aave === undefined) throw new TypeError('set up');
    const memory = new RoundMemory();
    await syncDeployment(ruleless, aave, memory);
    const changed: number[] = [];
    for (let round = 0; round < 5; round += 1) changed.push((await syncDeployment(optionsOf({ reader: chainless }), aave, memory)).accountsChanged);
    expect(changed).toEqual([0, 0, 0, 0, 1]);
    expect((await stored()).map(({ obstacle }) => obstacle)).toEqual([null]);
  });
});

/** Generated positions are closed but for two; closed ones are not mirrored. */
function withCollateral(rows: GeneratedRows): GeneratedRows {
  const { Position = [] } = rows.entities;
  return { ...rows, entities: { ...rows.entities, Position: Position.map((row) => ({ ...row, collateralAmount: '1000000' })) } };
}

describe('a squid', () => {
  const place = { chain: 'eip155:42161', dialect: 'subsquid' } as const;
  const generated = withCollateral(gmxV2Fixture.generate(1_200));
  const deployment = gmxV2Fixture.deployment;

  async function serve(change: (text: string, operation: string) => string = (text) => text): Promise<string> {
    const recorded = await startRecorded(datasetOf(gmxV2Fixture, generated, place));
    const url = recorded.graphUrl(deployment) ?? '';
    const answer: AnswerRequest = async (body) => {
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      return JSON.parse(change(await response.text(), /query (\w+)/.exec(JSON.stringify(body))?.[1] ?? ''));
    };
    const endpoint = await serveAnswers(answer, { rateLimited: 100, unavailable: 100, silent: 0, truncated: 50 }, 3);
    return endpoint.url;
  }
  const count = async () => (await database.query(`select count(*)::int as rows from plimsoll.mirror_rows where entity = 'positions' and data is not null`))[0]?.['rows'];

  test('default: everything is read between two heads; what vanished goes', async () => {
    let hidden = false;
    const url = await serve((text, operation) => {
      const json = JSON.parse(text) as { data: { positions?: unknown[] } };
      if (hidden && operation === 'MirrorPositions') json.data.positions = (json.data.positions ?? []).slice(0, 100);
      return JSON.stringify(json);
    });
    expect(await syncOnce(database, { url, deployment })).toMatchObject({ status: 'synced', mode: 'full' });
    const whole = Number(await count());
    expect(whole).toBeGreaterThanOrEqual(1_200);
    hidden = true;
    expect(await syncOnce(database, { url, deployment })).toMatchObject({ status: 'synced', rowsChanged: whole - 100 });
    expect(await count()).toBe(100);
    expect(await database.query('select count(*)::int as accounts from plimsoll.accounts where position is not null')).toEqual([{ accounts: 100 }]);
  });

  test('error: an indexer that goes back while it is read is read again, and given up if it goes on so', async () => {
    let heads = 0;
    const url = await serve((text, operation) => (operation === 'Head' ? text.replace('23638500', String(23_638_500 - (heads += 1))) : text));
    const result = await syncOnce(database, { url, deployment });
    expect(result).toMatchObject({ status: 'failed', gaps: [{ code: 'BLOCK_GONE' }] });
    expect(result.events.filter((event) => event.kind === 'again').length).toBe(7);
    expect(await count()).toBe(0);
  });
});
