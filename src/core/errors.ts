/** What the caller can do about a failure: mend the request, mend the data, try again, or report a defect. */
export type ErrorKind = 'user' | 'data' | 'transient' | 'bug';

interface ErrorEntry {
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  /** HTTP status. */
  readonly status: number;
  /** Process exit code (interfaces.md: 2 usage, 3 data incomplete, 4 not reachable, 5 refused). */
  readonly exitCode: number;
  /** One sentence, printed into the README's error table. */
  readonly meaning: string;
}

/**
 * The one table of failures: code → kind, HTTP status, exit code and meaning. Gaps of a Portfolio carry the same codes.
 */
export const ERROR_TABLE = {
  INVALID_ARGUMENT: entry('user', 400, 2, 'A command-line or function argument is not understood.'),
  INVALID_WALLET: entry('user', 400, 2, 'The wallet is no 20-byte address, no CAIP-10 account and no name that ENS accepts, or nobody has set that name.'),
  INVALID_CHAIN: entry('user', 400, 2, 'The chain is not a CAIP-2 id or number, or no deployment is known there.'),
  INVALID_ASSET: entry('user', 400, 2, 'The asset is neither a CAIP-19 id nor a symbol of the portfolio.'),
  INVALID_PORTFOLIO: entry('user', 422, 2, 'The Portfolio document does not follow the schema; the message names the path.'),
  INVALID_CONFIGURATION: entry('user', 500, 2, 'An environment variable has a value that cannot be used.'),
  INVALID_FILE: entry('user', 422, 2, 'A file is missing, unreadable, or not in the expected form.'),
  UNKNOWN_RULE: entry('data', 422, 3, 'The document names a rule or version that this release does not have.'),
  UNKNOWN_MARKET: entry('data', 422, 3, 'A position refers to a market, reserve or e-mode category that was not read.'),
  RULE_VIOLATION: entry('user', 422, 5, 'The protocol would revert this step; the message names its own error.'),
  PLAN_REJECTED: entry('user', 422, 5, "A plan does not hold when it is replayed in the protocols' integers; the message says where."),
  PLAN_IMPOSSIBLE: entry('user', 422, 5, 'No plan reaches the target; the message says what is missing.'),
  ENCODING_REFUSED: entry('data', 422, 5, 'An account cannot be written into a proof exactly enough; the message says which rule disagrees.'),
  ROWS_DO_NOT_FIT: entry('user', 422, 5, 'The wallet has more rows or accounts than the circuit holds; the message names a larger one if there is one.'),
  ATTESTATION_REFUSED: entry('data', 422, 5, 'An attestation cannot be made or used: a gap, an estimate, an old block, a wrong signature.'),
  STATEMENT_FALSE: entry('user', 422, 5, 'The statement does not hold for the attested positions, so there is no proof of it.'),
  KEY_REFUSED: entry('user', 422, 5, 'A proving or verification key is not the one that the manifest names, or is not fit for use here.'),
  PROOF_INVALID: entry('user', 422, 5, 'The proof does not verify, or the document is not a proof of Plimsoll.'),
  PROOF_REFUSED: entry('user', 422, 5, 'The proof verifies, but not for what was asked: the message names the rule of the policy that it breaks.'),
  PROVER_FAILED: entry('transient', 503, 1, 'The prover stopped before it was done; nothing was proved.'),
  SOURCE_UNREACHABLE: entry('transient', 503, 4, 'A source did not answer.'),
  SOURCE_TIMEOUT: entry('transient', 504, 4, 'A source did not answer before the deadline.'),
  SOURCE_RATE_LIMITED: entry('transient', 503, 4, 'A source answered 429 until the deadline.'),
  SOURCE_REJECTED: entry('data', 502, 3, 'A source refused the request; repeating it will not help.'),
  INDEXING_ERRORS: entry('data', 502, 3, 'The subgraph reports indexing errors; its rows cannot be trusted.'),
  STALE_BLOCK: entry('transient', 503, 3, 'The source is behind by more than the configured age.'),
  BLOCK_GONE: entry('transient', 503, 3, 'The pinned block vanished (a reorganisation) and did so again after re-pinning.'),
  MALFORMED_RESPONSE: entry('data', 502, 3, 'A source answered with a field that is missing or of the wrong form.'),
  CALL_FAILED: entry('data', 502, 3, 'A contract call that the valuation needs reverted.'),
  ENDPOINTS_DIFFER: entry('data', 502, 3, 'Two chain endpoints answered differently at one block hash.'),
  MISSED_ACCOUNT: entry('data', 502, 3, 'The chain shows an account or a leg that discovery did not list.'),
  MISSING_PRICE: entry('data', 502, 3, 'A price is absent or zero, so the account cannot be valued.'),
  UNSUPPORTED_STATE: entry('data', 502, 3, 'The account is in a state that this release does not model.'),
  NOT_CONFIGURED: entry('user', 503, 4, 'No endpoint is configured for this deployment.'),
  STORE_UNREACHABLE: entry('transient', 503, 4, 'The database did not answer, or broke the work off; nothing of it was kept.'),
  STORE_REFUSED: entry(
    'user',
    500,
    2,
    'The database or its folder cannot be used: in use by another process, not writable, written by a newer release, or holding recorded data where live ones are configured.',
  ),
  LEASE_LOST: entry('transient', 409, 1, 'Another worker took the lease over, so this write was refused.'),
  UNAUTHENTICATED: entry('user', 401, 2, 'The service asks for an API key, and none was given, or one that it does not know.'),
  FORBIDDEN: entry('user', 403, 2, 'The API key does not cover this, or the operator has not switched it on.'),
  NOT_FOUND: entry('user', 404, 2, 'There is nothing of that address or id.'),
  METHOD_NOT_ALLOWED: entry('user', 405, 2, 'The address does not take this method; the header Allow lists those that it takes.'),
  NOT_ACCEPTABLE: entry('user', 406, 2, 'The answer cannot be had in any of the forms that the request accepts.'),
  REQUEST_TIMEOUT: entry('transient', 408, 4, 'The request did not arrive whole in time.'),
  CONFLICT: entry('user', 409, 2, 'The Idempotency-Key was used for another request, or that request is still under way.'),
  BODY_TOO_LARGE: entry('user', 413, 2, 'The body of the request is larger than the service takes.'),
  UNSUPPORTED_MEDIA_TYPE: entry('user', 415, 2, 'The body is not sent as application/json in UTF-8 without compression.'),
  HEADERS_TOO_LARGE: entry('user', 431, 2, 'The address and the headers of the request are longer, or more, than the service takes.'),
  TOO_MANY_REQUESTS: entry('transient', 429, 4, 'More requests than the limit allows; the header Retry-After says when to come again.'),
  OVERLOADED: entry('transient', 503, 4, 'The service has more work than it can do in time, or is about to stop; the header Retry-After says when to come again.'),
  DEADLINE_EXCEEDED: entry('transient', 504, 4, 'The work was broken off because it took longer than a request may.'),
  INTERNAL: entry('bug', 500, 1, 'A defect of Plimsoll; please report it with the message.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_TABLE;

function entry(kind: ErrorKind, status: number, exitCode: number, meaning: string): ErrorEntry {
  return { kind, status, exitCode, meaning, retryable: kind === 'transient' };
}

/** Data that travels with an error; never a secret, never a position. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Every failure that Plimsoll raises on purpose. The message is an instruction; `code` selects the row of {@link ERROR_TABLE}.
 *
 * @example
 * ```ts
 * try { parseWallet('0x12'); } catch (error) { if (isPlimsollError(error, 'INVALID_WALLET')) console.log(error.fields); }
 * ```
 */
export class PlimsollError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly status: number;
  readonly exitCode: number;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}, options?: { cause?: unknown }) {
    super(message, options);
    const row = ERROR_TABLE[code];
    this.name = new.target.name;
    this.code = code;
    this.kind = row.kind;
    this.retryable = row.retryable;
    this.status = row.status;
    this.exitCode = row.exitCode;
    this.fields = fields;
  }
}

