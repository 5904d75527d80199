import { argv } from 'node:process';
import { getInstance } from '../src/proof/instances.ts';
import { buildCircuit } from './build-circuit.ts';

// One circuit with its keys, in a process of its own: most of snarkjs' second phase runs on one core.

await buildCircuit(getInstance(argv[2] ?? '').id, { keys: true });
