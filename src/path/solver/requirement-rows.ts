import type { RowEntry } from './linear-model.ts';
import { type ModelParts, type SlackedRow, slackWhileNothingIsTaken } from './model.ts';
import { isLimited, type Requirement } from './network.ts';

/**
 * The rows of one requirement: the requirement itself in model units, behind a switch where it is a borrow limit that need not hold, and a cover row that says
 * how many of the arcs that help must be paid for: each helps by at most its limit, so enough of them have to be used.
 */
export function requirementRows(parts: ModelParts, requirement: Requirement): SlackedRow[] {
  return requirement.kind === 'borrow-limit' ? borrowLimitRows(parts, requirement) : plainRows(parts, requirement);
}

function plainRows(parts: ModelParts, requirement: Requirement): SlackedRow[] {
  const accounts = slackAccounts(parts, requirement);
  const capped = requirement.capped.map((part) => cappedColumn(parts, part));
  const entries = [...amountEntries(parts, requirement), ...capped.map(({ column }): RowEntry => [column, 1])];
  const missing = -requirement.slackUsd / parts.scale;
  const main: SlackedRow = { lower: missing, upper: Infinity, entries, slack: accounts.map((account) => ({ account, perUsd: 1 / parts.scale })) };
  const cover =
    missing > 0 ? [{ lower: 1, upper: Infinity, entries: coverEntries(parts, requirement, missing), slack: accounts.map((account) => ({ account, perUsd: 1 / (missing * parts.scale) })) }] : [];
  return [main, ...cover, ...capped.map(({ row }) => row)];
}

/** Holds where anything is taken out: `switch` is 1 then, and the row may fall to what it is at worst while nothing is. */
function borrowLimitRows(parts: ModelParts, requirement: Requirement): SlackedRow[] {
  const entries = amountEntries(parts, requirement);
  const [missing, floor] = [-requirement.slackUsd / parts.scale, slackWhileNothingIsTaken(parts.network, requirement, parts.limits) / parts.scale];
  if (floor >= 0) return [{ lower: missing, upper: Infinity, entries, slack: [] }];
  const account = parts.network.problem.accounts[requirement.account ?? -1];
  const taking = parts.network.arcs.flatMap((flat, index) => (flat.account === account && isLimited(flat) ? [index] : []));
  if (taking.length === 0) return [];
  const taken = parts.columns.add(0, 1, 0);
  parts.takings.push({ taken, arcs: taking });
  const rows: SlackedRow[] = [
    { lower: missing + floor, upper: Infinity, entries: [...entries, [taken, floor]], slack: [] },
    ...taking.map(
      (index): SlackedRow => ({
        lower: 0,
        upper: Infinity,
        entries: [
          [taken, 1],
          [parts.arcs[index]?.used ?? -1, -1],
        ],
        slack: [],
      }),
    ),
  ];
  return missing > 0 ? [...rows, { lower: 0, upper: Infinity, entries: [...coverEntries(parts, requirement, missing), [taken, -1]], slack: [] }] : rows;
}

/** What a debt-free account takes from the unified row by borrowing; never more than nothing, never less than what it is. */
function cappedColumn(parts: ModelParts, part: Requirement): { column: number; row: SlackedRow } {
  const column = parts.columns.add(-Infinity, 0, 0);
  return { column, row: { lower: -part.slackUsd / parts.scale, upper: Infinity, entries: [...amountEntries(parts, part), [column, -1]], slack: [] } };
}

function slackAccounts(parts: ModelParts, requirement: Requirement): number[] {
  return requirement.account === null ? parts.network.problem.accounts.flatMap((account, index) => (account.debtUsd > 0 ? [index] : [])) : [requirement.account];
}

function amountEntries(parts: ModelParts, requirement: Requirement): RowEntry[] {
  return requirement.terms.map(({ arc, perToken }): RowEntry => [parts.arcs[arc]?.amount ?? -1, perToken / (parts.network.arcs[arc]?.price ?? 1)]);
}

function coverEntries(parts: ModelParts, requirement: Requirement, missing: number): RowEntry[] {
  return requirement.terms.flatMap(({ arc, perToken }): RowEntry[] => {
    const flow = parts.arcs[arc];
    if (flow === undefined || perToken <= 0) return [];
    const gain = perToken / (parts.network.arcs[arc]?.price ?? 1) / missing;
    return flow.used < 0 ? [[flow.amount, gain]] : [[flow.used, Math.min(1, gain * flow.limit)]];
  });
}
