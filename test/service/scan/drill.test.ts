import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Address, erc20, tokenOf } from '../../../src/core/ids.ts';
import { morphoBlue } from '../../../src/protocols/morpho-blue/index.ts';
import { morphoBlueRule } from '../../../src/protocols/morpho-blue/rule.ts';
import { PROTOCOLS } from '../../../src/protocols/registry.ts';
import { type DrillAnswer, type DrillOptions, drillBook } from '../../../src/service/scan/drill.ts';
import { type DrillSubject, readLocalBook } from '../../../src/service/scan/drill-world.ts';
import type { Book, BookAccount, BookMarket } from '../../../src/service/scan/source.ts';
import { createChainSource } from '../../../src/sources/chain.ts';
import { systemClock, systemFetch, systemRandom } from '../../../src/sources/clock.ts';
import { openLocalChain } from '../../../src/sources/local-chain.ts';
import type { SendRpc } from '../../../src/sources/rpc.ts';
import { readPool, readPositions, TEST_CHAIN } from '../../chain/aave-state.ts';
import { openAaveUsers } from '../../chain/aave-users.ts';
import { deployAaveV302 } from '../../chain/aave-v3-0-2-contracts.ts';
import { deployAaveV360 } from '../../chain/aave-v3-6-0-contracts.ts';
import { usersOf } from '../../chain/counts.ts';
import { readMarket, readPosition } from '../../chain/morpho-blue-state.ts';
import { seededRandom } from '../../chain/seeded-random.ts';
import { addressOf } from '../../contracts/executor-chain.ts';
import { ADMIN, type LendingWorld, openAccounts, openingOf, openWorld } from '../../contracts/lending-world.ts';
import { deploymentsOf } from '../../contracts/plan-world.ts';

const AAVE_USERS = usersOf(12, 60);
const MORPHO_USERS = usersOf(4, 20);
const DAY = 86_400;
const VERSIONS = [['3.6.0', deployAaveV360] as const, ['3.0.2', deployAaveV302] as const];
const SURROUNDINGS = { clock: systemClock, random: systemRandom, fetch: systemFetch };

