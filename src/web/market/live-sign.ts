import { count } from '../data/format.ts';
import type { StreamState } from '../data/live-stream.ts';
import type { OpportunitiesDocument } from './rows.ts';

/** What the table is, as its sign says it. */
export interface LiveSign {
  /** `live` alone wears the colour of what is well. */
  readonly kind: 'live' | 'waiting' | 'recorded' | 'partial' | 'lost';
  readonly words: string;
}

/** What the sign goes by; times in Unix milliseconds. */
export interface SignFacts {
  readonly stream: StreamState;
  /** Null before the first answer. */
  readonly document: OpportunitiesDocument | null;
  /** When that was asked for. */
  readonly at: number;
  /** Whether the newest question was not answered. */
  readonly hasFailed: boolean;
}

/** Judges what is shown. Live is what workers keep watch over as a whole, while the line to them is open; all else says what it is. */
export function judgeLiveness({ stream, document, at, hasFailed }: SignFacts): LiveSign {
  if (document === null) return hasFailed ? { kind: 'lost', words: 'Nothing is known' } : { kind: 'waiting', words: 'Connecting …' };
  if (document.recorded !== null) return { kind: 'recorded', words: hasFailed ? 'Recorded; the service does not answer' : 'Recorded' };
  if (hasFailed) return { kind: 'lost', words: `Not answered; stale since ${clock(at)}` };
  if (stream.kind === 'reconnecting') return { kind: 'lost', words: `Reconnecting; stale since ${clock(stream.since)}` };
  if (document.gaps.length > 0) return { kind: 'partial', words: `Incomplete: ${count(document.gaps.length, 'gap')}` };
  if (document.status !== 'complete') return { kind: 'partial', words: 'Incomplete' };
  if (document.source !== 'store') return { kind: 'partial', words: `Nobody watches: one look, ${clock(at)}` };
  return stream.kind === 'live' ? { kind: 'live', words: 'Live' } : { kind: 'waiting', words: 'Connecting …' };
}

/** What an empty table means. */
export function emptyWords({ gaps, status, recorded }: Pick<OpportunitiesDocument, 'gaps' | 'status' | 'recorded'>): string {
  if (gaps.length > 0 || status !== 'complete') return 'Nothing was found in what could be seen.';
  return recorded === null ? 'Nothing can be liquidated at a profit now.' : 'Nothing in this recorded book can be liquidated at a profit.';
}

/** Unix milliseconds as the time of day. */
export function clock(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(11, 19)} UTC`;
}
