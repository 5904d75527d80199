import { RuleViolation } from '../../src/core/errors.ts';
import { erc20 } from '../../src/core/ids.ts';
import type { Applied, LiquidateStep, Step } from '../../src/core/rule.ts';
import type { AavePool, AavePosition } from '../../src/protocols/aave/state.ts';
import type { AaveTestChain } from './aave-pool-chain.ts';
import { readPool, readPositions, TEST_CHAIN } from './aave-state.ts';
import { type Receipt, Reverted } from './anvil.ts';
import { compare, compareRefusal, type Tally } from './counts.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Liquidates in the suites. */
export const AAVE_LIQUIDATOR = '0x0000000000000000000000000000000000011941';

const EVERYTHING = 2n ** 256n - 1n;
const VARIABLE_RATE = 2n;

/** An account as the rule sees it. */
export interface AaveView {
  readonly market: AavePool;
  readonly position: AavePosition;
  readonly at: bigint;
}

type AaveApplied = Applied<AavePool, AavePosition>;

/** A suite's chain, users and counts. */
export interface AaveSuite {
  readonly deployed: AaveTestChain;
  readonly users: readonly string[];
  readonly tally: Tally;
  readonly random: SeededRandom;
}

/** The rule's answer to a step: the state after it, or the refusal. */
export function predict(suite: AaveSuite, view: AaveView, step: Step): AaveApplied | RuleViolation {
  try {
    return suite.deployed.rule.apply(view, step);
  } catch (error) {
    if (error instanceof RuleViolation) return error;
    throw error;
  }
}

/** The protocol's own name or number of a revert. */
export function reasonOf({ deployed }: AaveSuite, error: Reverted): string {
  return deployed.pool.reasonOf(error);
}

/** Runs a step on the chain, compares what it did with the prediction, and takes it back. */
export async function compareStep(suite: AaveSuite, { user, view, step }: { user: string; view: AaveView; step: Step }, what: string): Promise<void> {
  const { deployed, tally } = suite;
  const predicted = predict(suite, view, step);
  await deployed.chain.undone(async () => {
    const outcome = await execute(suite, user, step).catch((error: unknown) => error);
    if (outcome instanceof Error && !(outcome instanceof Reverted)) throw outcome;
    if (outcome instanceof Reverted || predicted instanceof RuleViolation) {
      const reason = outcome instanceof Reverted ? reasonOf(suite, outcome) : 'accepted';
      compareRefusal(tally, `${what}: revert`, predicted instanceof RuleViolation ? predicted.protocolError : 'accepted', reason);
      return;
    }
    if (step.kind === 'liquidate') compareEvent(suite, { user, step, predicted }, outcome as Receipt, what);
    await compareAfter(suite, { user, predicted }, what);
  });
}

async function compareAfter({ deployed, tally }: AaveSuite, { user, predicted }: { user: string; predicted: AaveApplied }, what: string): Promise<void> {
  const [after] = await readPositions(deployed, [user]);
  const pool = await readPool(deployed);
  pool.reserves.forEach((reserve, id) => {
    const of = (position: AavePosition | undefined): AavePosition['holdings'][number] | undefined => position?.holdings.find((holding) => holding.reserve === id);
    for (const field of ['scaledSupply', 'scaledVariableDebt'] as const) {
      compare(tally, `${what}: ${field} of ${reserve.symbol}`, of(predicted.position)?.[field] ?? 0n, of(after)?.[field] ?? 0n);
    }
    compare(tally, `${what}: flag of ${reserve.symbol}`, of(predicted.position)?.usedAsCollateral ?? false, of(after)?.usedAsCollateral ?? false);
    for (const field of ['liquidityIndex', 'variableBorrowIndex', 'scaledSupply', 'scaledVariableDebt', 'availableLiquidity'] as const) {
      compare(tally, `${what}: ${field} of the reserve ${reserve.symbol}`, predicted.market.reserves[id]?.[field], reserve[field]);
    }
  });
}

function compareEvent(suite: AaveSuite, run: { user: string; step: LiquidateStep; predicted: AaveApplied }, receipt: Receipt, what: string): void {
  const { deployed, tally } = suite;
  const { predicted, user, step } = run;
  const [event] = deployed.pool.events(receipt, 'LiquidationCall');
  compare(tally, `${what}: repaid`, predicted.liquidation?.repaid[0]?.amount, event?.['debtToCover']);
  compare(tally, `${what}: to the liquidator`, predicted.received[0]?.amount, event?.['liquidatedCollateralAmount']);
  const aToken = deployed.reserves.find((reserve) => erc20(TEST_CHAIN, reserve.token.address) === step.collateral)?.aToken;
  const transfers = aToken?.events(receipt, 'Transfer') ?? [];
  const toTreasury = transfers.filter((transfer) => isSame(transfer['from'], user) && isSame(transfer['to'], deployed.treasury));
  const fee = toTreasury.reduce((sum, transfer) => sum + (transfer['value'] as bigint), 0n);
  compare(tally, `${what}: protocol fee`, predicted.liquidation?.protocolFee[0]?.amount ?? 0n, fee);
  const deficits = deployed.pool.abi.getEvent('DeficitCreated') === null ? [] : deployed.pool.events(receipt, 'DeficitCreated');
  const chainDeficit = deficits.map((deficit) => `${String(deficit['debtAsset']).toLowerCase()} ${String(deficit['amountCreated'])}`).sort();
  const ruleDeficit = (predicted.liquidation?.badDebt ?? []).map(({ asset, amount }) => `${asset.slice(asset.indexOf('0x'))} ${amount}`).sort();
  compare(tally, `${what}: bad debt`, ruleDeficit.join(), chainDeficit.join());
  tally.liquidations += 1;
  if (ruleDeficit.length > 0) tally.writeOffs += 1;
}

function isSame(a: unknown, b: string): boolean {
  return String(a).toLowerCase() === b;
}

async function execute({ deployed }: AaveSuite, user: string, step: Step): Promise<Receipt> {
  const { pool } = deployed;
  const address = (asset: string | undefined): string => String(asset).slice(String(asset).indexOf('0x'));
  switch (step.kind) {
    case 'liquidate':
      return pool.write(AAVE_LIQUIDATOR, 'liquidationCall', address(step.collateral), address(step.debt), user, amountOf(step.repay ?? 'max'), false);
    case 'supply':
      return pool.write(user, 'supply', address(step.asset), step.amount, user, 0);
    case 'withdraw':
      return pool.write(user, 'withdraw', address(step.asset), amountOf(step.amount), user);
    case 'borrow':
      return pool.write(user, 'borrow', address(step.asset), step.amount, VARIABLE_RATE, 0, user);
    case 'repay':
      return pool.write(user, 'repay', address(step.asset), amountOf(step.amount), VARIABLE_RATE, user);
    case 'close':
      throw new TypeError('Aave closes nothing');
  }
}

function amountOf(amount: bigint | 'max'): bigint {
  return amount === 'max' ? EVERYTHING : amount;
}
