import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Address, ChainId } from '../../../src/core/ids.ts';
import type { BlockRef, ChainSource } from '../../../src/core/source.ts';
import { morphoBlue } from '../../../src/protocols/morpho-blue/index.ts';
import { encodeParams } from '../../../src/protocols/morpho-blue/market-id.ts';
import type { Deployment } from '../../../src/protocols/protocol.ts';
import { RoundMemory } from '../../../src/service/sync/round-memory.ts';
import { listMirrored } from '../../../src/service/sync/sync-book.ts';
import { syncDeployment } from '../../../src/service/sync/sync-deployment.ts';
import type { SyncEvent, SyncResult } from '../../../src/service/sync/sync-options.ts';
import { createChainSource } from '../../../src/sources/chain.ts';
import { type Clock, systemClock, systemFetch, systemRandom } from '../../../src/sources/clock.ts';
import { createDocuments } from '../../../src/sources/documents.ts';
import { parseEntityModel } from '../../../src/sources/recorded/entity-model.ts';
import { createMovingSubgraph, type MovingSubgraph } from '../../../src/sources/recorded/moving-subgraph.ts';
import { listAccounts } from '../../../src/store/book-accounts.ts';
import type { Database } from '../../../src/store/database.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { Anvil } from '../../chain/anvil.ts';
import { deployMorphoBlue, type MorphoTestChain, type MorphoTestMarket } from '../../chain/morpho-blue-contracts.ts';
import { readMarket, readPosition } from '../../chain/morpho-blue-state.ts';
import { numberedAddress } from '../../contract/protocol-fixture.ts';
import { type FaultyEndpoint, startFaultyEndpoint } from './endpoint.ts';
import { openSync } from './syncing.ts';

const CHAIN: ChainId = 'eip155:31337';
const ADMIN: Address = '0x00000000000000000000000000000000000ad314';
const FAR: Address = '0x00000000000000000000000000000000000000fa';
/** A few more than one round refreshes. The later one, the more it borrowed. */
const BORROWERS = Array.from({ length: 205 }, (_, at) => numberedAddress('b0', at + 1));
const USDC = 1_000_000n;
const PRICE = 2_480n * 10n ** 24n;

let anvil: Anvil;
let deployed: MorphoTestChain;
let market: MorphoTestMarket;
let chain: ChainSource;
let subgraph: MovingSubgraph;
let server: FaultyEndpoint;
let database: Database;
let deployment: Deployment;
const memory = new RoundMemory();

const blockOf = (head: BlockRef) => ({ number: head.number, hash: head.hash ?? '', timestamp: Number(head.timestamp) });

async function borrow(owner: Address, assets: bigint): Promise<void> {
  await anvil.fund(owner);
  await deployed.morpho.write(ADMIN, 'supplyCollateral', encodeParams(market.params), 10n ** 18n, owner, '0x');
  await deployed.morpho.write(owner, 'borrow', encodeParams(market.params), assets, 0n, owner, owner);
}

/** What the subgraph says of the chain as it is now. */
async function readEntities() {
  const state = await readMarket(deployed, market);
  const rows = await Promise.all(
    [...BORROWERS, FAR].map(async (owner) => {
      const { borrowShares, collateral } = await readPosition(deployed, market, owner);
      const row = (side: string, shares: string | null, balance: string) => ({ id: `${owner}-${side}`, side, account: owner, market: market.id, shares, balance });
      return [row('COLLATERAL', null, `${collateral}`), row('BORROWER', `${borrowShares}`, '1')];
    }),
  );
  const token = (id: string, decimals: number) => ({ id, symbol: 'T', decimals, lastPriceUSD: '1', lastPriceBlockNumber: '1' });
  return {
    Token: [token(market.params.collateralToken, 18), token(market.params.loanToken, 6)],
    Oracle: [{ id: market.params.oracle, oracleAddress: market.params.oracle }],
    InterestRate: [{ id: 'b', side: 'BORROWER', rate: '0.05' }],
    Market: [
      {
        id: market.id,
        lltv: `${state.lltv}`,
        irm: state.irm,
        oracle: market.params.oracle,
        inputToken: market.params.collateralToken,
        borrowedToken: market.params.loanToken,
        totalSupply: `${state.totalSupplyAssets}`,
        totalSupplyShares: `${state.totalSupplyShares}`,
        totalBorrow: `${state.totalBorrowAssets}`,
        totalBorrowShares: `${state.totalBorrowShares}`,
        lastUpdate: `${state.lastUpdate}`,
        fee: '0',
        rates: ['b'],
      },
    ],
    Account: [...BORROWERS, FAR].map((id) => ({ id })),
    Position: rows.flat(),
  };
}

beforeAll(async () => {
  database = openDatabase({ kind: 'memory' });
  anvil = await Anvil.start('cancun');
  await anvil.fund(ADMIN);
  deployed = await deployMorphoBlue(anvil, ADMIN);
  market = deployed.markets[0] ?? expect.unreachable('a market');
  for (const token of [market.loan, market.collateral]) {
    await token.write(ADMIN, 'setBalance', ADMIN, 10n ** 30n);
    await token.write(ADMIN, 'approve', deployed.morpho.address, 10n ** 30n);
  }
  await deployed.morpho.write(ADMIN, 'supply', encodeParams(market.params), 5_000_000n * USDC, 0n, ADMIN, '0x');
  for (const [at, owner] of BORROWERS.entries()) await borrow(owner, 1_640n * USDC + BigInt(at) * 100_000n);
  await borrow(FAR, 700n * USDC);
  chain = createChainSource({
    chain: CHAIN,
    endpoint: { url: anvil.url, label: 'anvil' },
    clock: systemClock,
    random: systemRandom,
    fetch: systemFetch,
    policy: { concurrent: 50, perSecond: 100_000, burst: 100_000 },
  });
  const [mainnet] = morphoBlue.deployments;
  deployment = { ...(mainnet ?? expect.unreachable('a deployment')), id: 'morpho-blue/31337', chain: CHAIN, contracts: { morpho: deployed.morpho.address } };
  subgraph = createMovingSubgraph({
    model: parseEntityModel(createDocuments().schema('morpho-blue')),
    deployment: deployment.id,
    block: blockOf(await chain.fetchHead('latest')),
    entities: await readEntities(),
  });
  server = await startFaultyEndpoint((body) => subgraph.answer(body));
}, 240_000);

