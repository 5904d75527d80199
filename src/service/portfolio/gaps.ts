import { isPlimsollError } from '../../core/errors.ts';
import type { ChainId } from '../../core/ids.ts';
import type { Discrepancy, Gap } from '../../core/portfolio.ts';

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

/** As many characters as a text of the document may have. */
const TEXT_LENGTH = 2_000;

/** A gap as the document can carry it: what a source wrote into its message may be of any length. */
export function fitGap(gap: Gap): Gap {
  return { ...gap, message: fit(gap.message) };
}

/** A discrepancy as the document can carry it. */
export function fitDiscrepancy(found: Discrepancy): Discrepancy {
  return { ...found, field: fit(found.field), subgraph: fit(found.subgraph), chain: fit(found.chain), note: fit(found.note) };
}

function fit(text: string): string {
  return text.length <= TEXT_LENGTH ? text : `${text.slice(0, TEXT_LENGTH - 1)}…`;
}
