import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RuleViolation } from '../../src/core/errors.ts';
import { min } from '../../src/core/fixed-point.ts';
import type { Applied, Step } from '../../src/core/rule.ts';
import { accrueInterest } from '../../src/protocols/morpho-blue/interest.ts';
import { encodeParams } from '../../src/protocols/morpho-blue/market-id.ts';
import { morphoBlueRule } from '../../src/protocols/morpho-blue/rule.ts';
import type { MorphoMarket, MorphoPosition } from '../../src/protocols/morpho-blue/state.ts';
import { Anvil, type Receipt, Reverted } from './anvil.ts';
import { readMany } from './contract.ts';
import { compare, compareRefusal, emptyTally, printTally, usersOf } from './counts.ts';
import { deployMorphoBlue, type MorphoTestChain, type MorphoTestMarket } from './morpho-blue-contracts.ts';
import { readMarket, readPosition } from './morpho-blue-state.ts';
import { seededRandom } from './seeded-random.ts';

const ADMIN = '0x00000000000000000000000000000000000ad314';
const LENDER = '0x000000000000000000000000000000000001e4de';
const LIQUIDATOR = '0x0000000000000000000000000000000000011941';
const USERS = usersOf(16, 60);
const DAY = 86_400;
const WHOLE = 10n ** 40n;
const FRACTIONS_PPM = [100_000n, 370_000n, 500_000n, 1_000_000n];

interface Account {
  readonly user: string;
  readonly market: MorphoTestMarket;
}

interface View {
  readonly market: MorphoMarket;
  readonly position: MorphoPosition;
  readonly at: bigint;
}

const random = seededRandom(20_251_121);
const tally = emptyTally(USERS);
let chain: Anvil;
let deployed: MorphoTestChain;
let accounts: readonly Account[] = [];

beforeAll(async () => {
  chain = await Anvil.start('cancun');
  for (const address of [ADMIN, LENDER, LIQUIDATOR]) await chain.fund(address);
  deployed = await deployMorphoBlue(chain, ADMIN);
  for (const market of deployed.markets) {
    for (const who of [LENDER, LIQUIDATOR]) await endow(who, market);
    await deployed.morpho.write(LENDER, 'supply', encodeParams(market.params), 10n ** BigInt(market.loanDecimals) * market.lentPerUser * BigInt(USERS), 0n, LENDER, '0x');
  }
  accounts = await openAccounts();
}, 180_000);

afterAll(() => {
  printTally('Morpho Blue 1.0.0', tally);
  chain.stop();
});

async function endow(user: string, market: MorphoTestMarket): Promise<void> {
  for (const token of [market.loan, market.collateral]) {
    await token.write(ADMIN, 'setBalance', user, WHOLE);
    await token.write(user, 'approve', deployed.morpho.address, 2n ** 256n - 1n);
  }
}

/** Each user in one to three markets, borrowing from 30 % to all but a millionth of what is allowed; some lend too. */
async function openAccounts(): Promise<readonly Account[]> {
  const opened: Account[] = [];
  for (let index = 0; index < USERS; index += 1) {
    const user = `0x${(0xa000_0000 + index).toString(16).padStart(40, '0')}`;
    await chain.fund(user);
    for (const market of random.sample(deployed.markets, random.integer(1, 3))) {
      await endow(user, market);
      await openAccount(user, market);
      opened.push({ user, market });
    }
  }
  return opened;
}

async function openAccount(user: string, market: MorphoTestMarket): Promise<void> {
  const params = encodeParams(market.params);
  const collateral = random.part(10n ** BigInt(market.collateralDecimals), 10_000, 20_000_000);
  await deployed.morpho.write(user, 'supplyCollateral', params, collateral, user, '0x');
  const view = await read({ user, market });
  const allowed = (((collateral * (view.market.oraclePrice ?? 0n)) / 10n ** 36n) * market.params.lltv) / 10n ** 18n;
  const borrowed = min(random.part(allowed, 300_000, 999_999), view.market.totalSupplyAssets - view.market.totalBorrowAssets);
  if (borrowed > 0n) await deployed.morpho.write(user, 'borrow', params, borrowed, 0n, user, user);
  if (random.next() < 0.25) await deployed.morpho.write(user, 'supply', params, random.part(10n ** BigInt(market.loanDecimals), 1, 900_000_000), 0n, user, '0x');
}

