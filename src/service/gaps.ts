import { isPlimsollError } from '../core/errors.ts';
import type { ChainId } from '../core/ids.ts';
import type { Gap } from '../core/portfolio.ts';

/** What a gap concerns; null where it is wider than that. */
export interface GapScope {
  readonly chain: ChainId | null;
  readonly deployment: string | null;
  readonly account?: string | null;
}

/** Turns a failure into a gap of the document. What is not Plimsoll's own error is a defect and is thrown on. */
export function gapOf(error: unknown, scope: GapScope): Gap {
  if (!isPlimsollError(error)) throw error;
  return { code: error.code, message: error.message, retryable: error.retryable, chain: scope.chain, deployment: scope.deployment, account: scope.account ?? null };
}
