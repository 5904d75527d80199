import { InvalidArgument, MissingPrice } from '../../core/errors.ts';
import { type AssetId, USD } from '../../core/ids.ts';
import type { PathAccount, PathArc, PathProblem } from './problem.ts';

/** Market price of an asset in USD; a dollar is a dollar. @throws {MissingPrice} where it is absent or not positive. */
export function marketPrice(problem: PathProblem, asset: AssetId): number {
  const price = problem.marketUsd.get(asset) ?? (asset === USD ? 1 : Number.NaN);
  if (!(price > 0) || price === Infinity) throw new MissingPrice(asset, 'the market prices of the path');
  return price;
}

/**
 * Refuses what no plan should be computed from: targets below 1, numbers that are none, ids that occur twice, assets without a price.
 *
 * @throws {InvalidArgument}
 * @throws {MissingPrice}
 */
export function checkProblem(problem: PathProblem): void {
  requireUnique(
    problem.accounts.map((account) => account.id),
    'account',
  );
  requireUnique(
    problem.routes.map((route) => route.id),
    'route',
  );
  requireUnique(
    problem.cash.map((entry) => entry.asset),
    'cash asset',
  );
  if (problem.unifiedTarget !== null) requireTarget(problem.unifiedTarget, 'the unified health factor');
  requireAmount(problem.cashCost, 'the cost of cash');
  if (!(problem.priceHeadRoom >= 0 && problem.priceHeadRoom < 0.5))
    throw new InvalidArgument(`A price head-room of ${problem.priceHeadRoom} cannot be planned with: it is a share from 0 to below 0.5.`);
  for (const account of problem.accounts) checkAccount(problem, account);
  for (const entry of problem.cash) {
    requireAmount(entry.amount, `the cash in ${entry.asset}`);
    marketPrice(problem, entry.asset);
  }
  for (const { id, curve, gasUsd } of problem.routes) {
    marketPrice(problem, curve.from);
    marketPrice(problem, curve.to);
    requireAmount(gasUsd, `the gas of route ${id}`);
    requireAmount(curve.depth, `the depth of route ${id}`);
  }
  for (const lender of problem.flashLenders) requireAmount(lender.feeBps, `the fee of ${lender.name}`);
}

function checkAccount(problem: PathProblem, account: PathAccount): void {
  requireUnique(
    account.arcs.map((arc) => arc.id),
    `arc of ${account.id}`,
  );
  requireTarget(account.target, account.id);
  requireFinite(account.collateralUsd, `the collateral of ${account.id}`);
  requireFinite(account.debtUsd, `the debt of ${account.id}`);
  for (const scenario of account.scenarios) {
    requireFinite(scenario.collateralUsd, `the collateral of ${account.id} in ${scenario.name}`);
    requireFinite(scenario.debtUsd, `the debt of ${account.id} in ${scenario.name}`);
    requireTarget(scenario.target, `${account.id} in ${scenario.name}`);
  }
  for (const debt of account.minimumDebts) {
    requireAmount(debt.current, `the debt in ${debt.asset} of ${account.id}`);
    requireAmount(debt.minimum, `the minimum debt in ${debt.asset} of ${account.id}`);
  }
  for (const arc of account.arcs) checkArc(problem, account, arc);
}

function checkArc(problem: PathProblem, account: PathAccount, arc: PathArc): void {
  marketPrice(problem, arc.asset);
  if (!(arc.max >= 0)) throw new InvalidArgument(`The limit of ${account.id}/${arc.id} is not an amount.`, { arc: arc.id });
  requireAmount(arc.gasUsd, `the gas of ${account.id}/${arc.id}`);
  requireAmount(arc.feeUsdPerUnit, `the fee of ${account.id}/${arc.id}`);
  for (const effect of [arc.effect, ...arc.scenarioEffects, ...(arc.borrowEffect === null ? [] : [arc.borrowEffect])]) {
    requireFinite(effect.collateralUsd, `an effect of ${account.id}/${arc.id}`);
    requireFinite(effect.debtUsd, `an effect of ${account.id}/${arc.id}`);
  }
  if (arc.scenarioEffects.length !== account.scenarios.length) {
    throw new InvalidArgument(`${account.id}/${arc.id} states ${arc.scenarioEffects.length} scenario effects; the account has ${account.scenarios.length} scenarios.`);
  }
}

function requireTarget(target: number, what: string): void {
  if (!(target >= 1 && target < Infinity)) throw new InvalidArgument(`The target of ${what} is ${target}. Ask for 1 or more.`, { target });
}

function requireFinite(value: number, what: string): void {
  if (!Number.isFinite(value)) throw new InvalidArgument(`${capital(what)} is not a number.`);
}

function requireAmount(value: number, what: string): void {
  if (!(value >= 0 && value < Infinity)) throw new InvalidArgument(`${capital(what)} is not a number of 0 or more.`);
}

function requireUnique(names: readonly string[], what: string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidArgument(`The ${what} ${twice} occurs twice.`);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
