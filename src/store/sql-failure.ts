import { isPlimsollError, PlimsollError } from '../core/errors.ts';

/** What the fences of the schema raise. */
const STALE_LEASE = 'PL001';
/** Classes of SQLSTATE after which the same work may succeed: connection, resources, operator intervention, rolled back. */
const PASSING = /^(?:08|53|57|40|55P03)/;
/** SQLSTATE of a wrong password, role or database: no repetition will help. */
const REFUSED = /^(?:28|3D|42501)/;

/**
 * Turns whatever an engine threw into one of Plimsoll's failures. Nothing of the original travels on but its code: messages, details and
 * parameters of a database hold rows, addresses and passwords.
 */
export function failureOfSql(error: unknown): PlimsollError {
  if (error instanceof PlimsollError) return error;
  const code = codeOf(error);
  if (code === STALE_LEASE) return new PlimsollError('LEASE_LOST', 'The lease was taken over by another worker, so its write was refused. Claim it again.', { code });
  if (code === null || PASSING.test(code)) return new PlimsollError('STORE_UNREACHABLE', `The database broke the work off (${code ?? 'connection lost'}). Try again.`, { code });
  if (/^E[A-Z]+$/.test(code)) return new PlimsollError('STORE_UNREACHABLE', `The database cannot be reached (${code}). Check DATABASE_URL and the server.`, { code });
  if (REFUSED.test(code))
    return new PlimsollError('STORE_REFUSED', `The database refuses the connection or the work (${code}). Check the user, password, database and rights of DATABASE_URL.`, { code });
  return new PlimsollError('INTERNAL', `A statement failed in the database (${code}${constraintOf(error)}).`, { code });
}

/** Runs a statement; what the engine throws comes out as one of Plimsoll's failures. */
export async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw failureOfSql(error);
  }
}

/** Whether a failure is the database's own, or the right to write was lost: then it concerns everything, and not only what was being read or written. */
export function isStoreFailure(error: unknown): boolean {
  return isPlimsollError(error, 'STORE_UNREACHABLE') || isPlimsollError(error, 'STORE_REFUSED') || isPlimsollError(error, 'LEASE_LOST');
}

/** Whether the database broke a transaction off for another's sake, so that it may simply be run again. */
export function isRepeatable(error: unknown): boolean {
  return isPlimsollError(error, 'STORE_UNREACHABLE') && (error.fields['code'] === '40001' || error.fields['code'] === '40P01');
}

/**
 * Runs `inside` within a transaction that `begin` opens: what `inside` itself throws comes out as it is, what the engine throws as one of
 * Plimsoll's failures.
 */
export async function transact<Scope, Result>(begin: (body: (scope: Scope) => Promise<Result>) => Promise<Result>, inside: (scope: Scope) => Promise<Result>): Promise<Result> {
  let own: { readonly error: unknown } | null = null;
  try {
    return await begin(async (scope) => {
      try {
        return await inside(scope);
      } catch (error) {
        own = { error };
        throw error;
      }
    });
  } catch (error) {
    throw own === null ? failureOfSql(error) : (own as { error: unknown }).error;
  }
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  return /^[A-Z0-9_]{4,20}$/.test(error.code) ? error.code : null;
}

function constraintOf(error: unknown): string {
  const name = error instanceof Error && 'constraint' in error ? error.constraint : undefined;
  return typeof name === 'string' && /^\w{1,63}$/.test(name) ? `, ${name}` : '';
}
