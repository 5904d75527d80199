import { computeBounds, worstSlack } from './bounds.ts';
import { type LinearModel, packRows, type Row, type RowEntry } from './linear-model.ts';
import { logicRows } from './logic-rows.ts';
import { type AssetState, isLimited, type Network, type Requirement } from './network.ts';
import { requirementRows } from './requirement-rows.ts';

/** Where one arc or pool stands in the model. −1 where there is no such column. */
export interface FlowColumns {
  /** Amount, in model units (USD at market ÷ scale). */
  readonly amount: number;
  /** 1 where it is used at all. */
  readonly used: number;
  /** Greatest amount, model units. */
  readonly limit: number;
  readonly gasUsd: number;
  /** Tokens per model unit. */
  readonly unit: number;
}

/** A pool loses `loss` on the way: output = amount − loss, both at market prices. */
export interface PoolColumns extends FlowColumns {
  readonly loss: number;
}

/** Where a minimum debt is modelled: `remains` is 1 where debt stays. */
export interface DebtColumns {
  readonly remains: number;
  readonly account: number;
  readonly debt: number;
  readonly repays: readonly number[];
  readonly borrows: readonly number[];
}

/** The programme without slippage rows, and where everything stands in it. */
export interface PathModel {
  readonly network: Network;
  readonly linear: LinearModel;
  /** USD of one model unit. */
  readonly scale: number;
  readonly arcs: readonly FlowColumns[];
  readonly pools: readonly PoolColumns[];
  readonly debts: readonly DebtColumns[];
  /** Pairs of `used` columns of which at most one may be 1. */
  readonly exclusive: readonly (readonly [number, number])[];
  /** Columns that are 1 as soon as one of their arcs takes something out. */
  readonly takings: readonly Taking[];
  /** Rows of each account that a slack in its adjusted collateral relaxes: row and coefficient per USD. */
  readonly slackRows: readonly (readonly { readonly row: number; readonly perUsd: number }[])[];
}

export interface Taking {
  readonly taken: number;
  readonly arcs: readonly number[];
}

/** A row, and what a dollar more of adjusted collateral in an account adds to it. */
export interface SlackedRow extends Row {
  readonly slack: readonly { readonly account: number; readonly perUsd: number }[];
}

/** Columns while they are being laid out. */
export class ColumnList {
  readonly cost: number[] = [];
  readonly lower: number[] = [];
  readonly upper: number[] = [];
  readonly integer: number[] = [];

  /** Adds a continuous column and returns its index. */
  add(lower: number, upper: number, cost: number): number {
    this.lower.push(lower);
    this.upper.push(upper);
    this.cost.push(cost);
    this.integer.push(0);
    return this.cost.length - 1;
  }

  /** Adds a binary column and returns its index. */
  addBinary(cost: number): number {
    const column = this.add(0, 1, cost);
    this.integer[column] = 1;
    return column;
  }
}

/** Largest amount in model units: keeps the coefficients of the rows that switch flows within 1e4. */
const LARGEST_UNIT = 1e3;

/**
 * Writes a path problem as a mixed-integer programme (terminal state, path.md §3): amounts in scaled USD at market prices, cash rows per asset, health rows
 * per account and scenario, gas by binaries with tight limits, minimum debts, borrow limits where something is taken out. Slippage is added by
 * tangents or chords ({@link tangentRow}, {@link chordRow}).
 */
