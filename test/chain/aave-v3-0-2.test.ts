import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AAVE_LIQUIDATOR, type AaveSuite } from './aave-steps.ts';
import { compareAccounts, compareLiquidations, compareSpecialCases, compareSteps, endow, movePrices } from './aave-suite.ts';
import { openAaveUsers, supplyLiquidity } from './aave-users.ts';
import { deployAaveV302 } from './aave-v3-0-2-contracts.ts';
import { Anvil } from './anvil.ts';
import { emptyTally, printTally, usersOf } from './counts.ts';
import { seededRandom } from './seeded-random.ts';

const ADMIN = '0x00000000000000000000000000000000000ad314';
const USERS = usersOf(24, 150);
const DAY = 86_400;
const tally = emptyTally(USERS);
let chain: Anvil;
let suite: AaveSuite;

beforeAll(async () => {
  chain = await Anvil.start('cancun');
  await chain.fund(ADMIN);
  await chain.fund(AAVE_LIQUIDATOR);
  const deployed = await deployAaveV302(chain, ADMIN);
  const random = seededRandom(302);
  await supplyLiquidity(deployed, USERS);
  const users = await openAaveUsers(deployed, USERS, random);
  await endow({ deployed }, AAVE_LIQUIDATOR);
  for (const user of users) await endow({ deployed }, user);
  suite = { deployed, users, tally, random };
}, 300_000);

afterAll(() => {
  printTally('Aave v3.0.2', tally);
  chain.stop();
});

describe('Aave v3.0.2 on a local chain', () => {
  test('default: accounts, liquidations and steps are the contract’s integers', async () => {
    expect(await compareAccounts(suite, 'after opening')).toBe(0);
    await chain.wait(90 * DAY);
    await compareAccounts(suite, 'after 90 days');
    await movePrices(suite, { WETH: 850, wstETH: 790, weETH: 780, WBTC: 860, USDC: 1_020, DAI: 1_010 });
    expect(await compareAccounts(suite, 'after a fall')).toBeGreaterThan(0);
    await compareLiquidations(suite, 'after a fall');
    await compareSteps(suite, 'after a fall');
    await chain.wait(17 * DAY + 1);
    await movePrices(suite, { WETH: 560, wstETH: 530, weETH: 520, WBTC: 610, DAI: 1_004 });
    expect(await compareAccounts(suite, 'after a crash')).toBeGreaterThan(0);
    await compareLiquidations(suite, 'after a crash');
    await compareSpecialCases(suite, 'after a crash');
    await chain.wait(DAY);
    await movePrices(suite, { WETH: 2_900, wstETH: 2_700, weETH: 2_800, WBTC: 2_500 });
    expect(await compareAccounts(suite, 'after a rise')).toBeGreaterThan(0);
    await compareLiquidations(suite, 'after a rise');
    expect(tally.mismatches).toEqual([]);
    expect(tally.liquidations).toBeGreaterThan(USERS);
    for (const code of ['25', '29', '35', '45', '46', '47']) expect(tally.reasons[code]).toBeGreaterThan(0);
  }, 600_000);
});
