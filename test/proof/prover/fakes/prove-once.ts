import { openSnarkjsBackend } from '../../../../src/proof/node/snarkjs-backend.ts';
import { TINY_INPUTS } from '../../keys/tiny-circuit.ts';
import { openTinyKeys } from '../open-tiny.ts';

/** Proves once, and closes the backend or does not: the process has to end by itself. */
const backend = openSnarkjsBackend({ threads: 2 });
await backend.prove({ keys: await openTinyKeys(), inputs: TINY_INPUTS });
process.stdout.write('proved\n');
if (process.argv[2] === 'close') await backend.close();
