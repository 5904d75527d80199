import { createHash } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';

/** A repeated request gets the first one's answer, for this long. */
const KEPT_MS = 24 * 3_600_000;
const MOST_KEPT = 10_000;
const WELL_FORMED = /^[A-Za-z0-9_-]{8,128}$/;

/** Answers by idempotency key. */
export interface IdempotencyStore<Answer> {
  /**
   * Runs `work`, or gives the answer of the first request of that key. A failure is forgotten, so that it can be tried again.
   *
   * @param owner whose key it is: two callers cannot meet
   * @throws {PlimsollError} CONFLICT where the key was used for another body, or the first request is not over
   */
  once(owner: string, key: string, body: string, work: () => Promise<Answer>): Promise<Answer>;
}

/** Reads the header. @throws {PlimsollError} INVALID_ARGUMENT for one that is not well-formed */
export function readIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (WELL_FORMED.test(header)) return header;
  throw new PlimsollError('INVALID_ARGUMENT', 'Idempotency-Key has 8 to 128 letters, digits, dashes and underscores.', { in: 'header', name: 'Idempotency-Key' });
}

/** Makes a store. @param now milliseconds, rising */
export function createIdempotencyStore<Answer>(now: () => number): IdempotencyStore<Answer> {
  const kept = new Map<string, { readonly digest: string; readonly until: number; answer: Answer | null }>();
  return {
    async once(owner, key, body, work) {
      const name = `${owner} ${key}`;
      const digest = createHash('sha256').update(body).digest('base64url');
      const known = kept.get(name);
      if (known !== undefined && known.until > now()) return repeat(known, digest);
      const entry = { digest, until: now() + KEPT_MS, answer: null as Answer | null };
      kept.delete(name);
      kept.set(name, entry);
      while (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value ?? '');
      try {
        entry.answer = await work();
        return entry.answer;
      } catch (error) {
        kept.delete(name);
        throw error;
      }
    },
  };
}

function repeat<Answer>({ digest, answer }: { readonly digest: string; readonly answer: Answer | null }, asked: string): Answer {
  if (digest !== asked) throw new PlimsollError('CONFLICT', 'This Idempotency-Key was used for another request. Use a new key for a new request.');
  if (answer === null) throw new PlimsollError('CONFLICT', 'The first request of this Idempotency-Key is still under way. Ask again in a moment.');
  return answer;
}
