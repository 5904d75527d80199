import { Interface } from 'ethers';
import { fromFixed, toText } from '../../src/core/decimal.ts';
import type { Address, AssetId } from '../../src/core/ids.ts';
import { encodeJson } from '../../src/core/json.ts';
import { type Portfolio, parsePortfolio } from '../../src/core/portfolio.ts';
import type { AccountView, Rule } from '../../src/core/rule.ts';
import type { CallTrial, TrialCall } from '../../src/core/source.ts';
import { encodeLegs, type OpenedPortfolio, openPortfolio } from '../../src/engine/open-portfolio.ts';
import type { CashAtHand, SelfPlanMeans } from '../../src/path/plan/plan.ts';
import type { PathRoute } from '../../src/path/solver/problem.ts';
import type { SwapVenue } from '../../src/path/transactions/swap-venue.ts';
import { encodeParams } from '../../src/protocols/morpho-blue/market-id.ts';
import { morphoBlueRule } from '../../src/protocols/morpho-blue/rule.ts';
import type { Deployment } from '../../src/protocols/protocol.ts';
import { findRule } from '../../src/protocols/registry.ts';
import { tryCallsAt } from '../../src/sources/call-trial.ts';
import { type AaveTestReserve, reserveOf } from '../chain/aave-pool-chain.ts';
import { TEST_CHAIN } from '../chain/aave-state.ts';
import { Reverted } from '../chain/anvil.ts';
import type { SeededRandom } from '../chain/seeded-random.ts';
import { ADMIN, assetOf, EVERYTHING, type LendingWorld, readAave, readMorpho } from './lending-world.ts';

const ROUTER = new Interface(['function swap(address from, uint256 amount, address to) returns (uint256)']);
/** What the router gives for a token's worth. */
const ROUTER_KEEPS = 0.003;
const DEPTH_USD = 50_000_000;
const SOMEWHERE: Address = `0x${'51'.repeat(20)}`;

/** The test chain's contracts as the rows that built-in deployments are. */
export function deploymentsOf({ aave, morpho }: LendingWorld): readonly Deployment[] {
  const tokens = aave.reserves.flatMap(({ asset: { symbol }, token, aToken, debtToken }) => [
    [`token:${symbol}`, token.address],
    [`aToken:${symbol}`, aToken.address],
    [`debtToken:${symbol}`, debtToken.address],
  ]);
  const common = { chain: TEST_CHAIN, subgraph: null, source: 'a test chain' } as const;
  const pool = { pool: aave.pool.address, oracle: aave.oracle.address, ...Object.fromEntries(tokens) };
  return [
    { ...common, id: 'aave-v3/31337/core', protocol: 'aave-v3', label: 'Aave v3 Test', market: aave.pool.address, contracts: pool, assumedRule: aave.rule.id },
    { ...common, id: 'morpho-blue/31337', protocol: 'morpho-blue', label: 'Morpho Blue Test', market: '', contracts: { morpho: morpho.morpho.address }, assumedRule: morphoBlueRule.id },
  ];
}

/** The router as a venue, for every route. */
export function venueOf({ router }: LendingWorld): SwapVenue {
  return { label: 'the test router', encodeSwap: ({ from, amountIn, to }) => ({ target: router.address, data: ROUTER.encodeFunctionData('swap', [from, amountIn, to]) }) };
}