export function buildModel(network: Network): PathModel {
  const bounds = computeBounds(network);
  const scale = chooseScale(network, bounds.arcs);
  const columns = new ColumnList();
  const conditional = new Set(network.requirements.filter((row) => row.kind === 'borrow-limit' && isConditional(network, row, bounds.arcs)).map((row) => row.account));
  const paired = pairsOf(network);
  const needsBinary = (index: number): boolean => {
    const flat = network.arcs[index];
    if (flat === undefined) return false;
    return flat.arc.gasUsd > 0 || paired.some((pair) => pair.includes(index)) || (isLimited(flat) && conditional.has(network.problem.accounts.indexOf(flat.account)));
  };
  const arcs = network.arcs.map(({ arc, price }, index): FlowColumns => {
    const limit = ((bounds.arcs[index] ?? 0) * price) / scale;
    const amount = columns.add(0, limit, (arc.feeUsdPerUnit * scale) / price);
    const used = needsBinary(index) ? columns.addBinary(arc.gasUsd) : -1;
    return { amount, used, limit, gasUsd: arc.gasUsd, unit: scale / price };
  });
  const pools = network.pools.map((pool, index): PoolColumns => addPool(columns, pool, { limit: bounds.pools[index] ?? 0, scale }));
  const takings: Taking[] = [];
  const parts = { network, scale, arcs, pools, columns, takings, limits: bounds.arcs };
  const exclusive = paired.map(([first, second]) => [arcs[first]?.used ?? -1, arcs[second]?.used ?? -1] as const);
  const debtRows: Row[] = [];
  const debts = network.problem.accounts.flatMap((_, account) => addMinimumDebts(parts, account, debtRows));
  const rows: SlackedRow[] = [
    ...network.assets.flatMap((state) => cashRows(parts, state)).map(withoutSlack),
    ...network.requirements.flatMap((requirement) => requirementRows(parts, requirement)),
    ...debtRows.map(withoutSlack),
    ...[...arcs, ...pools]
      .filter((flow) => flow.used >= 0)
      .map((flow) =>
        withoutSlack({
          lower: -Infinity,
          upper: 0,
          entries: [
            [flow.amount, 1],
            [flow.used, -flow.limit],
          ],
        }),
      ),
    ...pools.flatMap((pool, index) => gainRows(parts, pool, index)).map(withoutSlack),
    ...logicRows({ network, arcs, pools, exclusive, debts }).map(withoutSlack),
  ];
  const linear: LinearModel = {
    cost: Float64Array.from(columns.cost),
    lower: Float64Array.from(columns.lower),
    upper: Float64Array.from(columns.upper),
    integer: Uint8Array.from(columns.integer),
    rows: packRows(rows),
  };
  return { network, linear, scale, arcs, pools, debts, exclusive, takings, slackRows: listSlackRows(network, rows) };
}

/** What the row builders need to know. */
export interface ModelParts {
  readonly network: Network;
  readonly scale: number;
  readonly arcs: readonly FlowColumns[];
  readonly pools: readonly PoolColumns[];
  readonly columns: ColumnList;
  readonly takings: Taking[];
  /** Tokens. */
  readonly limits: Float64Array;
}

function chooseScale(network: Network, limits: Float64Array): number {
  const flows = network.arcs.map(({ price }, index) => (limits[index] ?? 0) * price);
  const states = network.problem.accounts.map((account) => Math.max(Math.abs(account.collateralUsd), account.target * Math.abs(account.debtUsd)));
  const largest = Math.max(1, ...states, ...flows.filter(Number.isFinite));
  return 10 ** Math.ceil(Math.log10(largest / LARGEST_UNIT));
}

/** A borrow limit that is met whatever is left alone needs no switch. */
function isConditional(network: Network, requirement: Requirement, limits: Float64Array): boolean {
  return slackWhileNothingIsTaken(network, requirement, limits) < 0;
}

/** The least slack of a borrow limit while no arc that it stands before is used, USD. */
export function slackWhileNothingIsTaken(network: Network, requirement: Requirement, limits: Float64Array): number {
  const kept = requirement.terms.filter(({ arc }) => {
    const flat = network.arcs[arc];
    return flat !== undefined && !isLimited(flat);
  });
  return worstSlack({ ...requirement, terms: kept }, limits);
}

/** Arcs that undo each other: never both in one plan, so that no difference in their effects can be pumped. */
function pairsOf(network: Network): (readonly [number, number])[] {
  const opposite = { supply: 'withdraw', borrow: 'repay' } as const;
  return network.arcs.flatMap(({ account, arc }, first) =>
    network.arcs.flatMap((other, second) => {
      const against = arc.kind === 'supply' || arc.kind === 'borrow' ? opposite[arc.kind] : null;
      return other.account === account && other.arc.asset === arc.asset && other.arc.kind === against ? [[first, second] as const] : [];
    }),
  );
}

