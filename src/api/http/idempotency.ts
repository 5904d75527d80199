import { createHash } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';

/** A repeated request gets the first one's answer, for this long. */
const KEPT_MS = 24 * 3_600_000;
const MOST_KEPT = 10_000;
const WELL_FORMED = /^[A-Za-z0-9_-]{8,128}$/;

/** A request that may be repeated. */
export interface RepeatableRequest {
  /** Whose key it is: two callers cannot meet. */
  readonly owner: string;
  readonly key: string;
  readonly body: string;
}

/** What to do about a request. */
export interface RepeatableWork<Answer> {
  /** Makes the answer. */
  readonly make: () => Promise<Answer>;
  /** Whether what the first answer told of is still there: another request, or another process, may have deleted it. */
  readonly stands: () => Promise<boolean>;
}

/** Answers by idempotency key. */
export interface IdempotencyStore<Answer> {
  /**
   * Makes an answer, or gives that of the first request of the key for as long as it stands. A failure is forgotten, so that it can be tried again.
   *
   * @throws {PlimsollError} CONFLICT where the key was used for another body, or the first request is not over
   */
  once(request: RepeatableRequest, work: RepeatableWork<Answer>): Promise<Answer>;
}

interface Entry<Answer> {
  readonly digest: string;
  readonly until: number;
  answer: Answer | null;
}

/** Reads the header. @throws {PlimsollError} INVALID_ARGUMENT for one that is not well-formed */
export function readIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (WELL_FORMED.test(header)) return header;
  throw new PlimsollError('INVALID_ARGUMENT', 'Idempotency-Key has 8 to 128 letters, digits, dashes and underscores.', { in: 'header', name: 'Idempotency-Key' });
}

/** Makes a store. @param now milliseconds, rising */
export function createIdempotencyStore<Answer>(now: () => number): IdempotencyStore<Answer> {
  const kept = new Map<string, Entry<Answer>>();

  async function begin(name: string, digest: string, make: () => Promise<Answer>): Promise<Answer> {
    const entry: Entry<Answer> = { digest, until: now() + KEPT_MS, answer: null };
    kept.delete(name);
    kept.set(name, entry);
    while (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value ?? '');
    try {
      entry.answer = await make();
      return entry.answer;
    } catch (error) {
      if (kept.get(name) === entry) kept.delete(name);
      throw error;
    }
  }

  return {
    async once({ owner, key, body }, { make, stands }) {
      const name = `${owner} ${key}`;
      const digest = createHash('sha256').update(body).digest('base64url');
      const known = kept.get(name);
      if (known !== undefined && known.answer !== null && !(await stands()) && kept.get(name) === known) kept.delete(name);
      // Looked at again: while that was asked, somebody else may have begun.
      const first = kept.get(name);
      return first !== undefined && first.until > now() ? repeat(first, digest) : begin(name, digest, make);
    },
  };
}

function repeat<Answer>({ digest, answer }: Entry<Answer>, asked: string): Answer {
  if (digest !== asked) throw new PlimsollError('CONFLICT', 'This Idempotency-Key was used for another request. Use a new key for a new request.');
  if (answer === null) throw new PlimsollError('CONFLICT', 'The first request of this Idempotency-Key is still under way. Ask again in a moment.');
  return answer;
}
