import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forcedView } from '../../src/path/forced/forced.ts';
import type { ForcedPair } from '../../src/path/forced/forced-pairs.ts';
import { openAccounts } from '../path/views/portfolio.ts';
import { reserveOf } from './aave-pool-chain.ts';
import { AAVE_LIQUIDATOR, type AaveSuite, type AaveView, compareStep } from './aave-steps.ts';
import { endow, movePrices, readViews } from './aave-suite.ts';
import { openAaveUsers, supplyLiquidity } from './aave-users.ts';
import { deployAaveV360 } from './aave-v3-6-0-contracts.ts';
import { Anvil } from './anvil.ts';
import { readMany } from './contract.ts';
import { compare, emptyTally, printTally, usersOf } from './counts.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';

const ADMIN = '0x00000000000000000000000000000000000ad315';
const USERS = usersOf(16, 120);
/** Users of a few thousand dollars, around whom the dust rules bind. */
const SMALL_USERS = usersOf(10, 60);
const DAY = 86_400;
const E8 = 100_000_000n;
const EVERYTHING = 2n ** 256n - 1n;
const VARIABLE_RATE = 2n;
const tally = emptyTally(USERS + SMALL_USERS);
/** Pairs that were met, and those of them where the provider is off. */
const seen = { pairs: 0, limitedByDust: 0, providerTooHigh: 0, providerLower: 0, providerFeeTwice: 0, feeOneLess: 0 };
let chain: Anvil;
let suite: AaveSuite;

beforeAll(async () => {
  chain = await Anvil.start('cancun');
  await chain.fund(ADMIN);
  await chain.fund(AAVE_LIQUIDATOR);
  const deployed = await deployAaveV360(chain, ADMIN);
  const random = seededRandom(361);
  await supplyLiquidity(deployed, USERS + SMALL_USERS);
  const users = [...(await openAaveUsers(deployed, USERS, random)), ...(await openSmallUsers(deployed, random))];
  await endow({ deployed }, AAVE_LIQUIDATOR);
  suite = { deployed, users, tally, random };
}, 300_000);

afterAll(() => {
  printTally('Aave v3.6.0 LiquidationDataProvider', tally);
  process.stdout.write(
    `  ${Object.entries(seen)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}\n`,
  );
  chain.stop();
});

/** Dollars of a small user, by symbol. */
interface SmallUser {
  readonly held: Readonly<Record<string, number>>;
  readonly owed: Readonly<Record<string, number>>;
}

const FALL = 0.85;
const HEALTH = 0.98;

/** Users around whom the dust rules bind after WETH has fallen by 15 %: every other one has two debts of which the call would leave too little, the rest a wstETH of which it would. */
async function openSmallUsers(deployed: AaveSuite['deployed'], random: SeededRandom): Promise<readonly string[]> {
  const users: string[] = [];
  for (let index = 0; index < SMALL_USERS; index += 1) {
    const user = `0x${(0xbb00_0000 + index).toString(16).padStart(40, '0')}`;
    await openSmallUser(deployed, user, index % 2 === 0 ? smallDebts(deployed, random) : smallCollateral(deployed, random));
    users.push(user);
  }
  return users;
}

function smallDebts(deployed: AaveSuite['deployed'], random: SeededRandom): SmallUser {
  const [usdc, dai] = [random.integer(2_000, 3_600), random.integer(2_000, 3_600)];
  return { held: { WETH: ((usdc + dai) * HEALTH) / (FALL * thresholdOf(deployed, 'WETH')) }, owed: { USDC: usdc, DAI: dai } };
}

function smallCollateral(deployed: AaveSuite['deployed'], random: SeededRandom): SmallUser {
  const usdc = random.integer(6_000, 9_000);
  const wsteth = (usdc * reserveOf(deployed, 'wstETH').asset.bonusBps) / 20_000 + random.integer(200, 900);
  return { held: { wstETH: wsteth, WETH: (usdc * HEALTH - wsteth * thresholdOf(deployed, 'wstETH')) / (FALL * thresholdOf(deployed, 'WETH')) }, owed: { USDC: usdc } };
}

function thresholdOf(deployed: AaveSuite['deployed'], symbol: string): number {
  return reserveOf(deployed, symbol).asset.thresholdBps / 10_000;
}

