import { describe, expect, test } from 'vitest';
import { type Constraint, type Model, solve } from 'yalps';
import type { AssetId } from '../../../src/core/ids.ts';
import type { PathArc, PathProblem } from '../../../src/path/solver/problem.ts';
import { brokenLine } from '../../bench/path/curves.ts';
import { openRandom, type Random } from '../../bench/path/random.ts';
import { accountOf, arcOf, IS_LONG, MARKET, problemOf, routeOf, solveHere, USDC, WETH } from './fixture.ts';

const INSTANCES = IS_LONG ? 100 : 25;
const TOLERANCE_USD = 1e-6;

interface Line {
  readonly id: string;
  readonly from: AssetId;
  readonly to: AssetId;
  readonly inputs: readonly number[];
  readonly slopes: readonly number[];
}

interface Instance {
  readonly problem: PathProblem;
  readonly lines: readonly Line[];
}

/** Two accounts in two assets with broken-line swaps: small enough for every support to be tried. */
function makeSmall(random: Random): Instance {
  const gas = (): { gasUsd: number } => ({ gasUsd: random.between(1, 12) });
  const lines: Line[] = (
    [
      [WETH, USDC],
      [USDC, WETH],
    ] as const
  ).map(([from, to]) => {
    const fair = (MARKET.get(from) ?? 1) / (MARKET.get(to) ?? 1);
    const inputs = [5_000, 10_000, 15_000].map((usd) => (usd * random.between(0.5, 1.5)) / (MARKET.get(from) ?? 1));
    return { id: `${from}>${to}`, from, to, inputs, slopes: [0.998, 0.985, 0.95].map((share) => fair * (share - random.between(0, 0.01))) };
  });
  const debt = random.between(5_000, 12_000);
  const other = random.between(3_000, 9_000);
  const strict = random.chance(0.5);
  const limit = (factor: number): Partial<PathArc> => (strict ? { borrowEffect: { collateralUsd: -2_000 * (factor - 0.06), debtUsd: 0 } } : {});
  const held = (other * random.between(1.2, 3.5)) / 0.8 / 2_000;
  const mustSwap = random.chance(0.6);
  const without = (kinds: readonly string[], arcs: readonly PathArc[]): PathArc[] => arcs.filter((arc) => !mustSwap || !kinds.includes(arc.kind));
  const hasMinimum = random.chance(0.4);
  const first = accountOf('first', {
    collateralUsd: debt * random.between(mustSwap ? 0.8 : 0.98, mustSwap ? 1.1 : 1.18),
    debtUsd: debt,
    minimumDebts: hasMinimum ? [{ asset: USDC, current: debt, minimum: debt * random.between(0.3, 0.97) }] : [],
    arcs: without(['supply'], [arcOf('supply', WETH, gas()), arcOf('repay', USDC, { max: debt, all: debt, ...gas() })]),
  });
  const second = accountOf('second', {
    collateralUsd: held * 2_000 * 0.8,
    debtUsd: other,
    borrowLimit: strict ? { collateralUsd: held * 2_000 * 0.74, debtUsd: other, kinds: ['withdraw', 'borrow'] } : null,
    arcs: without(
      ['borrow'],
      [
        arcOf('withdraw', WETH, { max: held, all: held, ...limit(0.8), ...gas() }),
        arcOf('borrow', USDC, { max: random.between(500, 4_000), ...gas(), ...(strict ? { borrowEffect: { collateralUsd: 0, debtUsd: 1 } } : {}) }),
        arcOf('supply', WETH, { ...gas(), ...(strict ? { borrowEffect: { collateralUsd: 2_000 * 0.74, debtUsd: 0 } } : {}) }),
      ],
    ),
  });
  const cash = random.chance(0.5) ? [{ asset: USDC, amount: random.between(0, 300) }] : [];
  const routes = lines.map((line) => routeOf(line.id, brokenLine(line, line), random.between(2, 8)));
  return { problem: problemOf({ accounts: [first, second], cash, routes, unifiedTarget: random.chance(0.3) ? 1.25 : null }), lines };
}

/** The cheapest plan over every support, each by a linear programme written from the problem alone. Amounts in thousands of USD. */
function enumerate({ problem, lines }: Instance): number {
  const arcs = problem.accounts.flatMap((account) => account.arcs.map((arc) => ({ account, arc })));
  const debts = problem.accounts.flatMap((account) => account.minimumDebts.map((debt) => ({ account, debt })));
  const choices = arcs.length + lines.length + debts.length;
  let best = Infinity;
  for (let mask = 0; mask < 2 ** choices; mask += 1) {
    const isOn = (index: number): boolean => (mask & (1 << index)) !== 0;
    const used = arcs.filter((_, index) => isOn(index));
    if (used.some((one) => used.some((other) => one.account === other.account && one.arc.asset === other.arc.asset && one.arc.kind === 'supply' && other.arc.kind === 'withdraw'))) continue;
    const usedLines = lines.filter((_, index) => isOn(arcs.length + index));
    const gas = [...used.map(({ arc }) => arc.gasUsd), ...usedLines.map((line) => problem.routes.find((route) => route.id === line.id)?.gasUsd ?? 0)].reduce((sum, usd) => sum + usd, 0);
    if (gas >= best) continue;
    const ended = debts.filter((_, index) => !isOn(arcs.length + lines.length + index));
    const result = solve(linearProgramme(problem, { used, lines: usedLines, ended, remaining: debts.filter((debt) => !ended.includes(debt)) }), { precision: 1e-12 });
    if (result.status === 'optimal') best = Math.min(best, 1_000 * result.result + gas);
  }
  return best;
}

