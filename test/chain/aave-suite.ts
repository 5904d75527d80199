import { RuleViolation } from '../../src/core/errors.ts';
import { erc20 } from '../../src/core/ids.ts';
import type { LiquidateStep, Step } from '../../src/core/rule.ts';
import type { AavePosition } from '../../src/protocols/aave/state.ts';
import type { AaveTestReserve } from './aave-pool-chain.ts';
import { readPool, readPositions, TEST_CHAIN } from './aave-state.ts';
import { type AaveSuite, type AaveView, compareStep, predict } from './aave-steps.ts';
import { type Contract, readMany } from './contract.ts';
import { compare } from './counts.ts';

const EVERYTHING = 2n ** 256n - 1n;
const FRACTIONS_PPM = [100_000n, 370_000n, 500_000n, 900_000n] as const;
const PAIRS_PER_USER = 2;

/** Multiplies oracle prices by per-mille factors, by symbol. */
export async function movePrices({ deployed }: AaveSuite, perMille: Readonly<Record<string, number>>): Promise<void> {
  for (const { asset, token } of deployed.reserves) {
    const price = (await deployed.oracle.read('getAssetPrice', token.address)) as bigint;
    await deployed.oracle.write(deployed.admin, 'setAssetPrice', token.address, (price * BigInt(perMille[asset.symbol] ?? 1_000)) / 1_000n);
  }
}

/** Every user as the rule sees them at the latest block. */
export async function readViews({ deployed, users }: AaveSuite): Promise<readonly AaveView[]> {
  const [market, positions, at] = [await readPool(deployed), await readPositions(deployed, users), await deployed.chain.time()];
  return positions.map((position) => ({ market, position, at }));
}

/** Compares the account data and token balances of every user; returns how many are liquidatable. */
export async function compareAccounts(suite: AaveSuite, state: string): Promise<number> {
  const { deployed, users, tally } = suite;
  const views = await readViews(suite);
  const accounts = await readMany(
    deployed.chain,
    users.map((user) => ({ contract: deployed.pool, method: 'getUserAccountData', args: [user] })),
  );
  const balances = await readMany(
    deployed.chain,
    users.flatMap((user) => deployed.reserves.flatMap(({ aToken, debtToken }) => [balanceOf(aToken, user), balanceOf(debtToken, user)])),
  );
  let liquidatable = 0;
  users.forEach((user, index) => {
    const view = views[index];
    if (view === undefined) return;
    const { figures, liquidatable: isLiquidatable } = deployed.rule.health(view);
    const [collateral, debt, , threshold, ltv, healthFactor] = accounts[index] as bigint[];
    compare(tally, `${state}, ${user}: totalCollateralBase`, figures['totalCollateralBase'], collateral);
    compare(tally, `${state}, ${user}: totalDebtBase`, figures['totalDebtBase'], debt);
    compare(tally, `${state}, ${user}: currentLiquidationThreshold`, figures['currentLiquidationThreshold'], threshold);
    compare(tally, `${state}, ${user}: ltv`, figures['ltv'], ltv);
    compare(tally, `${state}, ${user}: healthFactor`, figures['healthFactor'], healthFactor);
    const legs = deployed.rule.legs(view);
    deployed.reserves.forEach(({ asset, token }, reserve) => {
      const own = legs.filter((leg) => leg.asset === erc20(TEST_CHAIN, token.address));
      const at = 2 * (index * deployed.reserves.length + reserve);
      compare(tally, `${state}, ${user}: supplied ${asset.symbol}`, own.find((leg) => leg.side !== 'debt')?.amount ?? 0n, balances[at]);
      compare(tally, `${state}, ${user}: owed ${asset.symbol}`, own.find((leg) => leg.side === 'debt')?.amount ?? 0n, balances[at + 1]);
    });
    if (isLiquidatable) liquidatable += 1;
  });
  tally.states += 1;
  return liquidatable;
}

function balanceOf(contract: Contract, user: string): { contract: Contract; method: string; args: readonly unknown[] } {
  return { contract, method: 'balanceOf', args: [user] };
}