function addPool(columns: ColumnList, pool: Network['pools'][number], { limit, scale }: { limit: number; scale: number }): PoolColumns {
  const unit = scale / pool.priceIn;
  const bestSlope = 1 - (pool.curve.marginal(0) * pool.priceOut) / pool.priceIn;
  const size = limit / unit;
  const amount = columns.add(0, size, 0);
  const loss = columns.add(Math.min(0, bestSlope) * size, Math.max(0, size), bestSlope < 0 ? 0 : scale);
  const used = pool.gasUsd > 0 ? columns.addBinary(pool.gasUsd) : -1;
  return { amount, used, limit: size, gasUsd: pool.gasUsd, unit, loss };
}

/** A pool above the market price gives its tokens, but what it gives beyond the price paid is never counted as a saving. */
function gainRows({ columns, scale }: ModelParts, pool: PoolColumns, _index: number): Row[] {
  if ((columns.lower[pool.loss] ?? 0) >= 0) return [];
  const charged = columns.add(0, Infinity, scale);
  return [
    {
      lower: 0,
      upper: Infinity,
      entries: [
        [charged, 1],
        [pool.loss, -1],
      ],
    },
  ];
}

function cashRows({ network, scale, arcs, pools, columns }: ModelParts, state: AssetState): Row[] {
  const perUnit = (index: number): number => network.arcs[index]?.arc.cashPerUnit ?? 0;
  const counted = 1 - network.problem.priceHeadRoom;
  const amountOf = (index: number, sign: number): RowEntry => [arcs[index]?.amount ?? -1, sign * perUnit(index)];
  const entries: RowEntry[] = [
    ...[...state.inflows, ...state.outflows].map((index) => amountOf(index, 1)),
    ...state.poolsOut.map((index): RowEntry => [pools[index]?.amount ?? -1, -1]),
    ...state.poolsIn.flatMap((index): RowEntry[] => [
      [pools[index]?.amount ?? -1, counted],
      [pools[index]?.loss ?? -1, -counted],
    ]),
  ];
  const cash = (state.cash * state.price) / scale;
  const rows: Row[] = [];
  if (state.flashFee > 0) {
    const lent = columns.add(0, Infinity, state.flashFee * scale);
    rows.push({ lower: -cash, upper: Infinity, entries: [[lent, 1], ...state.outflows.map((index) => amountOf(index, 1))] });
    entries.push([lent, -state.flashFee]);
  }
  const costly = network.problem.cashCost > 0 && cash > 0;
  if (costly) entries.push([columns.add(0, cash, network.problem.cashCost * scale), 1]);
  return [...rows, { lower: costly ? 0 : -cash, upper: Infinity, entries }];
}

function addMinimumDebts({ network, scale, arcs, columns }: ModelParts, index: number, rows: Row[]): DebtColumns[] {
  const account = network.problem.accounts[index];
  return (account?.minimumDebts ?? []).flatMap((_, debt): DebtColumns[] => {
    const entry = account?.minimumDebts[debt];
    const touching = (kind: 'repay' | 'borrow'): number[] => network.arcs.flatMap((flat, at) => (flat.account === account && flat.arc.kind === kind && flat.arc.asset === entry?.asset ? [at] : []));
    const [repays, borrows] = [touching('repay'), touching('borrow')];
    const price = network.arcs[repays[0] ?? borrows[0] ?? -1]?.price;
    if (entry === undefined || price === undefined) return [];
    const [current, minimum] = [(entry.current * price) / scale, (entry.minimum * price) / scale];
    const most = borrows.reduce((sum, at) => sum + (arcs[at]?.limit ?? 0), current);
    const remains = columns.addBinary(0);
    if (most < minimum) columns.upper[remains] = 0;
    const flows: RowEntry[] = [...repays.map((at): RowEntry => [arcs[at]?.amount ?? -1, -1]), ...borrows.map((at): RowEntry => [arcs[at]?.amount ?? -1, 1])];
    rows.push({ lower: -Infinity, upper: -current, entries: [...flows, [remains, -most]] }, { lower: -current, upper: Infinity, entries: [...flows, [remains, -minimum]] });
    return [{ remains, account: index, debt, repays, borrows }];
  });
}

function listSlackRows(network: Network, rows: readonly SlackedRow[]): PathModel['slackRows'] {
  return network.problem.accounts.map((_, account) => rows.flatMap((entry, row) => entry.slack.filter((part) => part.account === account).map(({ perUsd }) => ({ row, perUsd }))));
}

function withoutSlack(row: Row): SlackedRow {
  return { ...row, slack: [] };
}
