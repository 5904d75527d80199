import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forcedView } from '../../src/path/forced.ts';
import type { ForcedPair } from '../../src/path/forced-pairs.ts';
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
const seen = { pairs: 0, limitedByDust: 0, providerTooHigh: 0, providerLower: 0, feeOneLess: 0 };
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

/** WETH against 2,000 to 3,600 dollars of USDC and of DAI, at a health factor of 0.98 after WETH has fallen by 15 %. */
async function openSmallUsers(deployed: AaveSuite['deployed'], random: SeededRandom): Promise<readonly string[]> {
  const [weth, ...debts] = ['WETH', 'USDC', 'DAI'].map((symbol) => reserveOf(deployed, symbol));
  if (weth === undefined) throw new TypeError('no WETH');
  const users: string[] = [];
  for (let index = 0; index < SMALL_USERS; index += 1) {
    const user = `0x${(0xbb00_0000 + index).toString(16).padStart(40, '0')}`;
    const dollars = debts.map(() => BigInt(random.integer(2_000, 3_600)));
    const total = dollars.reduce((sum, value) => sum + value, 0n);
    const held = (total * 98n * 10n ** 18n * E8 * 10_000n) / (85n * BigInt(weth.asset.thresholdBps) * weth.asset.priceE8);
    await chain.fund(user);
    await weth.token.write(deployed.admin, 'mint(address,uint256)', user, held);
    await weth.token.write(user, 'approve', deployed.pool.address, EVERYTHING);
    await deployed.pool.write(user, 'supply', weth.token.address, held, user, 0);
    for (const [at, reserve] of debts.entries()) {
      const amount = ((dollars[at] ?? 0n) * E8 * 10n ** BigInt(reserve.asset.decimals)) / reserve.asset.priceE8;
      await deployed.pool.write(user, 'borrow', reserve.token.address, amount, VARIABLE_RATE, 0, user);
    }
    users.push(user);
  }
  return users;
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
 *   refuses, or up to a base unit's worth too low.
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
  const owed = suite.deployed.rule.legs(view).find((leg) => leg.side === 'debt' && leg.asset === pair.debt);
  const apart = debt.largest > debt.provider ? debt.largest - debt.provider : debt.provider - debt.largest;
  const worth = Number(apart) / 10 ** (owed?.decimals ?? 0);
  compare(tally, `${what}: at most two base units apart, or one raw unit`, apart <= 1n || worth * (owed?.priceUsd.toNumber() ?? 0) <= 2e-8, true);
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
    expect(Math.min(seen.providerTooHigh, seen.providerLower, seen.feeOneLess)).toBeGreaterThan(0);
    expect(tally.liquidations).toBe(seen.pairs);
  }, 600_000);
});
