import { ERROR_TABLE, type ErrorFields, InvalidArgument, isPlimsollError, PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { collectSent, fieldsWithoutSent, type SentRequest, withoutSent } from './redact.ts';

/** The media type of failures. @source RFC 9457 */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Refusals that hold nothing of a request. */
const OWN = new WeakSet<PlimsollError>();

/** A failure on its way out. */
export interface Problem {
  readonly status: number;
  readonly body: { readonly [key: string]: Json };
}

/**
 * Writes a failure as a problem document. What is not Plimsoll's own error is told as INTERNAL, without a word of it; no value that the request brought along is
 * repeated.
 *
 * @param request what it said
 */
export function problemOf(error: unknown, requestId: string, request: SentRequest): Problem {
  const failure = toPlimsollError(error);
  const { status, meaning } = ERROR_TABLE[failure.code];
  const told = OWN.has(failure) ? failure : withoutRequest(failure, request);
  return {
    status,
    body: {
      type: `/docs#${failure.code}`,
      title: meaning,
      status,
      detail: failure.code === 'INTERNAL' ? 'An unexpected failure. Please report it with the request id.' : told.message,
      instance: `urn:plimsoll:request:${requestId}`,
      code: failure.code,
      retryable: failure.retryable,
      fields: told.fields,
    },
  };
}

function withoutRequest({ message, fields }: PlimsollError, request: SentRequest): { readonly message: string; readonly fields: { readonly [key: string]: Json } } {
  const sent = collectSent(request);
  return { message: withoutSent(message, sent), fields: fieldsWithoutSent(fields, sent) };
}

/** An error as one of the table: those of the HTTP machinery get the code that fits their status. */
export function toPlimsollError(error: unknown): PlimsollError {
  if (isPlimsollError(error)) return error;
  const status = error instanceof Error && 'status' in error ? error.status : null;
  if (status === 413) return new PlimsollError('BODY_TOO_LARGE', 'The body is larger than the service takes.', {}, { cause: error });
  if (status === 415) return new PlimsollError('UNSUPPORTED_MEDIA_TYPE', 'Send the body uncompressed.', {}, { cause: error });
  if (status === 400) return new PlimsollError('INVALID_ARGUMENT', 'The request is not well-formed.', {}, { cause: error });
  return new PlimsollError('INTERNAL', 'An unexpected failure.', {}, { cause: error });
}

/** A refusal in words of the contract alone: there is nothing in it that was sent. */
export function refuseByContract(message: string, fields: ErrorFields): PlimsollError {
  const refusal = new InvalidArgument(message, fields);
  OWN.add(refusal);
  return refusal;
}