/** Both accounts as a Portfolio document, written and read back through the waist. */
export async function openWallet(world: LendingWorld, owner: Address): Promise<OpenedPortfolio> {
  const [aave, morpho] = [await readAave(world, owner), await readMorpho(world, owner)];
  const at = Number(aave.at);
  const market = (id: string, deployment: string, view: AccountView<unknown, unknown>, rest: Partial<Portfolio['markets'][number]>): unknown => ({
    id,
    chain: TEST_CHAIN,
    deployment,
    protocol: deployment.slice(0, deployment.indexOf('/')),
    label: id,
    state: encodeJson(view.market),
    ...rest,
  });
  const account = (id: string, rule: Rule, view: AccountView<unknown, unknown>): unknown => ({
    id,
    market: id,
    owner,
    at,
    position: encodeJson(view.position),
    legs: encodeLegs(rule.legs(view)),
    precision: 'exact',
    missing: [],
    evidence: [{ source: 'chain', label: 'anvil', block: '1', timestamp: at }],
  });
  const document = {
    schema: 'plimsoll/portfolio@1',
    owners: [owner],
    createdAt: at,
    recorded: null,
    asOf: [],
    prices: [world.usdc, world.weth, world.dai].map((reserve) => ({
      asset: assetOf(reserve),
      symbol: reserve.asset.symbol,
      usd: toText(fromFixed(reserve.asset.priceE8, 8)),
      source: 'test',
      observedAt: at,
    })),
    coverage: [],
    markets: [
      market('aave', 'aave-v3/31337/core', aave, { market: world.aave.pool.address, rule: world.aave.rule.id }),
      market('morpho', 'morpho-blue/31337', morpho, { market: world.market.id, rule: morphoBlueRule.id }),
    ],
    accounts: [account('aave', world.aave.rule as Rule, aave), account('morpho', morphoBlueRule as Rule, morpho)],
    gaps: [],
    discrepancies: [],
  };
  return openPortfolio(parsePortfolio(JSON.stringify(document)), findRule);
}

/** What a plan may use: the router between the assets that the accounts name, the wallet; no lender. */
export async function meansOf(world: LendingWorld, opened: OpenedPortfolio, order: SelfPlanMeans['order']): Promise<SelfPlanMeans> {
  const [owner] = opened.portfolio.owners;
  const named = new Set(opened.accounts.flatMap((account) => account.legs.map((leg) => leg.asset)));
  const traded = [world.usdc, world.weth, world.dai].filter((reserve) => named.has(assetOf(reserve)));
  const cash = await Promise.all(
    traded.map(
      async ({ asset, token }): Promise<CashAtHand> => ({ asset: assetOf(reserveOf(world.aave, asset.symbol)), decimals: asset.decimals, amount: (await token.read('balanceOf', owner)) as bigint }),
    ),
  );
  return {
    routes: traded.flatMap((from) => traded.flatMap((to) => (from === to ? [] : [routeOf(from, to)]))),
    flashLenders: [],
    cash: cash.filter(({ amount }) => amount > 0n),
    cashCost: 0,
    gasUsd: () => 3,
    assets: new Set(traded.map(assetOf)),
    priceHeadRoom: 0.001,
    order,
  };
}

function routeOf(from: AaveTestReserve, to: AaveTestReserve): PathRoute {
  const rate = (Number(from.asset.priceE8) / Number(to.asset.priceE8)) * (1 - ROUTER_KEEPS);
  const depth = (DEPTH_USD * 1e8) / Number(from.asset.priceE8);
  const [fromAsset, toAsset]: readonly AssetId[] = [assetOf(from), assetOf(to)];
  const curve = {
    from: fromAsset as AssetId,
    to: toAsset as AssetId,
    out: (amount: number) => amount * rate,
    marginal: () => rate,
    depth,
    source: 'the test router',
    observedAt: null,
    assumed: false,
  };
  return { id: `${from.asset.symbol} → ${to.asset.symbol}`, chain: TEST_CHAIN, gasUsd: 3, curve };
}

/** Tries calls on the test chain as a source of this chain does. */
export async function tryCalls({ chain }: LendingWorld, calls: readonly TrialCall[]): Promise<CallTrial> {
  return tryCallsAt(
    async (method, params) => {
      try {
        return { kind: 'result', value: await chain.request(method, params) };
      } catch (error) {
        if (error instanceof Reverted) return { kind: 'revert', data: error.data, outOfGas: false };
        throw error;
      }
    },
    'anvil',
    calls,
  );
}

/**
 * Opens a random wallet: WETH and maybe DAI held on Aave, USDC and maybe DAI owed; WETH held and USDC owed on Morpho; borrowed from half to nearly all of what is allowed. Some keep part of what
 * they borrowed, and some WETH, in the wallet.
 */