/** Liquidates every liquidatable user at several amounts, each on its own copy of the state. */
export async function compareLiquidations(suite: AaveSuite, state: string): Promise<void> {
  const { users, random } = suite;
  const views = await readViews(suite);
  for (const [index, user] of users.entries()) {
    const view = views[index];
    if (view === undefined) continue;
    const pairs = random.sample(pairsOf(suite, view), PAIRS_PER_USER);
    const isLiquidatable = suite.deployed.rule.health(view).liquidatable;
    for (const pair of pairs) {
      const what = `${state}, ${user}, ${pair.collateral.asset.symbol} for ${pair.debt.asset.symbol}`;
      if (isLiquidatable) await compareLens(suite, { user, view, pair }, what);
      for (const amount of isLiquidatable ? amountsOf(suite, view, pair) : ['max' as const]) {
        await compareStep(suite, { user, view, step: liquidation(pair, amount) }, `${what}, ${amount}`);
      }
    }
    if (isLiquidatable) await compareWrongPairs(suite, { user, view }, state);
  }
}

interface Pair {
  readonly collateral: AaveTestReserve;
  readonly debt: AaveTestReserve;
}

function liquidation({ collateral, debt }: Pair, repay: bigint | 'max'): LiquidateStep {
  return { kind: 'liquidate', collateral: erc20(TEST_CHAIN, collateral.token.address), debt: erc20(TEST_CHAIN, debt.token.address), repay };
}

function held(suite: AaveSuite, { position }: AaveView, is: (holding: AavePosition['holdings'][number]) => boolean): readonly AaveTestReserve[] {
  return position.holdings.filter(is).flatMap((holding) => suite.deployed.reserves[holding.reserve] ?? []);
}

function pairsOf(suite: AaveSuite, view: AaveView): readonly Pair[] {
  const debts = held(suite, view, (holding) => holding.scaledVariableDebt > 0n);
  const collaterals = held(suite, view, (holding) => holding.scaledSupply > 0n && holding.usedAsCollateral);
  return collaterals.flatMap((collateral) => debts.map((debt) => ({ collateral, debt })));
}

function amountsOf(suite: AaveSuite, view: AaveView, { debt }: Pair): readonly (bigint | 'max')[] {
  const owed = suite.deployed.rule.legs(view).find((leg) => leg.side === 'debt' && leg.asset === erc20(TEST_CHAIN, debt.token.address))?.amount ?? 0n;
  return [...FRACTIONS_PPM.map((ppm) => (owed * ppm) / 1_000_000n), 1n, owed, 'max'];
}

/** A collateral that is not used as one, and a debt that is not owed. */
async function compareWrongPairs(suite: AaveSuite, { user, view }: { user: string; view: AaveView }, state: string): Promise<void> {
  const [pair] = pairsOf(suite, view);
  const used = held(suite, view, (holding) => holding.usedAsCollateral);
  const owed = held(suite, view, (holding) => holding.scaledVariableDebt > 0n);
  const unused = suite.deployed.reserves.find((reserve) => !used.includes(reserve));
  const unowed = suite.deployed.reserves.find((reserve) => !owed.includes(reserve));
  if (pair === undefined) return;
  if (unused !== undefined) await compareStep(suite, { user, view, step: liquidation({ ...pair, collateral: unused }, 'max') }, `${state}, ${user}, unused collateral`);
  if (unowed !== undefined) await compareStep(suite, { user, view, step: liquidation({ ...pair, debt: unowed }, 'max') }, `${state}, ${user}, debt not owed`);
}

/**
 * Aave's own LiquidationDataProvider names the greatest liquidation that leaves no dust: the rule must agree on its amounts, and with the pool on
 * whether it is accepted.
 */
async function compareLens(suite: AaveSuite, target: { user: string; view: AaveView; pair: Pair }, what: string): Promise<void> {
  const { liquidationData } = suite.deployed;
  if (liquidationData === null) return;
  const { user, view, pair } = target;
  const info = (await liquidationData.read('getLiquidationInfo(address,address,address)', user, pair.collateral.token.address, pair.debt.token.address)) as Record<string, bigint>;
  const amount = info['amountToPassToLiquidationCall'] ?? 0n;
  if (amount === 0n) return;
  const step = liquidation(pair, amount === EVERYTHING ? 'max' : amount);
  await compareStep(suite, { user, view, step }, `${what}, as the LiquidationDataProvider says`);
  const outcome = predict(suite, view, step);
  // Its own rounding can leave one unit too little, which the pool refuses; the step above has shown that.
  if (outcome instanceof RuleViolation) return;
  compare(suite.tally, `${what}: LiquidationDataProvider debt`, outcome.paid[0]?.amount, info['maxDebtToLiquidate']);
  compare(suite.tally, `${what}: LiquidationDataProvider collateral`, outcome.received[0]?.amount, info['maxCollateralToLiquidate']);
}