async function read({ user, market }: Account): Promise<View> {
  const [state, position, at] = await Promise.all([readMarket(deployed, market), readPosition(deployed, market, user), chain.time()]);
  return { market: state, position, at };
}

async function movePrices(percent: readonly number[]): Promise<void> {
  for (const [index, market] of deployed.markets.entries()) {
    const price = (await market.oracle.read('price')) as bigint;
    await market.oracle.write(ADMIN, 'setPrice', (price * BigInt(100_000 + (percent[index] ?? 0) * 1_000)) / 100_000n);
  }
}

/** What accounts owe and hold by Morpho's own library, and whether the contract would let them be liquidated. */
async function compareAll(state: string): Promise<number> {
  const views = await Promise.all(accounts.map(read));
  const expected = await readMany(
    chain,
    accounts.map(({ user, market }) => ({ contract: deployed.reader, method: 'expected', args: [deployed.morpho.address, encodeParams(market.params), user] })),
  );
  const attempts = await readMany(
    chain,
    accounts.map(({ user, market }) => ({ contract: deployed.morpho, method: 'liquidate', args: [encodeParams(market.params), user, 0n, 1n, '0x'], from: LIQUIDATOR })),
  );
  let liquidatable = 0;
  accounts.forEach((account, at) => {
    const view = views[at];
    if (view === undefined) return;
    const where = `${state}, ${account.user} in ${account.market.id}`;
    const health = morphoBlueRule.health(view);
    const [supplied = 0n, borrowed = 0n] = expected[at] as bigint[];
    const legs = morphoBlueRule.legs(view);
    compare(tally, `${where}: borrowed`, health.figures['borrowed'], borrowed);
    compare(tally, `${where}: debt leg`, legs.find((leg) => leg.side === 'debt')?.amount ?? 0n, borrowed);
    compare(tally, `${where}: supplied`, legs.find((leg) => leg.side === 'supply')?.amount ?? 0n, supplied);
    const attempt = attempts[at];
    const reason = attempt instanceof Reverted ? deployed.morpho.reasonOf(attempt) : null;
    compare(tally, `${where}: liquidatable`, health.liquidatable, reason === null);
    if (reason !== null) {
      compareRefusal(tally, `${where}: reason`, violationOf(view, { kind: 'liquidate', repayShares: 1n }), reason);
    }
    if (health.liquidatable) liquidatable += 1;
  });
  tally.states += 1;
  return liquidatable;
}

function violationOf(view: View, step: Step): string {
  const outcome = predict(view, step);
  return outcome instanceof RuleViolation ? outcome.protocolError : 'accepted';
}

function predict(view: View, step: Step): Applied<MorphoMarket, MorphoPosition> | RuleViolation {
  try {
    return morphoBlueRule.apply(view, step);
  } catch (error) {
    if (error instanceof RuleViolation) return error;
    throw error;
  }
}

async function execute({ user, market }: Account, position: MorphoPosition, step: Step): Promise<Receipt> {
  const { morpho } = deployed;
  const params = encodeParams(market.params);
  if (step.kind === 'liquidate') {
    const shares = step.repayShares === 'max' ? position.borrowShares : (step.repayShares ?? 0n);
    return morpho.write(LIQUIDATOR, 'liquidate', params, user, step.seize ?? 0n, shares, '0x');
  }
  if (step.kind === 'close') return expect.unreachable('Morpho closes nothing');
  const isCollateral = step.asset === erc20Of(market.params.collateralToken);
  const shares = step.kind === 'repay' ? position.borrowShares : position.supplyShares;
  const amounts = step.amount === 'max' ? [0n, shares] : [step.amount, 0n];
  const collateral = step.amount === 'max' ? position.collateral : step.amount;
  switch (step.kind) {
    case 'supply':
      return isCollateral ? morpho.write(user, 'supplyCollateral', params, collateral, user, '0x') : morpho.write(user, 'supply', params, ...amounts, user, '0x');
    case 'withdraw':
      return isCollateral ? morpho.write(user, 'withdrawCollateral', params, collateral, user, user) : morpho.write(user, 'withdraw', params, ...amounts, user, user);
    case 'borrow':
      return morpho.write(user, 'borrow', params, ...amounts, user, user);
    case 'repay':
      return morpho.write(user, 'repay', params, ...amounts, user, '0x');
  }
}

