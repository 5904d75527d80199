import { ClientError } from 'graphql-request';
import type { ErrorCode } from '../core/errors.ts';
import type { GraphEndpoint } from '../core/source.ts';
import { type Again, AttemptFailed, attemptFailed, failureOfFetch, failureOfStatus, redact } from './failure.ts';

interface KnownError {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly again: Again;
  readonly problem: string;
}

/**
 * What graph-node and the gateways in front of it say, first match wins.
 *
 * @source graphprotocol/graph-node@f27eb5f graph/src/data/query/error.rs, graphql/src/store/resolver.rs
 */
const KNOWN_ERRORS: readonly KnownError[] = [
  {
    pattern: /no block with that hash|block(?: [^ ]+)? (?:was )?not found|missing block|chain was reorganized|has been reorg|is therefore not (?:yet )?available|unresolved block/i,
    code: 'BLOCK_GONE',
    again: 'never',
    problem: 'does not have the pinned block. Read the head again and start over.',
  },
  {
    pattern: /^indexing_error$|has indexing errors|subgraph (?:has )?failed/i,
    code: 'INDEXING_ERRORS',
    again: 'never',
    problem: 'reports indexing errors, so it gives no rows.',
  },
  {
    pattern: /rate limit|too many requests|throttled|overloaded|too expensive/i,
    code: 'SOURCE_RATE_LIMITED',
    again: 'until-deadline',
    problem: 'is asking for fewer requests. Lower its rate limit.',
  },
  { pattern: /timed out|timeout/i, code: 'SOURCE_TIMEOUT', again: 'until-deadline', problem: 'ran out of time on the query.' },
  {
    pattern: /bad indexers|no (?:available )?indexers|internal (?:server )?error|store error|panic processing|unavailable|try again/i,
    code: 'SOURCE_UNREACHABLE',
    again: 'until-deadline',
    problem: 'cannot answer at the moment. Try again later.',
  },
];

/** Turns whatever graphql-request threw into one judged failure, without its text: that holds the query's variables and the address. */
export function failureOfGraph(endpoint: GraphEndpoint, error: unknown, nowMs: number): AttemptFailed {
  if (error instanceof AttemptFailed) return error;
  if (!(error instanceof ClientError)) return isTransport(error) ? failureOfFetch(endpoint.label, error) : unreadable(endpoint.label);
  const { status, headers, errors } = error.response;
  const messages = messagesOf(errors);
  const ok = status >= 200 && status < 300;
  if (messages.length > 0 && (ok || status === 400)) return failureOfMessages(endpoint, messages);
  return ok ? unreadable(endpoint.label) : failureOfStatus(endpoint.label, status, headers instanceof Headers ? headers : new Headers(), nowMs);
}

function failureOfMessages(endpoint: GraphEndpoint, messages: readonly string[]): AttemptFailed {
  for (const known of KNOWN_ERRORS) {
    if (messages.some((message) => known.pattern.test(message))) return attemptFailed(known.code, endpoint.label, known.problem, known.again);
  }
  const shown = redact(messages[0] ?? '', secretsOf(endpoint));
  return attemptFailed('SOURCE_REJECTED', endpoint.label, `refuses the query: ${shown}`, 'never');
}

function unreadable(label: string): AttemptFailed {
  return attemptFailed('MALFORMED_RESPONSE', label, 'answers with something that is not a GraphQL result. Check the address.', 'once');
}

/** fetch throws a TypeError when the connection fails and an AbortError when it is cut; a result that cannot be parsed is neither. */
function isTransport(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && (error.name === 'AbortError' || 'code' in error));
}

function messagesOf(errors: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(errors) ? errors : errors === undefined ? [] : [errors];
  return list.map((entry) => {
    if (entry !== null && typeof entry === 'object' && 'message' in entry && typeof entry.message === 'string') return entry.message;
    return 'an error without a message';
  });
}

function secretsOf(endpoint: GraphEndpoint): readonly string[] {
  const parts = URL.canParse(endpoint.url) ? new URL(endpoint.url) : null;
  const path = parts === null ? [] : [...parts.pathname.split('/').filter((part) => part.length >= 12), ...parts.searchParams.values()];
  return [endpoint.url, ...path, ...Object.values(endpoint.headers ?? {}).flatMap((value) => value.split(' '))].filter((part) => part.length >= 8);
}
