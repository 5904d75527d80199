import { env } from 'node:process';

/** `full` in the long run (PLIMSOLL_LONG=1), `reduced` otherwise. */
export function usersOf(reduced: number, full: number): number {
  return env['PLIMSOLL_LONG'] === '1' ? full : reduced;
}

/** What a suite has compared; printed as one line at its end. */
export interface Tally {
  users: number;
  states: number;
  comparisons: number;
  liquidations: number;
  revertsPredicted: number;
  /** How often the chain refused, by its own reason. */
  reasons: Record<string, number>;
  /** Liquidations that wrote debt off. */
  writeOffs: number;
  mismatches: string[];
}

/** An empty tally. */
export function emptyTally(users: number): Tally {
  return { users, states: 0, comparisons: 0, liquidations: 0, revertsPredicted: 0, reasons: {}, writeOffs: 0, mismatches: [] };
}

/** Counts one comparison of the rule's answer with the chain's; a difference is kept with its name. */
export function compare(tally: Tally, what: string, rule: unknown, chain: unknown): void {
  tally.comparisons += 1;
  if (rule !== chain) tally.mismatches.push(`${what}: rule ${String(rule)}, chain ${String(chain)}`);
}

/** Counts one refusal of the chain, and compares it with the rule's. */
export function compareRefusal(tally: Tally, what: string, rule: string, chain: string): void {
  compare(tally, what, rule, chain);
  if (chain === 'accepted') return;
  tally.revertsPredicted += 1;
  tally.reasons[chain] = (tally.reasons[chain] ?? 0) + 1;
}

/** One line with the counts. */
export function printTally(suite: string, tally: Tally): void {
  const { users, states, comparisons, liquidations, revertsPredicted, mismatches } = tally;
  process.stdout.write(
    `${suite}: ${users} users, ${states} states, ${comparisons} comparisons, ${liquidations} liquidations, ${revertsPredicted} reverts predicted, ${mismatches.length} mismatches\n`,
  );
}
