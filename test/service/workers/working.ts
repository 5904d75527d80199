import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../../src/config.ts';
import type { Address } from '../../../src/core/ids.ts';
import type { ProofJobRequest } from '../../../src/service/jobs/proof-jobs.ts';
import { startWorkers, type Workers, type WorkersRequest } from '../../../src/service/workers/start-workers.ts';
import type { Database } from '../../../src/store/database.ts';
import { attestRecorded, SECRET } from '../../proof/subjects.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
/** A key that several processes share, as PLIMSOLL_SEAL_KEY. */
export const SEAL_KEY = '5a'.repeat(32);
const CONSUMER: Address = `0x${'0'.repeat(38)}aa`;
const RECIPIENT: Address = `0x${'0'.repeat(38)}bb`;

/** What is asked for: the breach of the insolvent recorded wallet, on the recorded clock. */
export async function breach(changes: Partial<ProofJobRequest> = {}): Promise<ProofJobRequest> {
  const attestation = await attestRecorded('insolvent');
  return {
    attestation,
    secret: SECRET,
    statement: 'breach',
    threshold: '1.0',
    minDeficit: null,
    scope: 'unified',
    chainId: 31337,
    consumer: CONSUMER,
    recipient: RECIPIENT,
    deadline: BigInt(attestation.createdAt + 3_600),
    allowDevelopment: true,
    ...changes,
  };
}

/** Starts roles in this process with nothing configured; `lines` collects what they tell. */
export function startHere(database: Database, request: Omit<WorkersRequest, 'config' | 'database' | 'log'> & Partial<Pick<WorkersRequest, 'config'>>, lines: string[] = []): Promise<Workers> {
  return startWorkers({ config: readConfig({}), database, log: (line) => void lines.push(line), ...request });
}

/** Waits until there is an answer; the limit is generous, since it says nothing about speed. */
export async function until<Found>(find: () => Promise<Found | null | false | undefined> | Found | null | false | undefined, limitMs = 180_000): Promise<Found> {
  for (const end = Date.now() + limitMs; ; ) {
    const found = await find();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Everything that the tables of jobs hold, as text: bytes as hex, as text and as base64. */
export async function dumpJobs(database: Database): Promise<string> {
  const [row] = await database.query(
    `select coalesce((select string_agg(to_jsonb(j)::text || coalesce(encode(j.payload, 'escape'), '') || coalesce(encode(j.payload, 'base64'), ''), chr(10)) from plimsoll.proof_jobs j), '')
       || coalesce((select string_agg(to_jsonb(q)::text, chr(10)) from plimsoll_jobs.job q), '') as text`,
  );
  return String(row?.['text']);
}

/** A process of its own that works. */
export interface WorkerChild {
  readonly process: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

const children = new Set<ChildProcess>();

/** Starts `plimsoll worker` as a process of its own, with nothing configured but `environment`. */
export function spawnWorker(args: readonly string[], environment: Readonly<Record<string, string>>): WorkerChild {
  const child = spawn(process.execPath, [MAIN, 'worker', ...args], { env: { PATH: process.env.PATH ?? '', NO_COLOR: '1', ...environment } });
  children.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => {
      children.delete(child);
      resolve({ code, signal });
    });
  });
  return { process: child, ended, stdout: () => output.stdout, stderr: () => output.stderr };
}

/** Ends what a test left running. */
export function endWorkers(): void {
  for (const child of children) child.kill('SIGKILL');
}
