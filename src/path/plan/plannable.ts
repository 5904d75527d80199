import { PlimsollError } from '../../core/errors.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../engine/open-portfolio.ts';

/** Accounts that a plan can work with, and the others as gaps. */
export interface Plannable {
  readonly accounts: readonly OpenedAccount[];
  readonly gaps: readonly Gap[];
}

/**
 * Asks every rule for its planning view and its decision, now and when the head-room is used up. An account whose rule cannot answer becomes a gap: never planned around silently.
 */
export function splitPlannable(opened: OpenedPortfolio, headRoomSeconds: bigint): Plannable {
  const accounts: OpenedAccount[] = [];
  const gaps: Gap[] = [];
  for (const account of opened.accounts) {
    const gap = findGap(account, headRoomSeconds);
    if (gap === null) accounts.push(account);
    else gaps.push(gap);
  }
  return { accounts, gaps };
}

function findGap(account: OpenedAccount, headRoomSeconds: bigint): Gap | null {
  const { rule, view, marketEntry, entry } = account;
  const about = { chain: marketEntry.chain, deployment: marketEntry.deployment, account: entry.id };
  if (rule.planning === undefined) return { code: 'UNSUPPORTED_STATE', message: `${marketEntry.label}: plans cannot touch accounts of ${rule.id} yet.`, retryable: false, ...about };
  try {
    for (const at of [view.at, view.at + headRoomSeconds]) {
      rule.planning({ ...view, at });
      rule.health({ ...view, at });
      rule.exposure({ ...view, at });
    }
    return null;
  } catch (error) {
    if (error instanceof PlimsollError) return { code: error.code, message: error.message, retryable: error.retryable, ...about };
    throw error;
  }
}
