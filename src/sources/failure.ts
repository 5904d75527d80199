import { type ErrorCode, type ErrorFields, PlimsollError } from '../core/errors.ts';

/** Whether another attempt can help: until the deadline, once more, or not at all. */
export type Again = 'until-deadline' | 'once' | 'never';

/** One failed attempt: what it would be reported as, and whether to try again. */
export class AttemptFailed extends Error {
  readonly report: PlimsollError;
  readonly again: Again;
  /** What the server asked for, in milliseconds; null where it asked for nothing. */
  readonly retryAfterMs: number | null;

  constructor(report: PlimsollError, again: Again, retryAfterMs: number | null = null) {
    super(report.message);
    this.name = 'AttemptFailed';
    this.report = report;
    this.again = again;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Builds the failure of one attempt. `label` is the endpoint's public name. */
export function attemptFailed(code: ErrorCode, label: string, problem: string, again: Again, fields: ErrorFields = {}): AttemptFailed {
  return new AttemptFailed(new PlimsollError(code, `${label}: ${problem}`, { source: label, ...fields }), again);
}

/**
 * Judges an HTTP status that is not a success: 429 and 5xx may pass, anything else will not.
 *
 * @param nowMs unix milliseconds, for a Retry-After that is a date
 */
export function failureOfStatus(label: string, status: number, headers: Headers, nowMs: number): AttemptFailed {
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), nowMs);
  const fields = { source: label, httpStatus: status };
  if (status === 429) {
    const report = new PlimsollError('SOURCE_RATE_LIMITED', `${label} answers 429 (too many requests). Lower its rate limit or use a key with a higher one.`, fields);
    return new AttemptFailed(report, 'until-deadline', retryAfterMs);
  }
  if (status >= 500 || status === 408 || status === 425) {
    return new AttemptFailed(new PlimsollError('SOURCE_UNREACHABLE', `${label} answers HTTP ${status}. Try again later.`, fields), 'until-deadline', retryAfterMs);
  }
  return new AttemptFailed(new PlimsollError('SOURCE_REJECTED', `${label} refuses the request with HTTP ${status}. Check its address and key.`, fields), 'never');
}

/** Judges an exception of fetch. Its text may hold the address with its key, so only a plain system code is passed on. */
export function failureOfFetch(label: string, error: unknown): AttemptFailed {
  const code = systemCode(error);
  return attemptFailed('SOURCE_UNREACHABLE', label, `cannot be reached${code === null ? '' : ` (${code})`}. Check the network and the address.`, 'until-deadline');
}

/**
 * Reads a Retry-After header: seconds, or an HTTP date.
 *
 * @returns milliseconds from `nowMs`, never negative; null where the header is absent or not understood
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^[0-9]{1,9}(?:\.[0-9]+)?$/.test(text)) return Number(text) * 1_000;
  if (!/[A-Za-z]/.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/**
 * Makes a foreign message fit to be shown: long tokens with digits (keys, addresses, hashes) and the given secrets are blanked, and the
 * length is bounded.
 */
export function redact(message: string, secrets: readonly string[] = []): string {
  let shown = message;
  for (const secret of secrets) if (secret.length >= 4) shown = shown.replaceAll(secret, '…');
  return shown
    .replace(/(?=[\w-]*[0-9])[\w-]{16,}/g, '…')
    .replace(/\s+/g, ' ')
    .slice(0, 240);
}

function systemCode(error: unknown): string | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string' && /^[A-Z][A-Z_]{2,40}$/.test(at.code)) return at.code;
  }
  return null;
}