/** Supplies, withdrawals, borrows and repayments around the limits of every user. */
export async function compareSteps(suite: AaveSuite, state: string): Promise<void> {
  const { users, random, deployed } = suite;
  const views = await readViews(suite);
  for (const [index, user] of users.entries()) {
    const view = views[index];
    if (view === undefined) continue;
    const reserve = random.pick(deployed.reserves);
    const asset = erc20(TEST_CHAIN, reserve.token.address);
    const legs = deployed.rule.legs(view).filter((leg) => leg.asset === asset);
    const supplied = legs.find((leg) => leg.side !== 'debt')?.amount ?? 0n;
    const owed = legs.find((leg) => leg.side === 'debt')?.amount ?? 0n;
    const some = random.part(10n ** BigInt(reserve.asset.decimals), 1, 2_000_000);
    const steps: readonly Step[] = [
      { kind: 'supply', asset, amount: some },
      { kind: 'withdraw', asset, amount: random.part(supplied, 1, 1_200_000) },
      { kind: 'withdraw', asset, amount: 'max' },
      { kind: 'borrow', asset, amount: some },
      { kind: 'repay', asset, amount: random.part(owed, 1, 1_200_000) },
      { kind: 'repay', asset, amount: 'max' },
    ];
    for (const step of steps) {
      if (step.kind !== 'liquidate' && step.kind !== 'close' && step.amount === 0n) continue;
      await compareStep(suite, { user, view, step }, `${state}, ${user}, ${step.kind} ${reserve.asset.symbol}`);
    }
  }
}

/** A liquidation while a reserve is paused, frozen or within its grace period, and one of oneself. */
export async function compareSpecialCases(suite: AaveSuite, state: string): Promise<void> {
  const { deployed, users, tally } = suite;
  const index = (await readViews(suite)).findIndex((view) => deployed.rule.health(view).liquidatable && pairsOf(suite, view).length > 0);
  const user = users[index];
  if (user === undefined) throw new TypeError(`nobody is liquidatable ${state}`);
  const changes: readonly (readonly [string, ...unknown[]])[] = [
    ['setReservePause(address,bool)', true],
    ['setReserveFreeze(address,bool)', true],
    ...(deployed.eModeKind === 'bitmap' ? [['setReservePause(address,bool,uint40)', false, 3_600n] as const] : []),
  ];
  for (const side of ['collateral', 'debt'] as const) {
    for (const [method, ...args] of changes) {
      await deployed.chain.undone(async () => {
        const [before] = pairsOf(suite, (await readViews(suite))[index] ?? emptyView());
        if (before === undefined) return;
        await deployed.configurator.write(deployed.admin, method, before[side].token.address, ...args);
        const view = (await readViews(suite))[index] ?? emptyView();
        await compareStep(suite, { user, view, step: liquidation(before, 'max') }, `${state}, ${user}, after ${method} of the ${side}`);
      });
    }
  }
  const [pair] = pairsOf(suite, (await readViews(suite))[index] ?? emptyView());
  const reason = await deployed.pool.tryCall(user, 'liquidationCall', pair?.collateral.token.address, pair?.debt.token.address, user, EVERYTHING, false);
  compare(tally, `${state}, ${user}: self-liquidation`, deployed.rule.profile.selfLiquidation === 'refused' ? 'SelfLiquidation' : null, reason);
}

function emptyView(): AaveView {
  throw new TypeError('a user of the suite is gone');
}

/** Gives an address tokens of every reserve and lets the pool take them. */
export async function endow({ deployed }: Pick<AaveSuite, 'deployed'>, who: string): Promise<void> {
  for (const { asset, token } of deployed.reserves) {
    await token.write(deployed.admin, 'mint(address,uint256)', who, 10n ** BigInt(asset.decimals + 7));
    await token.write(who, 'approve', deployed.pool.address, EVERYTHING);
  }
}