function erc20Of(token: string): `eip155:31337/erc20:0x${string}` {
  return `eip155:31337/erc20:${token as `0x${string}`}`;
}

/** Runs a step on the chain, compares what it did with the prediction, and takes it back. */
async function compareStep(account: Account, view: View, step: Step, what: string): Promise<void> {
  const predicted = predict(view, step);
  await chain.undone(async () => {
    const outcome = await execute(account, view.position, step).catch((error: unknown) => error);
    if (outcome instanceof Error && !(outcome instanceof Reverted)) throw outcome;
    if (outcome instanceof Reverted || predicted instanceof RuleViolation) {
      const reason = outcome instanceof Reverted ? deployed.morpho.reasonOf(outcome) : 'accepted';
      compareRefusal(tally, `${what}: revert`, predicted instanceof RuleViolation ? predicted.protocolError : 'accepted', reason);
      return;
    }
    if (step.kind === 'liquidate') compareEvent(predicted, outcome as Receipt, view, what);
    const after = await read(account);
    for (const field of ['totalSupplyAssets', 'totalSupplyShares', 'totalBorrowAssets', 'totalBorrowShares', 'lastUpdate'] as const) {
      compare(tally, `${what}: ${field}`, predicted.market[field], after.market[field]);
    }
    for (const field of ['supplyShares', 'borrowShares', 'collateral'] as const) {
      compare(tally, `${what}: ${field}`, predicted.position[field], after.position[field]);
    }
  });
}

function compareEvent(predicted: Applied<MorphoMarket, MorphoPosition>, receipt: Receipt, view: View, what: string): void {
  const [event] = deployed.morpho.events(receipt, 'Liquidate');
  const { liquidation } = predicted;
  compare(tally, `${what}: repaid`, liquidation?.repaid[0]?.amount, event?.['repaidAssets']);
  compare(tally, `${what}: seized`, liquidation?.seized[0]?.amount, event?.['seizedAssets']);
  compare(tally, `${what}: bad debt`, liquidation?.badDebt[0]?.amount ?? 0n, event?.['badDebtAssets']);
  const shares = view.position.borrowShares - predicted.position.borrowShares;
  compare(tally, `${what}: shares`, shares, (event?.['repaidShares'] as bigint) + (event?.['badDebtShares'] as bigint));
  tally.liquidations += 1;
  if (liquidation !== undefined && liquidation.badDebt.length > 0) tally.writeOffs += 1;
}

async function liquidateAll(state: string): Promise<void> {
  for (const account of accounts) {
    const view = await read(account);
    if (!morphoBlueRule.health(view).liquidatable) continue;
    const { borrowShares, collateral } = view.position;
    const where = `${state}, liquidation of ${account.user} in ${account.market.id}`;
    for (const ppm of FRACTIONS_PPM) {
      await compareStep(account, view, { kind: 'liquidate', repayShares: (borrowShares * ppm) / 1_000_000n }, `${where}, ${ppm} ppm of the debt`);
      await compareStep(account, view, { kind: 'liquidate', seize: (collateral * ppm) / 1_000_000n }, `${where}, ${ppm} ppm of the collateral`);
    }
    await compareStep(account, view, { kind: 'liquidate', seize: collateral - 1n }, `${where}, all but one unit`);
    await compareStep(account, view, { kind: 'liquidate', repayShares: borrowShares + 1n }, `${where}, more than owed`);
    await compareStep(account, view, { kind: 'liquidate', seize: collateral + 1n }, `${where}, more than there is`);
    await compareStep(account, view, { kind: 'liquidate' }, `${where}, nothing stated`);
    await compareStep(account, view, { kind: 'liquidate', repayShares: 1n, seize: 1n }, `${where}, both stated`);
  }
}

