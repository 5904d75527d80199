import type { Config } from '../config.ts';
import { openSnarkjsBackend } from '../proof/node/snarkjs-backend.ts';
import type { ProverBackend } from '../proof/prover/backend.ts';

/** Opens what proves on this machine: snarkjs in a thread. The caller closes it. */
export function openProver(_config: Config): ProverBackend {
  return openSnarkjsBackend();
}