describe.each(VERSIONS)('a drill on Aave v%s and Morpho Blue', (version, deployAave) => {
  let world: LendingWorld;
  let send: SendRpc;
  let owners: readonly Address[] = [];

  beforeAll(async () => {
    world = await openWorld(deployAave);
    const users = await openAaveUsers(world.aave, AAVE_USERS, seededRandom(77));
    const both = Array.from({ length: MORPHO_USERS }, (_, at) => addressOf(0xd311_0000 + at));
    for (const [at, owner] of both.entries()) await openAccounts(world, owner, openingOf(BigInt(300_000 + 400_000 * at), 600_000n));
    owners = [...(users as Address[]), ...both];
    await world.chain.wait(20 * DAY);
    ({ send } = await openLocalChain(world.chain.url, SURROUNDINGS));
  }, 300_000);
  afterAll(() => world.chain.stop());

  async function read(wanted: readonly Address[] = owners): Promise<Book> {
    const at = await world.chain.time();
    const [pool, positions] = [await readPool(world.aave), await readPositions(world.aave, wanted)];
    const morpho = await readMarket(world.morpho, world.market);
    const held = await Promise.all(wanted.map(async (owner) => ({ owner, position: await readPosition(world.morpho, world.market, owner) })));
    const common = { chain: TEST_CHAIN, at } as const;
    const markets: readonly BookMarket[] = [
      {
        ...common,
        key: 'aave',
        deployment: 'aave-v3/31337/core',
        protocol: 'aave-v3',
        market: world.aave.pool.address,
        label: `Aave v${version}`,
        rule: world.aave.rule as BookMarket['rule'],
        state: pool,
      },
      { ...common, key: 'morpho', deployment: 'morpho-blue/31337', protocol: 'morpho-blue', market: world.market.id, label: 'Morpho Blue', rule: morphoBlueRule as BookMarket['rule'], state: morpho },
    ];
    const accountOf = (market: string, owner: Address, position: unknown): BookAccount => ({ id: `${market} ${owner}`, owner, marketKey: market, position, precision: 'exact', missing: [] });
    return {
      name: 'test chain',
      recorded: null,
      trust: 'as-read',
      now: Number(at),
      asOf: [],
      prices: [],
      markets: new Map(markets.map((market) => [market.key, market])),
      accounts: [
        ...wanted.map((owner, index) => accountOf('aave', owner, positions[index])),
        ...held.flatMap(({ owner, position }) => (position.borrowShares + position.collateral === 0n ? [] : [accountOf('morpho', owner, position)])),
      ],
      gaps: [],
    };
  }

  const drill = (options: Partial<DrillOptions> = {}): Promise<DrillAnswer> => drillBook({ send, read, deployments: deploymentsOf(world), protocols: PROTOCOLS, limit: 1_000, ...options });

  test('default: every account that can be made liquidatable is liquidated, to the integer that was planned; the chain is left as it was', async () => {
    const [block, before] = [await world.chain.request('eth_blockNumber', []), await read()];
    const { results, untried, gaps, assumptions } = await drill();
    const tally = Object.fromEntries([...Map.groupBy(results, ({ outcome }) => outcome)].map(([outcome, list]) => [outcome, list.length]));
    process.stdout.write(
      `drill on Aave v${version} and Morpho Blue: ${results.length} accounts, ${JSON.stringify(tally)}, ${results.filter(({ opportunity }) => opportunity?.kind === 'two-step').length} in two calls\n`,
    );
    for (const { outcome, reason, account } of results) if (outcome !== 'as-planned') process.stdout.write(`  ${account}: ${outcome}: ${reason}\n`);
    expect(results.filter(({ outcome }) => outcome === 'failed' || outcome === 'differs')).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(AAVE_USERS + MORPHO_USERS);
    expect((tally['as-planned'] ?? 0) / results.length).toBeGreaterThan(0.8);
    expect(results.filter(({ outcome, reason }) => (outcome === 'as-planned') !== (reason === null))).toEqual([]);
    expect([untried, gaps, assumptions.length]).toEqual([0, [], 4]);
    expect(await world.chain.request('eth_blockNumber', [])).toBe(block);
    expect(await read()).toEqual(before);
  }, 600_000);

  test('behavior: what the chain refuses is told with its own reason', async () => {
    await world.chain.undone(async () => {
      // The pool pauses its WETH after the book was read, so that the plan does not know.
      const stale = await read();
      const known = stale.markets.get('aave');
      if (known === undefined) throw new TypeError('no market');
      await world.aave.configurator.write(ADMIN, 'setReservePause(address,bool)', world.weth.token.address, true);
      const blind = async (wanted?: readonly Address[]): Promise<Book> => {
        const book = await read(wanted);
        const state = book.markets.get('aave')?.state as { readonly reserves: readonly object[] };
        return {
          ...book,
          markets: new Map(
            [...book.markets].map(([key, market]) => [key, key === 'aave' ? { ...market, state: { ...state, reserves: state.reserves.map((reserve) => ({ ...reserve, paused: false })) } } : market]),
          ),
        };
      };
      const { results } = await drill({ read: blind, limit: 40 });
      const weth = erc20(TEST_CHAIN, world.weth.token.address);
      const failed = results.filter(({ outcome }) => outcome === 'failed');
      expect(failed.length).toBeGreaterThan(0);
      expect(failed.every(({ opportunity }) => opportunity?.calls.some(({ paid, received }) => [...paid, ...received].some(({ asset }) => asset === weth)))).toBe(true);
      expect(failed[0]?.reason).toMatch(version === '3.0.2' ? /call \d of \d reverted: 29/ : /call \d of \d reverted: ReservePaused/);
    });
  }, 600_000);

  test('behavior: a plan that is off by what the book gets wrong differs, or is refused', async () => {
    // Balances that are a hundredth too great: what is left is not what was predicted.
    const wrong = async (wanted?: readonly Address[]): Promise<Book> => {
      const book = await read(wanted);
      const accounts = book.accounts.map((account) => {
        if (account.marketKey !== 'morpho') return account;
        const { supplyShares, borrowShares, collateral } = account.position as { readonly supplyShares: bigint; readonly borrowShares: bigint; readonly collateral: bigint };
        return { ...account, position: { supplyShares, borrowShares: (borrowShares * 101n) / 100n, collateral } };
      });
      return { ...book, accounts };
    };
    const { results } = await drill({ read: wrong });
    const morpho = results.filter(({ label }) => label === 'Morpho Blue');
    expect(morpho.length).toBe(MORPHO_USERS);
    expect(morpho.every(({ outcome }) => outcome !== 'as-planned')).toBe(true);
  }, 600_000);

  test('behavior: accounts that the adapter itself reads from the local chain are tried the same', async () => {
    const [, row] = deploymentsOf(world);
    if (row === undefined) throw new TypeError('no row');
    const state = await readMarket(world.morpho, world.market);
    const token = ({ asset, symbol, decimals }: typeof state.loan) => ({ id: tokenOf(asset) ?? '', symbol, decimals, lastPriceUSD: '1', lastPriceBlockNumber: '1' });
    const market = {
      id: state.id,
      lltv: `${state.lltv}`,
      irm: state.irm,
      oracle: { oracleAddress: state.oracle },
      inputToken: token(state.collateral),
      borrowedToken: token(state.loan),
      totalSupply: `${state.totalSupplyAssets}`,
      totalSupplyShares: `${state.totalSupplyShares}`,
      totalBorrow: `${state.totalBorrowAssets}`,
      totalBorrowShares: `${state.totalBorrowShares}`,
      lastUpdate: `${state.lastUpdate}`,
      fee: `${state.fee}`,
      rates: null,
    };
    const borrowers = owners.slice(AAVE_USERS);
    const subject: DrillSubject = {
      deployment: row,
      protocol: morphoBlue,
      discover: async (wanted) => ({
        positions: wanted.flatMap((owner) =>
          (['COLLATERAL', 'BORROWER'] as const).map((side) => ({ id: `${owner} ${side}`, side, account: { id: owner }, market, shares: side === 'BORROWER' ? '1' : null, balance: '1' })),
        ),
      }),
    };
    const source = createChainSource({ chain: TEST_CHAIN, endpoint: { url: world.chain.url, label: 'test chain' }, ...SURROUNDINGS });
    const { results, gaps } = await drill({ read: (wanted = borrowers) => readLocalBook(source, [subject], wanted) });
    expect(gaps).toEqual([]);
    expect(results.map(({ outcome, reason }) => [outcome, reason])).toEqual(borrowers.map(() => ['as-planned', null]));
  }, 600_000);

  test('behavior: a deployment without a row is not tried; a limit is said', async () => {
    const { results } = await drill({ deployments: deploymentsOf(world).filter(({ protocol }) => protocol !== 'morpho-blue'), limit: 1_000 });
    const morpho = results.filter(({ label }) => label === 'Morpho Blue');
    expect(morpho.map(({ outcome }) => outcome)).toEqual(morpho.map(() => 'not-possible'));
    expect(morpho[0]?.reason).toContain('is not built in');
    const few = await drill({ limit: 2 });
    expect([few.results.length, few.untried]).toEqual([2, results.length - 2]);
  }, 600_000);
});

describe(openLocalChain, () => {
  const answering = (result: unknown) => ({ ...SURROUNDINGS, fetch: (async () => new Response(JSON.stringify({ jsonrpc: '2.0', id: 1, result }))) as typeof systemFetch });

  test('default: 31337 and 1337', async () => {
    expect((await openLocalChain('http://127.0.0.1:1', answering('0x7a69'))).chain).toBe('eip155:31337');
    expect((await openLocalChain('http://127.0.0.1:1', answering('0x539'))).chain).toBe('eip155:1337');
  });

  test.each(['0x1', '0xa4b1', '0x7a6a'])('error: %s is nobody’s local chain', async (id) => {
    await expect(openLocalChain('http://127.0.0.1:1', answering(id))).rejects.toThrow(/on a local chain only/);
  });

  test('bad input: an answer that is no chain id', async () => {
    await expect(openLocalChain('http://127.0.0.1:1', answering(31337))).rejects.toThrow(/does not say which chain/);
  });
});