interface Choice {
  readonly used: readonly { readonly account: PathProblem['accounts'][number]; readonly arc: PathArc }[];
  readonly lines: readonly Line[];
  readonly ended: readonly { readonly account: PathProblem['accounts'][number]; readonly debt: PathProblem['accounts'][number]['minimumDebts'][number] }[];
  readonly remaining: Choice['ended'];
}

function linearProgramme(problem: PathProblem, { used, lines, ended, remaining }: Choice): Model {
  const unit = (asset: AssetId): number => 1_000 / (MARKET.get(asset) ?? 1);
  const constraints: [string, Constraint][] = [
    ...[USDC, WETH].map((asset): [string, Constraint] => [`cash ${asset}`, { min: -(problem.cash.find((entry) => entry.asset === asset)?.amount ?? 0) / unit(asset) }]),
    ...problem.accounts.map((account): [string, Constraint] => [`health ${account.id}`, { min: (account.target * account.debtUsd - account.collateralUsd) / 1_000 }]),
    ...problem.accounts.flatMap((account): [string, Constraint][] => {
      const takes = used.some((entry) => entry.account === account && (entry.arc.kind === 'withdraw' || entry.arc.kind === 'borrow'));
      return account.borrowLimit !== null && takes ? [[`limit ${account.id}`, { min: (account.borrowLimit.debtUsd - account.borrowLimit.collateralUsd) / 1_000 }]] : [];
    }),
    ...ended.map(({ account, debt }): [string, Constraint] => [`debt ${account.id}`, { equal: debt.current / unit(debt.asset) }]),
    ...remaining.map(({ account, debt }): [string, Constraint] => [`debt ${account.id}`, { max: (debt.current - debt.minimum) / unit(debt.asset) }]),
    ...used.filter(({ arc }) => arc.max < Infinity).map(({ account, arc }): [string, Constraint] => [`max ${account.id} ${arc.id}`, { max: arc.max / unit(arc.asset) }]),
    ...lines.flatMap((line) => line.inputs.map((width, index): [string, Constraint] => [`piece ${line.id} ${index}`, { max: width / unit(line.from) }])),
  ];
  const target = problem.unifiedTarget;
  if (target !== null) constraints.push(['unified', { min: problem.accounts.reduce((sum, account) => sum + target * account.debtUsd - account.collateralUsd, 0) / 1_000 }]);
  const variables: [string, [string, number][]][] = [
    ...used.map(({ account, arc }): [string, [string, number][]] => [
      `${account.id} ${arc.id}`,
      [
        ['cost', 0],
        [`cash ${arc.asset}`, arc.cashPerUnit],
        [`health ${account.id}`, ((arc.effect.collateralUsd - account.target * arc.effect.debtUsd) * unit(arc.asset)) / 1_000],
        [`limit ${account.id}`, (((arc.borrowEffect?.collateralUsd ?? 0) - (arc.borrowEffect?.debtUsd ?? 0)) * unit(arc.asset)) / 1_000],
        ['unified', ((arc.effect.collateralUsd - (target ?? 0) * arc.effect.debtUsd) * unit(arc.asset)) / 1_000],
        [`debt ${account.id}`, arc.kind === 'repay' ? 1 : 0],
        [`max ${account.id} ${arc.id}`, 1],
      ],
    ]),
    ...lines.flatMap((line) =>
      line.slopes.map((slope, index): [string, [string, number][]] => {
        const out = (slope * unit(line.from)) / unit(line.to);
        return [
          `${line.id} ${index}`,
          [
            ['cost', 1 - out],
            [`cash ${line.from}`, -1],
            [`cash ${line.to}`, out],
            [`piece ${line.id} ${index}`, 1],
          ],
        ];
      }),
    ),
  ];
  return { direction: 'minimize', objective: 'cost', constraints, variables };
}

describe('enumeration of all supports', () => {
  test('default: the certified optimum is the cheapest of every support', { timeout: 600_000 }, async () => {
    const random = openRandom(20_261_121);
    let solvable = 0;
    for (let index = 0; index < INSTANCES; index += 1) {
      const instance = makeSmall(random);
      const expected = enumerate(instance);
      const solution = await solveHere(instance.problem, { relativeGap: 0, absoluteGapUsd: 1e-7 });
      expect(solution.status === 'infeasible', `instance ${index}`).toBe(expected === Infinity);
      if (expected === Infinity) continue;
      solvable += 1;
      expect(Math.abs(solution.cost.totalUsd - expected), `instance ${index}: ${solution.cost.totalUsd} against ${expected}`).toBeLessThan(TOLERANCE_USD);
      expect(solution.lowerBoundUsd).toBeLessThanOrEqual(expected + TOLERANCE_USD);
    }
    expect(solvable).toBeGreaterThan(INSTANCES * 0.6);
  });
});