/** Supplies, withdrawals, borrows and repayments around the limits of each account. */
async function stepAll(state: string): Promise<void> {
  for (const account of accounts) {
    const view = await read(account);
    const loan = erc20Of(account.market.params.loanToken);
    const collateral = erc20Of(account.market.params.collateralToken);
    const { figures } = morphoBlueRule.health(view);
    const { borrowed = 0n, maxBorrow = 0n } = figures;
    const room = maxBorrow > borrowed ? maxBorrow - borrowed : 0n;
    const steps: readonly Step[] = [
      { kind: 'supply', asset: collateral, amount: random.part(view.position.collateral, 1, 500_000) },
      { kind: 'supply', asset: loan, amount: random.part(borrowed, 1, 500_000) },
      { kind: 'withdraw', asset: collateral, amount: random.part(view.position.collateral, 1, 1_100_000) },
      { kind: 'withdraw', asset: loan, amount: 'max' },
      { kind: 'withdraw', asset: loan, amount: random.part(borrowed, 1, 500_000) },
      { kind: 'borrow', asset: loan, amount: room },
      { kind: 'borrow', asset: loan, amount: room + 1n },
      { kind: 'repay', asset: loan, amount: random.part(borrowed, 1, 1_100_000) },
      { kind: 'repay', asset: loan, amount: 'max' },
    ];
    for (const step of steps) await compareStep(account, view, step, `${state}, ${step.kind} by ${account.user} in ${account.market.id}`);
  }
}

describe('Morpho Blue on a local chain', () => {
  test('default: debts, supplies, decisions, liquidations and steps are the contract’s integers', async () => {
    expect(await compareAll('after opening')).toBe(0);
    await chain.wait(60 * DAY);
    const afterTime = await compareAll('after 60 days');
    await movePrices([-6, -11, -2]);
    const afterFall = await compareAll('after a fall');
    expect(afterFall).toBeGreaterThan(afterTime);
    await liquidateAll('after a fall');
    await stepAll('after a fall');
    await chain.wait(3 * DAY);
    await movePrices([-25, 4, -6.5]);
    expect(await compareAll('after a crash')).toBeGreaterThan(0);
    await liquidateAll('after a crash');
    expect(tally.mismatches).toEqual([]);
    expect(tally.liquidations).toBeGreaterThan(USERS);
    expect(tally.writeOffs).toBeGreaterThan(0);
    expect(Object.keys(tally.reasons).sort()).toEqual(['Panic(0x11)', 'inconsistent input', 'insufficient collateral', 'position is healthy']);
  }, 300_000);

  test('behavior: interest that nobody has booked yet decides: the contract accrues, then checks', async () => {
    const market = deployed.markets[0] ?? expect.unreachable('a market');
    const user = '0x00000000000000000000000000000000000000ed';
    await chain.fund(user);
    await endow(user, market);
    const params = encodeParams(market.params);
    await deployed.morpho.write(user, 'supplyCollateral', params, 10n ** 18n, user, '0x');
    const opened = await read({ user, market });
    const maxBorrow = morphoBlueRule.apply(opened, { kind: 'borrow', asset: opened.market.loan.asset, amount: 1n });
    const limit = morphoBlueRule.health({ ...maxBorrow, at: opened.at }).figures['maxBorrow'] ?? 0n;
    await deployed.morpho.write(user, 'borrow', params, limit - 1n, 0n, user, user);
    const before = await read({ user, market });
    expect(morphoBlueRule.health(before).liquidatable).toBe(false);
    expect(await deployed.morpho.tryCall(LIQUIDATOR, 'liquidate', params, user, 0n, 1n, '0x')).toBe('position is healthy');

    await chain.wait(DAY);
    const after = await read({ user, market });
    expect(after.market.lastUpdate).toBe(before.market.lastUpdate);
    expect(morphoBlueRule.health({ ...after, at: after.market.lastUpdate }).liquidatable).toBe(false);
    expect(morphoBlueRule.health(after).liquidatable).toBe(true);
    expect(await deployed.morpho.tryCall(LIQUIDATOR, 'liquidate', params, user, 0n, 1n, '0x')).toBeNull();
    const predicted = accrueInterest(after.market, after.at);
    await deployed.morpho.write(user, 'accrueInterest', params);
    const booked = await read({ user, market });
    expect({ ...booked.market, borrowRate: 0n }).toEqual({ ...predicted, borrowRate: 0n });
  });
});