afterAll(async () => {
  anvil.stop();
  await server.close();
  await database.close();
});

/** The chain goes on, at another price; no row of the subgraph changes. */
async function goOn(price: bigint, seconds = 12): Promise<bigint> {
  await market.oracle.write(ADMIN, 'setPrice', price);
  await anvil.wait(seconds);
  const head = await chain.fetchHead('latest');
  subgraph.append(blockOf(head), {});
  return head.number;
}

/** A clock by which every look at the book takes ten seconds. */
const slowly: Clock = { now: () => (elapsed += 10_000), sleep: (ms, signal) => systemClock.sleep(ms, signal) };
let elapsed = 0;

async function sync(through: ChainSource = chain, clock: Clock = systemClock): Promise<SyncResult & { readonly near: readonly SyncEvent[] }> {
  const { options, events } = openSync(database, { url: server.url, row: deployment, chain: through, clock });
  const [mirrored] = listMirrored(options);
  const result = await syncDeployment(options, mirrored ?? expect.unreachable('a mirror'), memory);
  return { ...result, near: events.filter(({ kind }) => kind === 'near') };
}

async function storedOf(): Promise<ReadonlyMap<string, readonly [source: string, block: bigint]>> {
  const accounts = await listAccounts(database, {}, { after: '', most: 999 });
  return new Map(accounts.map(({ owner, source, block }) => [owner, [source, block]]));
}
const written = async () => (await database.query('select max(changed)::text as changed from plimsoll.accounts'))[0]?.['changed'];

describe('accounts near their threshold over a chain that goes on', () => {
  test('default: whose rows did not change is valued by the chain once the price brings them near, the nearest first and no more than a round has time for', async () => {
    const first = await sync();
    expect(first).toMatchObject({ status: 'synced', gaps: [], valued: 0, near: [] });
    expect(new Set([...(await storedOf()).values()].map(([source]) => source))).toEqual(new Set(['rows']));

    const block = await goOn((PRICE * 84n) / 100n);
    const second = await sync();
    expect(second).toMatchObject({ status: 'synced', mode: 'changes', gaps: [], rowsChanged: 0, accountsChanged: 200, valued: 200 });
    expect(second.near).toEqual([100, 200].map((refreshed) => ({ deployment: deployment.id, kind: 'near', refreshed, near: 205 })));
    const stored = await storedOf();
    expect(BORROWERS.slice(5).map((owner) => stored.get(owner))).toEqual(BORROWERS.slice(5).map(() => ['chain', block]));
    expect([...BORROWERS.slice(0, 5), FAR].map((owner) => stored.get(owner)?.[0])).toEqual(Array.from({ length: 6 }, () => 'rows'));
    expect(await sync()).toMatchObject({ status: 'current', valued: 0, near: [] });

    const changed = await written();
    const later = await goOn((PRICE * 84n) / 100n);
    expect(await sync()).toMatchObject({ accountsChanged: 0, valued: 200 });
    expect((await storedOf()).get(BORROWERS.at(-1) ?? '')).toEqual(['chain', later]);
    // The same again is nothing that a watcher has to look at.
    expect(await written()).toBe(changed);
  });

  test('behavior: a price that falls far brings near whoever was far, once everybody is looked at again: the later, the longer that takes', async () => {
    const stored = () => storedOf().then((accounts) => accounts.get(FAR)?.[0]);
    await goOn((PRICE * 84n) / 100n, 3_600);
    await sync(chain, slowly);
    await goOn((PRICE * 35n) / 100n, 60);
    await sync(chain, slowly);
    expect(await stored()).toBe('rows');
    await goOn((PRICE * 35n) / 100n, 140);
    await sync(chain, slowly);
    expect(await stored()).toBe('chain');
  });

  test('error: what is valued after the lease was taken over is not written', async () => {
    const block = await goOn((PRICE * 84n) / 100n, 3_600);
    let asked = 0;
    const thief: ChainSource = {
      ...chain,
      async fetchCalls(calls, hash) {
        asked += 1;
        if (asked === 3) await database.query(`update plimsoll.leases set holder = 'thief', token = nextval('plimsoll.lease_tokens') where kind = 'sync'`);
        return chain.fetchCalls(calls, hash);
      },
    };
    expect(await sync(thief)).toMatchObject({ gaps: [{ code: 'LEASE_LOST' }] });
    expect([...(await storedOf()).values()].filter(([, at]) => at === block)).toEqual([]);
    await database.query(`update plimsoll.leases set holder = null where kind = 'sync'`);
    expect(await sync()).toMatchObject({ status: 'current', gaps: [], valued: 200 });
    expect((await storedOf()).get(BORROWERS.at(-1) ?? '')).toEqual(['chain', block]);
  });
});
