import { atLeast, atMost, type Row, type RowEntry } from './linear-model.ts';
import type { DebtColumns, FlowColumns, PoolColumns } from './model.ts';
import type { AssetState, Network } from './network.ts';

interface LogicParts {
  readonly network: Network;
  readonly arcs: readonly FlowColumns[];
  readonly pools: readonly PoolColumns[];
  readonly exclusive: readonly (readonly [number, number])[];
  readonly debts: readonly DebtColumns[];
}

/**
 * Rows over the switches alone that every sensible plan keeps: nothing undoes itself, nothing is paid for with what does not come in, nothing is taken out
 * without a use, a debt ends only by being repaid. They cut off no best plan, and lift the bound of the relaxed one.
 */
export function logicRows(parts: LogicParts): Row[] {
  const pairs = parts.exclusive.map(([first, second]) =>
    atMost(1, [
      [first, 1],
      [second, 1],
    ]),
  );
  return [...pairs, ...roundTrips(parts), ...parts.network.assets.flatMap((state) => conservationRows(parts, state)), ...parts.debts.flatMap((debt) => debtRows(parts, debt))];
}

/** Where a round trip through two pools cannot gain, both directions at once are never better than one. */
function roundTrips({ network, pools }: LogicParts): Row[] {
  return network.pools.flatMap((one, first) =>
    network.pools.flatMap((other, second) => {
      const opposite = first < second && one.curve.from === other.curve.to && one.curve.to === other.curve.from;
      const [a, b] = [pools[first]?.used ?? -1, pools[second]?.used ?? -1];
      return opposite && a >= 0 && b >= 0 && one.curve.marginal(0) * other.curve.marginal(0) <= 1
        ? [
            atMost(1, [
              [a, 1],
              [b, 1],
            ]),
          ]
        : [];
    }),
  );
}

function conservationRows({ network, arcs, pools }: LogicParts, state: AssetState): Row[] {
  const sources = [...state.inflows.map((index) => arcs[index]), ...state.poolsIn.map((index) => pools[index])].filter((flow) => flow !== undefined);
  const uses = [...state.outflows.map((index) => arcs[index]), ...state.poolsOut.map((index) => pools[index])].filter((flow) => flow !== undefined);
  const needsSource = state.cash === 0 && sources.every((flow) => flow.used >= 0);
  const needsUse = uses.every((flow) => flow.used >= 0);
  const only = new Set(state.inflows.filter((index) => isLoanWithMinimum(network, index)).map((index) => arcs[index]));
  return [
    ...(needsSource ? uses.filter((flow) => flow.used >= 0).map((flow) => implied(flow, sources)) : []),
    ...(needsUse ? sources.filter((flow) => flow.used >= 0 && !only.has(flow)).map((flow) => implied(flow, uses)) : []),
  ];
}

/** Borrowing up to a minimum can be an end in itself. */
function isLoanWithMinimum(network: Network, index: number): boolean {
  const flat = network.arcs[index];
  return flat?.arc.kind === 'borrow' && flat.account.minimumDebts.some((debt) => debt.asset === flat.arc.asset);
}

function implied(flow: FlowColumns, others: readonly FlowColumns[]): Row {
  return atLeast(0, [...others.map((other): RowEntry => [other.used, 1]), [flow.used, -1]]);
}

function debtRows({ network, arcs }: LogicParts, debt: DebtColumns): Row[] {
  const current = network.problem.accounts[debt.account]?.minimumDebts[debt.debt]?.current ?? 0;
  const repays = debt.repays.map((index) => arcs[index]?.used ?? -1);
  const ended = current > 0 && repays.every((column) => column >= 0) ? [atLeast(1, [...repays.map((column): RowEntry => [column, 1]), [debt.remains, 1]])] : [];
  const borrows = debt.repays.length === 0 || repays.every((column) => column >= 0) ? debt.borrows.map((index) => arcs[index]?.used ?? -1).filter((column) => column >= 0) : [];
  return [
    ...ended,
    ...borrows.map((column) =>
      atMost(0, [
        [column, 1],
        [debt.remains, -1],
      ]),
    ),
  ];
}
