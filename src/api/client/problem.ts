import { ERROR_TABLE, type ErrorCode, type ErrorFields, isPlimsollError, PlimsollError } from '../../core/errors.ts';

/** A failure of the service (RFC 9457). */
export interface Problem {
  /** A code of the error table; MALFORMED_RESPONSE where the answer is not one of the service. */
  readonly code: ErrorCode;
  /** What to do about it. */
  readonly detail: string;
  readonly retryable: boolean;
  readonly fields: ErrorFields;
  /** For a report of a defect; null where there is none. */
  readonly requestId: string | null;
  /** When to come again; null where nothing is said. */
  readonly retryAfterSeconds: number | null;
}

/** Reads the body of an answer that is a failure, whatever it is: a proxy may have written it. */
export function readProblem(text: string, { status, headers }: Pick<Response, 'status' | 'headers'>): Problem {
  const { code, detail, fields } = parseObject(text);
  const common = { requestId: headers.get('x-request-id'), retryAfterSeconds: readSeconds(headers.get('retry-after')) };
  if (typeof code !== 'string' || !isErrorCode(code)) {
    const retryable = status === 429 || status >= 500;
    return { code: 'MALFORMED_RESPONSE', detail: `The answer is not one of the service (status ${status}). Check the address, and what stands before the service.`, retryable, fields: {}, ...common };
  }
  return { code, detail: typeof detail === 'string' ? detail : ERROR_TABLE[code].meaning, retryable: ERROR_TABLE[code].retryable, fields: fieldsOf(fields), ...common };
}

/** A problem as an error. */
export function asFailure({ code, detail, fields, requestId, retryAfterSeconds }: Problem, status: number): PlimsollError {
  return new PlimsollError(code, detail, { ...fields, httpStatus: status, requestId, retryAfterSeconds });
}

/** What `fetch` threw, as an error: an abort is its own reason. */
export function unreachable(error: unknown, origin: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true || isPlimsollError(error)) return error;
  return new PlimsollError('SOURCE_UNREACHABLE', `The service${origin === '' ? '' : ` at ${origin}`} does not answer. Check that it runs and can be reached from here.`, {}, { cause: error });
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code);
}

function fieldsOf(fields: unknown): ErrorFields {
  const entries = fields !== null && typeof fields === 'object' ? Object.entries(fields) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string | number | boolean | null] => ['string', 'number', 'boolean'].includes(typeof entry[1]) || entry[1] === null));
}

function readSeconds(text: string | null): number | null {
  return text !== null && /^[0-9]{1,6}$/.test(text) ? Number(text) : null;
}
