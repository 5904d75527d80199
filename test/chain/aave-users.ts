import type { AaveTestChain, AaveTestEMode, AaveTestReserve } from './aave-pool-chain.ts';
import { reserveOf } from './aave-pool-chain.ts';
import type { SeededRandom } from './seeded-random.ts';

const VARIABLE_RATE = 2n;
const E8 = 100_000_000n;
const DOLLAR_CENTS = 100n;
const EVERYTHING = 2n ** 256n - 1n;
/** Supplies what users borrow. */
export const AAVE_LENDER = '0x000000000000000000000000000000000001e4de';

/** Raw units of an asset that are worth a number of cents at its first price. */
function worth({ asset }: AaveTestReserve, cents: bigint): bigint {
  return (cents * E8 * 10n ** BigInt(asset.decimals)) / (DOLLAR_CENTS * asset.priceE8);
}

async function supply(deployed: AaveTestChain, user: string, reserve: AaveTestReserve, amount: bigint): Promise<void> {
  await reserve.token.write(deployed.admin, 'mint(address,uint256)', user, amount);
  await reserve.token.write(user, 'approve', deployed.pool.address, EVERYTHING);
  await deployed.pool.write(user, 'supply', reserve.token.address, amount, user, 0);
}

/** Gives the pool something to lend. */
export async function supplyLiquidity(deployed: AaveTestChain, users: number): Promise<void> {
  await deployed.chain.fund(AAVE_LENDER);
  for (const reserve of deployed.reserves) await supply(deployed, AAVE_LENDER, reserve, worth(reserve, 2_500_000n * BigInt(users)));
}

/**
 * Opens seeded random accounts: one to three collaterals worth 600 to 60,000 dollars each, one to three debts, borrowing from three quarters to all but a
 * little of what is allowed; some in e-mode, some with a supply that is not used as collateral.
 */
export async function openAaveUsers(deployed: AaveTestChain, count: number, random: SeededRandom): Promise<readonly string[]> {
  const users: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const user = `0x${(0xaa00_0000 + index).toString(16).padStart(40, '0')}`;
    await deployed.chain.fund(user);
    await openUser(deployed, user, random);
    users.push(user);
  }
  return users;
}

async function openUser(deployed: AaveTestChain, user: string, random: SeededRandom): Promise<void> {
  const eMode = random.next() < 0.35 ? random.pick(deployed.eModes) : null;
  if (eMode !== null) await deployed.pool.write(user, 'setUserEMode', eMode.id);
  const held = await supplyCollaterals(deployed, user, eMode, random);
  const borrowable = deployed.reserves.filter(({ asset }) => eMode === null || eMode.borrowable.includes(asset.symbol));
  const others = borrowable.filter((reserve) => !held.includes(reserve));
  // Loops in one asset never fall: most users borrow what they do not hold.
  const debts = random.sample(others.length > 0 && random.next() < 0.8 ? others : borrowable, random.pick([1, 1, 2, 3]));
  const [, , availableBase = 0n] = (await deployed.pool.read('getUserAccountData', user)) as bigint[];
  const planned = random.part(availableBase, 750_000, 998_500);
  for (const reserve of debts) {
    const amount = ((planned / BigInt(debts.length)) * 10n ** BigInt(reserve.asset.decimals)) / reserve.asset.priceE8;
    if (amount > 0n) await deployed.pool.write(user, 'borrow', reserve.token.address, amount, VARIABLE_RATE, 0, user);
  }
}

async function supplyCollaterals(deployed: AaveTestChain, user: string, eMode: AaveTestEMode | null, random: SeededRandom): Promise<readonly AaveTestReserve[]> {
  // An asset that counts in its category only would leave a user outside of it without borrowing power.
  const possible = deployed.reserves.filter(({ asset }) => asset.thresholdBps > 0 || eMode?.collateral.includes(asset.symbol) === true);
  const first = eMode === null ? random.pick(possible) : reserveOf(deployed, random.pick(eMode.collateral));
  const others = random.sample(
    possible.filter((reserve) => reserve !== first),
    random.integer(0, 2),
  );
  for (const reserve of [first, ...others]) await supply(deployed, user, reserve, worth(reserve, BigInt(random.integer(60_000, 6_000_000))));
  if (others.length > 0 && random.next() < 0.3) {
    await deployed.pool.write(user, 'setUserUseReserveAsCollateral', random.pick(others).token.address, false);
  }
  return [first, ...others];
}
