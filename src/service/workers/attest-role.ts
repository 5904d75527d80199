import { InvalidArgument } from '../../core/errors.ts';
import type { Sealer } from '../../store/seal.ts';
import { runAttestJob } from '../jobs/attest-jobs.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import { readAttestorKey } from '../proof/attestor.ts';
import { startQueueRole } from './prove-queue.ts';
import type { StartRole } from './role.ts';

/** What an attestor has besides the configuration. */
export interface AttestRoleOptions {
  readonly queue: JobQueue;
  readonly sealer: Sealer;
  /** The attestor's key. Its list of secret hashes lies beside it. */
  readonly keyFile: string | null;
  /** Milliseconds that a wallet may go on being read for after the worker was told to stop, before the job is handed back. */
  readonly graceMs: number;
}

/** Makes the role that vouches for wallets, one at a time; the key never leaves the process that was given it. */
export function attestRole({ queue, sealer, keyFile, graceMs }: AttestRoleOptions): StartRole {
  return async (context) => {
    if (keyFile === null) throw new InvalidArgument('The role attest needs the key of an attestor: --key-file <file>. "plimsoll attestor create" makes one.');
    const { config, database, surroundings } = context;
    const key = await readAttestorKey(keyFile);
    const ledger = `${keyFile}.ledger.json`;
    return startQueueRole(
      { role: 'attest', queue, keyNumber: sealer.keyNumber, graceMs, run: (attempt) => runAttestJob(attempt, { config, database, sealer, key, ledger, surroundings }), closed: async () => {} },
      context,
    );
  };
}
