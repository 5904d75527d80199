import { parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { type Address, tokenOf, USD } from '../../../src/core/ids.ts';
import type { BlockRef, CallResult, ContractCall } from '../../../src/core/source.ts';
import { compoundV3Deployments, readContracts } from '../../../src/protocols/compound-v3/deployments.ts';
import { compoundV3 } from '../../../src/protocols/compound-v3/index.ts';
import { compoundV3Rule } from '../../../src/protocols/compound-v3/rule.ts';
import { type CometMarket, cometMarketSchema } from '../../../src/protocols/compound-v3/state.ts';
import type { Deployment, Normalized, Rows } from '../../../src/protocols/protocol.ts';
import { createDocuments } from '../../../src/sources/documents.ts';
import { buildApiSchema } from '../../../src/sources/recorded/api-schema.ts';
import { answerCalls, type FakeComet } from './recorded-answers.ts';
import { COMP, comp, T0, USDC, usdcComet, V6_POSITION, WBTC, WETH, wbtc, weth } from './usdc-comet.ts';

const OWNER: Address = '0x00000000000000000000000000000000000000aa';
const OTHER: Address = '0x00000000000000000000000000000000000000bb';
const block: BlockRef = { chain: 'eip155:1', number: 18_466_000n, hash: `0x${'1'.repeat(64)}`, timestamp: T0 + 60n };

const usdc = getDeployment('compound-v3/1/usdc');

function getDeployment(id: string): Deployment {
  const found = compoundV3Deployments.find((row) => row.id === id);
  if (found === undefined) throw new Error(id);
  return found;
}

/** Lists only the assets that the fixture market has, with the row's feeds. */
function feedsOf(deployment: Deployment): Map<Address, Address> {
  const { base, collaterals } = readContracts(deployment);
  return new Map([...(base === null ? [] : [base]), ...collaterals].map(([, token, feed]) => [token, feed]));
}

function fakeOf(changes: Partial<FakeComet> = {}): FakeComet {
  return { market: usdcComet(), feeds: feedsOf(usdc), positions: new Map([[OWNER, V6_POSITION]]), ...changes };
}

function normalize(rows: Rows, fake: FakeComet | null, deployment: Deployment = usdc): Normalized {
  const owners = [OWNER, OTHER];
  const calls = fake === null ? null : answerCalls(compoundV3.value(deployment, owners, rows), fake);
  return compoundV3.normalize({ deployment, owners, block: { ...block, chain: deployment.chain }, rows, calls });
}

const token = (id: string, symbol: string, decimals: number | null) => ({ id: tokenOf(id as typeof USDC) ?? '', symbol, decimals });

function positionRow(principal: string, balances: readonly [string, string][], owner = OWNER) {
  return {
    id: `${usdc.market}${owner.slice(2)}`,
    account: { id: owner },
    accounting: {
      lastUpdatedBlockNumber: '18000000',
      basePrincipal: principal,
      collateralBalances: balances.map(([asset, balance], at) => ({
        id: `0x0${at}`,
        balance,
        collateralToken: { id: '0x01', token: { id: tokenOf(asset as typeof USDC) ?? '' } },
      })),
    },
  };
}

function marketRow(changes: { readonly wethDecimals?: number | null; readonly wethPrice?: string; readonly wethFactor?: string } = {}) {
  const feeds = feedsOf(usdc);
  const collateral = (asset: string, symbol: string, decimals: number | null, factors: readonly string[], price: string) => ({
    id: `0x${symbol.length}`.padEnd(4, '0'),
    token: token(asset, symbol, decimals),
    priceFeed: feeds.get(token(asset, symbol, decimals).id as Address) ?? '0x00',
    borrowCollateralFactor: factors[0] ?? '',
    liquidateCollateralFactor: factors[1] ?? '',
    liquidationFactor: factors[2] ?? '',
    supplyCap: '900000000000000000000000',
    lastPriceUsd: price,
  });
  return {
    id: usdc.market,
    configuration: {
      supplyKink: '0.8',
      supplyPerSecondInterestRateBase: '0',
      supplyPerSecondInterestRateSlopeLow: '1030568239',
      supplyPerSecondInterestRateSlopeHigh: '12683916793',
      borrowKink: '0.8',
      borrowPerSecondInterestRateBase: '475646879',
      borrowPerSecondInterestRateSlopeLow: '1109842719',
      borrowPerSecondInterestRateSlopeHigh: '7927447995',
      storeFrontPriceFactor: '500000000000000000',
      baseBorrowMin: '100000000',
      targetReserves: '5000000000000',
      baseToken: { id: '0x02', token: token(USDC, 'USDC', 6), priceFeed: '0x8fffffd4afb6115b954bd326cbe7b4ba576818f6', lastPriceUsd: '0.99997427' },
      collateralTokens: [
        collateral(COMP, 'COMP', 18, ['0.65', '0.7', '0.93'], '45'),
        collateral(WBTC, 'WBTC', 8, ['0.7', '0.77', '0.95'], '34814.14003279'),
        collateral(WETH, 'WETH', changes.wethDecimals === undefined ? 18 : changes.wethDecimals, ['0.825', changes.wethFactor ?? '0.895', '0.95'], changes.wethPrice ?? '1816.854996061'),
      ],
    },
    accounting: {
      baseSupplyIndex: '1060000000000001',
      baseBorrowIndex: '1081234567890123',
      totalBasePrincipalSupply: '400000000000000',
      totalBasePrincipalBorrow: '300000000000000',
      lastAccrualTime: T0.toString(),
      baseReserveBalance: '370370367036',
      collateralBalances: [{ id: '0x03', balance: '100000000000000000000000', reserves: '20000000000000000000', collateralToken: { id: '0x01', token: { id: tokenOf(WETH) ?? '' } } }],
    },
  };
}

const LISTED: Rows = { markets: [marketRow()], positions: [positionRow('-15000000000', [[WETH, '10000000000000000000']])] };

describe('deployments', () => {
  test('default: 28 comets, each with its tokens, feeds and unit of account', () => {
    expect(compoundV3Deployments).toHaveLength(28);
    expect(new Set(compoundV3Deployments.map((row) => row.id)).size).toBe(28);
    for (const row of compoundV3Deployments) {
      const contracts = readContracts(row);
      expect(contracts.base, row.id).not.toBeNull();
      expect(contracts.collaterals.length, row.id).toBeGreaterThan(1);
      for (const address of Object.values(row.contracts)) expect(address).toMatch(/^0x[0-9a-f]{40}$/);
    }
    const counted = compoundV3Deployments.filter((row) => readContracts(row).unit.asset !== USD).map((row) => `${row.id} ${readContracts(row).unit.symbol}`);
    expect(counted.sort()).toEqual([
      'compound-v3/1/wbtc BTC',
      'compound-v3/1/weth ETH',
      'compound-v3/1/wsteth wstETH',
      'compound-v3/10/weth ETH',
      'compound-v3/130/weth ETH',
      'compound-v3/2020/weth ETH',
      'compound-v3/42161/weth ETH',
      'compound-v3/59144/weth ETH',
      'compound-v3/8453/weth ETH',
    ]);
    expect(compoundV3Deployments.filter((row) => row.subgraph === null).map((row) => row.chain)).toEqual([
      ...['eip155:59144', 'eip155:59144', 'eip155:5000', 'eip155:2020', 'eip155:2020', 'eip155:130', 'eip155:130'],
    ]);
  });

  test('behavior: a row without names falls back to its market', () => {
    const bare = { ...usdc, contracts: {} };
    expect(readContracts(bare)).toMatchObject({ comet: usdc.market, base: null, collaterals: [], unitFeeds: [] });
  });
});

describe('discover', () => {
  test('default: documents fit the excerpt, and are paged and pinned', () => {
    const documents = createDocuments();
    const schema = buildApiSchema(documents.schema('compound-v3'), 'graph-node');
    for (const query of compoundV3.discover(usdc, [OWNER])) {
      const operation = documents.operation(query.documents, query.operation);
      expect(validate(schema, parse(operation.text))).toEqual([]);
      expect(operation.roots).toEqual([query.root]);
      expect([...operation.variables].sort()).toEqual([...Object.keys(query.variables), 'block', 'first', 'last'].sort());
    }
  });

  test('behavior: nothing where no subgraph covers the chain', () => {
    expect(compoundV3.discover(getDeployment('compound-v3/130/usdc'), [OWNER])).toEqual([]);
  });
});

describe('value', () => {
  test('default: each owner is asked for everything, listed or not, under keys of their own', () => {
    const calls = compoundV3.value(usdc, [OWNER, OTHER], {});
    expect(new Set(calls.map((call) => call.key)).size).toBe(calls.length);
    const collaterals = readContracts(usdc).collaterals.length;
    expect(calls.filter((call) => call.key.startsWith('userCollateral:'))).toHaveLength(2 * collaterals);
    expect(calls.filter((call) => call.key.startsWith('assetInfo:'))).toHaveLength(collaterals + 2);
  });

  test('behavior: tokens and feeds of the subgraph come before those of the row', () => {
    const row = marketRow();
    const feed = '0x00000000000000000000000000000000000000fe';
    const changed = { ...row, configuration: { ...row.configuration, collateralTokens: row.configuration.collateralTokens.map((one) => ({ ...one, priceFeed: feed })) } };
    expect(compoundV3.value(usdc, [], { markets: [changed] }).some((call: ContractCall) => call.key === `price:${feed}`)).toBe(true);
  });
});

describe('normalize', () => {
  test('default: the chain gives the rule’s state exactly', () => {
    const { markets, accounts, gaps, discrepancies } = normalize(LISTED, fakeOf());
    expect(markets).toEqual([{ id: usdc.id, market: usdc.market, label: 'Compound v3 Ethereum USDC', rule: 'compound-v3@1', state: usdcComet() }]);
    expect(accounts).toEqual([{ id: `${usdc.id}/${OWNER}`, market: usdc.id, owner: OWNER, position: V6_POSITION, precision: 'exact', missing: [] }]);
    expect([gaps, discrepancies]).toEqual([[], []]);
  });

  test('behavior: differences to the subgraph are discrepancies, and the chain wins', () => {
    const rows = {
      markets: [marketRow({ wethFactor: '0.9' })],
      positions: [
        positionRow('-14000000000', [
          [WETH, '9'],
          [WBTC, '4'],
        ]),
      ],
    };
    const { accounts, discrepancies, gaps } = normalize(rows, fakeOf());
    expect(accounts[0]?.position).toEqual(V6_POSITION);
    expect(gaps).toEqual([]);
    expect(discrepancies.map(({ field, subgraph, chain }) => [field, subgraph, chain])).toEqual([
      ['basePrincipal', '-14000000000', '-15000000000'],
      [`collateral ${WETH}`, '9', '10000000000000000000'],
      [`collateral ${WBTC}`, '4', '0'],
      ['liquidateCollateralFactor of WETH', '900000000000000000', '895000000000000000'],
    ]);
  });

  test('behavior: an account that the subgraph still lists but the chain does not show is a discrepancy only', () => {
    const { accounts, markets, discrepancies, gaps } = normalize(LISTED, fakeOf({ positions: new Map() }));
    expect([accounts, markets, gaps]).toEqual([[], [], []]);
    expect(discrepancies).toHaveLength(2);
  });

  test('behavior: an account that only the chain shows is valued, and a gap where a subgraph should have listed it', () => {
    const missed = normalize({ markets: [marketRow()], positions: [] }, fakeOf());
    expect(missed.accounts).toHaveLength(1);
    expect(missed.gaps.map(({ code, account }) => [code, account])).toEqual([['MISSED_ACCOUNT', `${usdc.id}/${OWNER}`]]);
    expect(normalize({}, fakeOf()).gaps).toEqual([]);
  });

  test('behavior: a feed that the comet has replaced gives no price, so the account is a gap', () => {
    const feeds = feedsOf(usdc).set(tokenOf(WETH) as Address, OTHER);
    const { accounts, gaps } = normalize(LISTED, fakeOf({ feeds }));
    expect(accounts).toEqual([]);
    expect(gaps.map((gap) => gap.code)).toEqual(['MISSING_PRICE']);
  });

  test('behavior: a dead feed of an asset that is not held does no harm', () => {
    const market = usdcComet({ collaterals: [comp(null), wbtc(), weth()] });
    const { accounts, markets } = normalize(LISTED, fakeOf({ market }));
    expect(accounts).toHaveLength(1);
    expect((markets[0]?.state as CometMarket | undefined)?.collaterals[0]?.price).toBeNull();
  });

  test('behavior: reads that fail are gaps, never zeros', () => {
    const codes = (reverts: readonly string[]) => normalize(LISTED, fakeOf({ reverts })).gaps.map(({ code, message }) => `${code} ${message}`);
    expect(codes([`userBasic:${OWNER}`])).toEqual([expect.stringContaining('CALL_FAILED')]);
    expect(codes([`userCollateral:${OWNER}:${tokenOf(WETH)}`])).toEqual([expect.stringContaining('collateral in slot 2')]);
    expect(codes([`totalsCollateral:${tokenOf(WETH)}`])).toEqual([expect.stringContaining('collateral in slot 2')]);
    expect(codes(['totalsBasic', 'supplyKink'])).toEqual([expect.stringContaining('supplyKink, totalsBasic')]);
    expect(codes(['baseTokenPriceFeed'])).toEqual([expect.stringContaining('MISSING_PRICE')]);
  });

  test('behavior: collateral beyond what could be read is a gap', () => {
    const calls = new Map(answerCalls(compoundV3.value(usdc, [OWNER], LISTED), fakeOf()));
    const basic = (assetsIn: bigint, reserved: bigint): CallResult => ({ ok: true, values: [-1n, 0n, 0n, assetsIn, reserved] });
    const withBasic = (answer: CallResult) => compoundV3.normalize({ deployment: usdc, owners: [OWNER], block, rows: LISTED, calls: new Map(calls).set(`userBasic:${OWNER}`, answer) });
    expect(withBasic(basic(8n, 0n)).gaps[0]?.message).toContain('collateral beyond the listed assets');
    expect(withBasic(basic(0n, 1n)).gaps[0]?.message).toContain('collateral beyond the listed assets');
    expect(withBasic({ ok: true, values: ['x'] }).gaps[0]?.message).toContain('userBasic');
  });

  test('behavior: an asset that is new to subgraph and row is not in the market, and holding it is a gap', () => {
    const listing = { ...weth(), asset: 'eip155:1/erc20:0x00000000000000000000000000000000000000cc', symbol: 'NEW' } as const;
    const market = usdcComet({ collaterals: [...usdcComet().collaterals, listing] });
    const holder = { principal: 0n, collaterals: [{ asset: listing.asset, balance: 1n }] };
    const { gaps, accounts, markets } = normalize(
      LISTED,
      fakeOf({
        market,
        positions: new Map([
          [OWNER, V6_POSITION],
          [OTHER, holder],
        ]),
      }),
    );
    expect(gaps.map((gap) => gap.message)).toEqual([expect.stringContaining('collateral in slot 3')]);
    expect(accounts.map((account) => account.owner)).toEqual([OWNER]);
    expect((markets[0]?.state as CometMarket | undefined)?.collaterals).toHaveLength(3);
  });

  test('behavior: pause flags are read', () => {
    const market = usdcComet({ paused: { supply: true, transfer: false, withdraw: true, absorb: false, buy: true } });
    expect((normalize(LISTED, fakeOf({ market })).markets[0]?.state as CometMarket | undefined)?.paused).toEqual(market.paused);
  });

  test('behavior: the unit of account is the product of its feeds', () => {
    const wsteth = getDeployment('compound-v3/1/wsteth');
    const contracts = readContracts(wsteth);
    const baseToken = contracts.base?.[1] ?? '0x';
    const rsEth = contracts.collaterals[0]?.[1] ?? '0x';
    const market: CometMarket = {
      ...usdcComet(),
      comet: contracts.comet,
      unit: { asset: `eip155:1/erc20:${baseToken}`, symbol: 'wstETH', usdPerUnit: 239_999_999_999n },
      base: { asset: `eip155:1/erc20:${baseToken}`, symbol: 'wstETH', decimals: 18, price: 100_000_000n },
      collaterals: [{ ...weth(88_000_000n), asset: `eip155:1/erc20:${rsEth}`, symbol: 'rsETH' }],
    };
    const [wstEthFeed, ethFeed] = contracts.unitFeeds as readonly [Address, Address];
    const prices = new Map([
      [wstEthFeed, 119_999_999n],
      [ethFeed, 200_000_001_666n],
    ]);
    const position = { principal: -(10n ** 18n), collaterals: [{ asset: market.collaterals[0]?.asset ?? USD, balance: 10n ** 18n }] };
    const fake: FakeComet = { market, feeds: feedsOf(wsteth), positions: new Map([[OWNER, position]]), prices };
    const { markets, accounts } = normalize({}, fake, wsteth);
    expect((markets[0]?.state as CometMarket | undefined)?.unit.usdPerUnit).toBe((119_999_999n * 200_000_001_666n) / 10n ** 8n);
    expect((markets[0]?.state as CometMarket | undefined)?.unit).toMatchObject({ asset: `eip155:1/erc20:${baseToken}`, symbol: 'wstETH' });
    expect(accounts).toHaveLength(1);
    const gone = normalize({}, { ...fake, reverts: [`price:${ethFeed}`] }, wsteth);
    expect(gone.gaps[0]?.message).toContain('price of wstETH in USD');
  });

  describe('without a chain', () => {
    test('default: an estimate with its missing terms', () => {
      const { markets, accounts, gaps } = normalize(LISTED, null);
      expect(gaps).toEqual([]);
      expect(accounts).toMatchObject([{ position: V6_POSITION, precision: 'estimate' }]);
      expect(accounts[0]?.missing.length).toBeGreaterThan(0);
      const state = markets[0]?.state as CometMarket;
      expect(state.baseBalance).toBe(usdcComet().baseBalance);
      expect(state.collaterals[2]).toMatchObject({ price: 181_685_499_606n, liquidateCollateralFactor: 895n * 10n ** 15n, totalSupply: 100_000n * 10n ** 18n });
      expect(cometMarketSchema.safeParse(JSON.parse(JSON.stringify(state, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)))).success).toBe(true);
      expect(compoundV3Rule.health({ market: state, position: V6_POSITION, at: T0 }).figures.liquidity).toBe(4_275_099_922n);
    });

    test('behavior: nobody there is no market and no gap', () => {
      expect(normalize({ markets: [marketRow()], positions: [positionRow('0', [[WETH, '0']])] }, null)).toEqual({ markets: [], accounts: [], gaps: [], discrepancies: [] });
    });

    test('behavior: what cannot be known is a gap', () => {
      const codes = (rows: Rows, deployment = usdc) => normalize(rows, null, deployment).gaps.map((gap) => gap.code);
      const positions = LISTED.positions ?? [];
      expect(codes({})).toEqual(['NOT_CONFIGURED']);
      expect(codes({ positions })).toEqual(['UNKNOWN_MARKET']);
      expect(codes({ positions, markets: [marketRow({ wethPrice: '0' })] })).toEqual(['MISSING_PRICE']);
      expect(codes({ positions, markets: [marketRow({ wethDecimals: null })] })).toEqual(['UNKNOWN_MARKET']);
      const wbtcComet = getDeployment('compound-v3/1/wbtc');
      expect(codes({ positions, markets: [{ ...marketRow(), id: wbtcComet.market }] }, wbtcComet)).toEqual(['MISSING_PRICE']);
    });
  });
});