/** Tells whether `error` is a {@link PlimsollError}, and of the given code if one is given. */
export function isPlimsollError(error: unknown, code?: ErrorCode): error is PlimsollError {
  return error instanceof PlimsollError && (code === undefined || error.code === code);
}

/** The request itself is wrong: a flag, a parameter, a combination. */
export class InvalidArgument extends PlimsollError {
  constructor(message: string, fields?: ErrorFields) {
    super('INVALID_ARGUMENT', message, fields);
  }
}

/** A file cannot be used; `path` is what the caller gave. */
export class InvalidFile extends PlimsollError {
  constructor(message: string, fields?: ErrorFields, options?: { cause?: unknown }) {
    super('INVALID_FILE', message, fields, options);
  }
}

/** A Portfolio document is not valid; `path` names the fault, as in `accounts[2].legs[0].amount`. */
export class InvalidPortfolio extends PlimsollError {
  readonly path: string;

  constructor(path: string, problem: string) {
    super('INVALID_PORTFOLIO', `Portfolio document, at ${path || '(top)'}: ${problem}.`, { path });
    this.path = path;
  }
}

/** The protocol would revert the step. `protocolError` is the protocol's own error name or code. */
export class RuleViolation extends PlimsollError {
  readonly protocolError: string;

  constructor(rule: string, protocolError: string, explanation: string) {
    super('RULE_VIOLATION', `${rule} would revert with ${protocolError}: ${explanation}.`, { rule, protocolError });
    this.protocolError = protocolError;
  }
}

/** An account cannot be valued because a price is absent or zero. */
export class MissingPrice extends PlimsollError {
  constructor(asset: string, where: string) {
    super('MISSING_PRICE', `No usable price of ${asset} in ${where}. Check the protocol's oracle; the account is left out until it answers.`, {
      asset,
      where,
    });
  }
}

/** Something a position refers to was not read: a market, a reserve, an e-mode category. */
export class UnknownMarket extends PlimsollError {
  constructor(what: string, where: string) {
    super('UNKNOWN_MARKET', `${what} is not known in ${where}. Read the market again; if it stays, the protocol has added something new.`, {
      what,
      where,
    });
  }
}

/** The account is in a state that the rule does not model, so no number is given. */
export class UnsupportedState extends PlimsollError {
  constructor(what: string, where: string) {
    super('UNSUPPORTED_STATE', `${where}: ${what}, which this release does not model.`, { what, where });
  }
}

/** An invariant of Plimsoll's own broke. */
export class InternalError extends PlimsollError {
  constructor(message: string) {
    super('INTERNAL', message);
  }
}