async function openSmallUser(deployed: AaveSuite['deployed'], user: string, { held, owed }: SmallUser): Promise<void> {
  await chain.fund(user);
  for (const [symbol, dollars] of Object.entries(held)) {
    const { token, amount } = worth(deployed, symbol, dollars);
    await token.write(deployed.admin, 'mint(address,uint256)', user, amount);
    await token.write(user, 'approve', deployed.pool.address, EVERYTHING);
    await deployed.pool.write(user, 'supply', token.address, amount, user, 0);
  }
  for (const [symbol, dollars] of Object.entries(owed)) {
    const { token, amount } = worth(deployed, symbol, dollars);
    await deployed.pool.write(user, 'borrow', token.address, amount, VARIABLE_RATE, 0, user);
  }
}

function worth(deployed: AaveSuite['deployed'], symbol: string, dollars: number) {
  const { token, asset } = reserveOf(deployed, symbol);
  return { token, amount: (BigInt(Math.round(dollars * 100)) * (E8 / 100n) * 10n ** BigInt(asset.decimals)) / asset.priceE8 };
}

interface SeenPair {
  readonly user: string;
  readonly view: AaveView;
  readonly pair: ForcedPair;
}

/** Every pair of every liquidatable user, as the view says. */
async function listPairs(): Promise<readonly SeenPair[]> {
  const { deployed, users } = suite;
  const views = await readViews(suite);
  const { accounts, gaps } = forcedView(openAccounts(views.map((view) => ({ rule: deployed.rule.id, view, market: 'pool' }))), { maxSearchStates: 1, maxLiquidations: 1 });
  expect(gaps).toEqual([]);
  return accounts.flatMap((account, at) => {
    const [user, view] = [users[at], views[at]];
    if (account.status !== 'liquidatable' || user === undefined || view === undefined) return [];
    return account.pairs.map((pair) => ({ user, view, pair }));
  });
}

function addressOf(asset: string | null): string {
  return String(asset).slice(String(asset).indexOf('0x'));
}

/** Compares all pairs with the provider, and what differs, or may, with the pool itself. */
async function compareState(state: string): Promise<void> {
  const { liquidationData } = suite.deployed;
  if (liquidationData === null) throw new TypeError('no LiquidationDataProvider');
  const pairs = await listPairs();
  const method = 'getLiquidationInfo(address,address,address)';
  const infos = await readMany(
    chain,
    pairs.map(({ user, pair }) => ({ contract: liquidationData, method, args: [user, addressOf(pair.collateral), addressOf(pair.debt)] })),
  );
  for (const [at, entry] of pairs.entries())
    await comparePair(entry, infos[at] as Record<string, bigint>, `${state}, ${entry.user}, ${addressOf(entry.pair.collateral)} for ${addressOf(entry.pair.debt)}`);
  tally.states += 1;
}

/**
 * The pool accepts the view's step and moves its very integers: that is asked of every pair. The provider's integers are the same but in two cases, in which executing shows the pool on the view's side:
 *
 * - All collateral goes and there is a fee: the pool burns the liquidator's part rounded up, and pays as fee what is left, a unit less than the provider reckons.
 * - Dust limits the size: the provider steps back by amounts cut to whole base units (1e-8 USD), the pool compares leftovers rounded up on the debt's side. It ends a unit too high, which the pool
 *   refuses, or too low by what the cutting is worth. Where it is the leftover of the collateral that would be dust, it also takes the protocol fee off the collateral twice, and names less than the
 *   pool accepts by the debt that the fee pays for.
 */
async function comparePair({ user, view, pair }: SeenPair, info: Record<string, bigint>, what: string): Promise<void> {
  const { largest } = pair;
  if (largest === null) throw new TypeError(`${what}: ${pair.refusal}`);
  seen.pairs += 1;
  await compareStep(suite, { user, view, step: largest.step }, what);
  const [collateral, debt, fee] = [largest.received[0]?.amount ?? 0n, largest.paid[0]?.amount ?? 0n, largest.protocolFee[0]?.amount ?? 0n];
  const provider = { collateral: info['maxCollateralToLiquidate'] ?? 0n, debt: info['maxDebtToLiquidate'] ?? 0n, fee: info['liquidationProtocolFee'] ?? 0n };
  if (typeof largest.step.repay === 'bigint') {
    seen.limitedByDust += 1;
    await compareDust({ user, view, pair }, { largest: debt, provider: provider.debt }, what);
    return;
  }
  const isOneLess = takesAll(view, pair) && fee === provider.fee - 1n;
  if (isOneLess) seen.feeOneLess += 1;
  compare(tally, `${what}: collateral`, collateral, provider.collateral);
  compare(tally, `${what}: debt`, debt, provider.debt);
  compare(tally, `${what}: fee`, fee, isOneLess ? provider.fee - 1n : provider.fee);
}

