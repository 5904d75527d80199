import { createHash } from 'node:crypto';
import { PlimsollError } from '../core/errors.ts';
import type { Database, Queries } from './database.ts';
import { MIGRATIONS, type Migration } from './migrations/index.ts';

/** Nobody else's lock: the first bytes of "plimsoll". */
const MIGRATION_LOCK = 0x706c696dn;

/**
 * Brings the schema up to this release: all missing steps in one transaction, under a lock, so that any number of processes may start at
 * once.
 *
 * @returns the numbers of the steps that were applied
 * @throws {PlimsollError} STORE_REFUSED where a newer or different release wrote the schema
 */
export function migrate(database: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<readonly number[]> {
  return database.transaction(async (queries) => {
    await queries.query('select pg_advisory_xact_lock($1::int8)', [MIGRATION_LOCK]);
    await queries.query('create schema if not exists plimsoll');
    await queries.query('create table if not exists plimsoll.migrations (number int4 primary key, name text not null, digest text not null, applied_at timestamptz not null default now())');
    const applied = await readApplied(queries);
    requireKnown(applied, migrations);
    const missing = migrations.filter((migration) => !applied.has(migration.number));
    for (const migration of missing) await apply(queries, migration);
    return missing.map((migration) => migration.number);
  });
}

async function readApplied(queries: Queries): Promise<ReadonlyMap<number, string>> {
  const rows = await queries.query('select number, digest from plimsoll.migrations order by number');
  return new Map(rows.map((row) => [Number(row['number']), String(row['digest'])]));
}

function requireKnown(applied: ReadonlyMap<number, string>, migrations: readonly Migration[]): void {
  for (const [number, digest] of applied) {
    const own = migrations.find((migration) => migration.number === number);
    if (own !== undefined && digestOf(own) === digest) continue;
    throw new PlimsollError('STORE_REFUSED', `The database was written by another release (step ${number} of its schema is not this release's). Use that release, or another database.`, {
      step: number,
    });
  }
}

async function apply(queries: Queries, migration: Migration): Promise<void> {
  for (const statement of splitStatements(migration.sql)) await queries.query(statement);
  await queries.query('insert into plimsoll.migrations (number, name, digest) values ($1, $2, $3)', [migration.number, migration.name, digestOf(migration)]);
}

function digestOf({ sql }: Migration): string {
  return createHash('sha256').update(sql).digest('hex');
}

/** Parts a script at the semicolons that end a line outside of $$ … $$. */
function splitStatements(script: string): readonly string[] {
  const statements: string[] = [];
  let current = '';
  let quoted = false;
  for (const line of script.split('\n')) {
    current += `${line}\n`;
    if ((line.split('$$').length - 1) % 2 === 1) quoted = !quoted;
    if (quoted || !line.trimEnd().endsWith(';') || line.trimStart().startsWith('--')) continue;
    statements.push(current);
    current = '';
  }
  if (current.trim() !== '') statements.push(current);
  return statements;
}
