import { authorization } from './api-key.ts';

/** Why the service did not give what was asked for. */
export interface Failure {
  /** A code of the error table, or `UNREACHABLE` where nothing answered. */
  readonly code: string;
  /** What to do, in the service's words. */
  readonly message: string;
  readonly retryable: boolean;
}

/** What was asked for, or why it is not there. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** Nothing answered: the service is down, or this machine is offline. */
export const UNREACHABLE: Failure = {
  code: 'UNREACHABLE',
  message: 'The Plimsoll service does not answer. Is it still running? What was loaded before is kept here and can be worked with.',
  retryable: true,
};

/** How a request is made. */
export interface RequestOptions {
  /** Sent as JSON by POST; GET where absent. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Asks the service for a JSON document. A failure is an answer, never an exception.
 *
 * @param path as in `/v1/recorded`
 */
export async function requestJson(path: string, { body, signal }: RequestOptions = {}): Promise<Answer<unknown>> {
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  try {
    const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...authorization() };
    const response = await fetch(path, { ...sent, headers, ...(signal === undefined ? {} : { signal }) });
    const document: unknown = await response.json();
    return response.ok ? { ok: true, value: document } : { ok: false, failure: describeProblem(document, response.status) };
  } catch {
    return { ok: false, failure: UNREACHABLE };
  }
}

/**
 * Reads a problem document (RFC 9457).
 *
 * @param status HTTP status, named where the document says nothing
 */
export function describeProblem(document: unknown, status: number): Failure {
  const problem = isRecord(document) ? document : {};
  const message = [problem['detail'], problem['title']].find((text): text is string => typeof text === 'string' && text !== '');
  return {
    code: typeof problem['code'] === 'string' ? problem['code'] : `HTTP ${status}`,
    message: message ?? `The service answered with status ${status} and no reason.`,
    retryable: problem['retryable'] === true,
  };
}

/** Tells whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