export async function openRandomWallet(world: LendingWorld, owner: Address, random: SeededRandom): Promise<void> {
  const { chain, aave, morpho, market, weth, usdc, dai } = world;
  await chain.fund(owner);
  const supply = async ({ token }: AaveTestReserve, amount: bigint): Promise<void> => {
    await token.write(ADMIN, 'mint(address,uint256)', owner, amount);
    await token.write(owner, 'approve', aave.pool.address, amount);
    await aave.pool.write(owner, 'supply', token.address, amount, owner, 0);
  };
  await supply(weth, random.part(10n ** 18n, 1_000_000, 80_000_000));
  if (random.next() < 0.4) await supply(dai, random.part(10n ** 18n, 1_000_000_000, 60_000_000_000));
  const [, , available = 0n] = (await aave.pool.read('getUserAccountData', owner)) as bigint[];
  const planned = random.part(available, 600_000, 985_000);
  const inDai = random.next() < 0.35 ? random.part(planned, 100_000, 600_000) : 0n;
  for (const [reserve, base] of [
    [usdc, planned - inDai],
    [dai, inDai],
  ] as const) {
    if (base > 0n) await aave.pool.write(owner, 'borrow', reserve.token.address, (base * 10n ** BigInt(reserve.asset.decimals)) / reserve.asset.priceE8, 2n, 0, owner);
  }
  const onMorpho = random.part(10n ** 18n, 1_000_000, 60_000_000);
  await weth.token.write(ADMIN, 'mint(address,uint256)', owner, onMorpho);
  await weth.token.write(owner, 'approve', morpho.morpho.address, onMorpho);
  await morpho.morpho.write(owner, 'supplyCollateral', encodeParams(market.params), onMorpho, owner, '0x');
  const price = (await market.oracle.read('price')) as bigint;
  const allowed = (((onMorpho * price) / 10n ** 36n) * market.params.lltv) / 10n ** 18n;
  await morpho.morpho.write(owner, 'borrow', encodeParams(market.params), random.part(allowed, 500_000, 970_000), 0n, owner, owner);
  await spend(world, owner, random);
}

/** Most of what was borrowed is gone. */
async function spend({ usdc, dai, weth }: LendingWorld, owner: Address, random: SeededRandom): Promise<void> {
  for (const { token } of [usdc, dai]) {
    const held = (await token.read('balanceOf', owner)) as bigint;
    const kept = random.next() < 0.3 ? random.part(held, 1_000, 200_000) : 0n;
    if (held > kept) await token.write(owner, 'transfer', SOMEWHERE, held - kept);
  }
  if (random.next() < 0.2) await weth.token.write(ADMIN, 'mint(address,uint256)', owner, random.part(10n ** 18n, 10_000, 3_000_000));
}

/** What the owner's executor may still do, and what it holds: nothing of either, after a plan. */
export async function rightsLeft(world: LendingWorld, owner: Address, executor: Address): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { asset, token, aToken, debtToken } of [world.usdc, world.weth, world.dai]) {
    const amounts = {
      tokens: await token.read('allowance', owner, executor),
      aTokens: await aToken.read('allowance', owner, executor),
      delegation: await debtToken.read('borrowAllowance', owner, executor),
    };
    for (const [kind, amount] of Object.entries(amounts)) if (amount !== 0n) left.push(`${asset.symbol} ${kind}: ${String(amount)}`);
  }
  if ((await world.morpho.morpho.read('isAuthorized', owner, executor)) !== false) left.push('Morpho authorization');
  return left;
}

/** What the protocols may still take from the owner's wallet. */
export async function approvalsLeft(world: LendingWorld, owner: Address): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { asset, token } of [world.usdc, world.weth, world.dai]) {
    for (const spender of [world.aave.pool, world.morpho.morpho, world.router]) {
      const allowed = await token.read('allowance', owner, spender.address);
      if (allowed !== 0n && allowed !== EVERYTHING) left.push(`${asset.symbol} for ${spender.address}: ${String(allowed)}`);
    }
  }
  return left;
}
