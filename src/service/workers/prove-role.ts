import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import type { Sealer } from '../../store/seal.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import { runProofJob } from '../jobs/proof-jobs.ts';
import { openProver } from '../proof/prover.ts';
import { startQueueRole } from './prove-queue.ts';
import type { StartRole } from './role.ts';

/** What a prover has besides the configuration. */
export interface ProveRoleOptions {
  readonly queue: JobQueue;
  readonly sealer: Sealer;
  /** A folder of proving keys; the shipped development keys where null. */
  readonly keys: string | null;
  readonly allowDevelopment: boolean;
  /** Milliseconds that a proof may go on for after the worker was told to stop, before the job is handed back. */
  readonly graceMs: number;
}

/** Makes the role that proves: one proof at a time, taken from the queue that all provers of a database share. */
export function proveRole({ queue, sealer, keys, allowDevelopment, graceMs }: ProveRoleOptions): StartRole {
  return async (context) => {
    const { config, database } = context;
    if (allowDevelopment && config.production) throw new PlimsollError('KEY_REFUSED', 'Development keys are refused in production. Leave --dev-keys out, and give proving keys by --keys.');
    if (!allowDevelopment && keys === null)
      throw new InvalidArgument('The role prove needs proving keys: --keys <folder>. Where a proof needs to convince nobody, --dev-keys takes the shipped development keys.');
    const backend = openProver(config);
    return startQueueRole(
      {
        role: 'prove',
        queue,
        keyNumber: sealer.keyNumber,
        graceMs,
        run: (attempt) => runProofJob(attempt, { config, database, sealer, backend, keys, allowDevelopment }),
        closed: () => backend.close(),
      },
      context,
    );
  };
}
