import type { Config } from '../../config.ts';
import { openRapidsnarkBackend } from '../../proof/node/rapidsnark-backend.ts';
import { openSnarkjsBackend } from '../../proof/node/snarkjs-backend.ts';
import type { ProverBackend } from '../../proof/prover/backend.ts';

/** Opens what proves on this machine: snarkjs in a thread, or the native prover that is configured. The caller closes it. */
export function openProver(config: Config): ProverBackend {
  return config.rapidsnarkBin === null ? openSnarkjsBackend() : openRapidsnarkBackend(config.rapidsnarkBin);
}