async function compareDust({ user, view, pair }: SeenPair, debt: { readonly largest: bigint; readonly provider: bigint }, what: string): Promise<void> {
  const liquidate = (amount: bigint) => suite.deployed.pool.tryCall(AAVE_LIQUIDATOR, 'liquidationCall', addressOf(pair.collateral), addressOf(pair.debt), user, amount, false);
  compare(tally, `${what}: a unit more than the view`, await liquidate(debt.largest + 1n), 'MustNotLeaveDust');
  const isTooHigh = debt.provider > debt.largest;
  if (isTooHigh) seen.providerTooHigh += 1;
  else seen.providerLower += debt.provider < debt.largest ? 1 : 0;
  compare(tally, `${what}: the provider's amount`, await liquidate(debt.provider), isTooHigh ? 'MustNotLeaveDust' : null);
  const apart = debt.largest > debt.provider ? debt.largest - debt.provider : debt.provider - debt.largest;
  const apartUsd = Number(apart) * unitUsd(view, pair.debt);
  // Both leftovers are cut: to base units, and the collateral to its own raw unit first.
  const cut = 2e-8 + 2 * unitUsd(view, pair.collateral);
  if (apart <= 1n || apartUsd <= cut) return;
  seen.providerFeeTwice += 1;
  const feeUsd = Number(pair.largest?.protocolFee[0]?.amount ?? 0n) * unitUsd(view, pair.collateral);
  const held = suite.deployed.rule.legs(view).find((leg) => leg.side === 'collateral' && leg.asset === pair.collateral)?.amount ?? 0n;
  // The fee that is taken off twice is that of the liquidation before it is made smaller: at most that of all the collateral.
  const mostUsd = (feeUsd * Number(held)) / Number(pair.largest?.seized[0]?.amount ?? 1n);
  const paysFor = apartUsd * (1 + (pair.largest?.bonus?.toNumber() ?? 0));
  compare(tally, `${what}: apart by the fee`, !isTooHigh && paysFor >= feeUsd - cut && paysFor <= mostUsd + cut, true);
}

/** USD of one raw unit of an asset of an account. */
function unitUsd(view: AaveView, asset: string | null): number {
  const leg = suite.deployed.rule.legs(view).find((entry) => entry.asset === asset);
  return (leg?.priceUsd.toNumber() ?? 0) / 10 ** (leg?.decimals ?? 0);
}

/** Nothing of the collateral is left but for a unit of rounding. */
function takesAll(view: AaveView, { collateral, largest }: ForcedPair): boolean {
  const held = suite.deployed.rule.legs(view).find((leg) => leg.side === 'collateral' && leg.asset === collateral);
  return held !== undefined && held.amount - (largest?.seized[0]?.amount ?? 0n) <= 1n;
}

describe('LiquidationDataProvider of Aave v3.6.0', () => {
  test('default: the largest valid liquidation of every pair is the provider’s, and the pool’s where the provider is off', async () => {
    await movePrices(suite, { WETH: 850 });
    await compareState('after a small fall');
    await chain.wait(90 * DAY);
    await movePrices(suite, { wstETH: 790, weETH: 780, WBTC: 860, USDC: 1_020, DAI: 1_010 });
    await compareState('after a fall');
    await movePrices(suite, { WETH: 560, wstETH: 530, weETH: 520, WBTC: 610, DAI: 1_004 });
    await compareState('after a crash');
    await movePrices(suite, { WETH: 2_900, wstETH: 2_700, weETH: 2_800, WBTC: 2_500 });
    await compareState('after a rise');
    expect(tally.mismatches).toEqual([]);
    // Most pairs are compared to the unit.
    expect(seen.pairs - seen.limitedByDust - seen.feeOneLess).toBeGreaterThan(USERS);
    expect(Math.min(seen.providerTooHigh, seen.providerLower, seen.providerFeeTwice, seen.feeOneLess)).toBeGreaterThan(0);
    expect(tally.liquidations).toBe(seen.pairs);
  }, 600_000);
});
