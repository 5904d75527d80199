import { ERROR_TABLE, type ErrorFields, isPlimsollError, PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';

/** The media type of failures. @source RFC 9457 */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

const MOST_DETAIL = 600;
const MOST_WORDS = 150;
/** Words of prose; anything else may be somebody's data. */
const PROSE = /^[A-Za-z]?[a-z]*(?:['’-][a-z]+)*$/;
const PUNCTUATION = /^["'“”(.,:;)!?[\]]+|["'“”(.,:;)!?[\]]+$/g;

/** A failure on its way out. */
export interface Problem {
  readonly status: number;
  readonly body: { readonly [key: string]: Json };
}

/**
 * Writes a failure as a problem document. What is not Plimsoll's own error is told as INTERNAL, without a word of it; nothing that the request brought along is
 * repeated.
 *
 * @param sent what the request said: its address and body
 */
export function problemOf(error: unknown, requestId: string, sent: string): Problem {
  const failure = toPlimsollError(error);
  const { status, meaning } = ERROR_TABLE[failure.code];
  return {
    status,
    body: {
      type: `/docs#${failure.code}`,
      title: meaning,
      status,
      detail: failure.code === 'INTERNAL' ? 'An unexpected failure. Please report it with the request id.' : withoutInput(failure.message, sent),
      instance: `urn:plimsoll:request:${requestId}`,
      code: failure.code,
      retryable: failure.retryable,
      fields: fieldsWithoutInput(failure.fields, sent),
    },
  };
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

/** Takes out of a sentence what stood in the request: sentences name what they are about in quotation marks. */
export function withoutInput(text: string, sent: string): string {
  const unquoted = text.replaceAll(/"([^"]*)"/g, (whole, inner: string) => (inner !== '' && sent.includes(inner) ? '"…"' : whole));
  const words = unquoted.split(' ').slice(0, MOST_WORDS);
  const kept = words.map((word) => (isFromRequest(word, sent) ? '…' : word)).join(' ');
  const plain = kept.replaceAll(/[<>`\p{Cc}]/gu, '');
  return plain.length > MOST_DETAIL ? `${plain.slice(0, MOST_DETAIL - 1)}…` : plain;
}

function isFromRequest(word: string, sent: string): boolean {
  const bare = word.replaceAll(PUNCTUATION, '');
  return bare.length >= 5 && !PROSE.test(bare) && sent.includes(bare);
}

function fieldsWithoutInput(fields: ErrorFields, sent: string): { readonly [key: string]: Json } {
  const kept = Object.entries(fields).filter(([name, value]) => typeof value !== 'string' || (name === 'path' ? true : value.length < 3 || !sent.includes(value)));
  return Object.fromEntries(kept.map(([name, value]) => [name, typeof value === 'string' ? (name === 'path' ? plainPath(value) : withoutInput(value, sent)) : value]));
}

/** A path into a document, of whose keys only plain names are repeated. */
function plainPath(path: string): string {
  return path
    .split('.')
    .map((part) => (/^[A-Za-z][A-Za-z0-9]{0,30}(?:\[[0-9]{1,6}\])*$|^(?:\[[0-9]{1,6}\])+$/.test(part) ? part : '…'))
    .join('.')
    .slice(0, 200);
}
