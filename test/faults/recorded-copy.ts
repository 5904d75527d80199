import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RECORDED_ROOT } from '../../src/service/portfolio/recorded-data.ts';
import { withValue } from '../fakes/fake-network.ts';

/** Changes to files of a data set, by file name. */
export type Edits = Readonly<Record<string, (json: unknown) => unknown>>;

/** A changed copy of a shipped data set in a folder of its own. */
export interface RecordedCopy {
  readonly folder: string;
  remove(): void;
}

/** Copies a shipped data set to a temporary folder and changes its files there. */
export function copyRecorded(name: string, edits: Edits): RecordedCopy {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-recorded-'));
  cpSync(join(RECORDED_ROOT, name), folder, { recursive: true });
  for (const [file, change] of Object.entries(edits)) {
    const path = join(folder, file);
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Changes the rows of one entity in every snapshot of a recorded subgraph. */
export function editRows(entity: string, change: (rows: readonly Row[]) => readonly unknown[]): (json: unknown) => unknown {
  return (json) => withEach(json, ['snapshots'], (snapshot) => withValue(snapshot, ['entities', entity], (rows) => change(rows as readonly Row[])));
}

/** Changes one field of those rows of an entity that match. */
export function editField(entity: string, field: string, change: { readonly where?: (row: Row) => boolean; readonly to: unknown }): (json: unknown) => unknown {
  return editRows(entity, (rows) => rows.map((row) => (change.where?.(row) === false ? row : { ...row, [field]: change.to })));
}

/** Changes those answers of a recorded chain that match. */
export function editAnswers(where: (call: RecordedCall) => boolean, change: (call: RecordedCall) => RecordedCall | null): (json: unknown) => unknown {
  return (json) => withValue(json, ['calls'], (calls) => (calls as readonly RecordedCall[]).flatMap((call) => (where(call) ? (change(call) ?? []) : [call])));
}

/** One row as recorded. */
export type Row = Readonly<Record<string, unknown>>;
/** One recorded answer. */
export interface RecordedCall {
  readonly to: string;
  readonly signature: string;
  readonly args: readonly unknown[];
  readonly returns: readonly unknown[];
}

function withEach(json: unknown, path: readonly string[], change: (item: unknown) => unknown): unknown {
  return withValue(json, path, (list) => (Array.isArray(list) ? list.map(change) : list));
}
