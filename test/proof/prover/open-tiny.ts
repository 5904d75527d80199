import { readFileSync } from 'node:fs';
import { loadKeys, type OpenedKeys } from '../../../src/proof/keys/load-keys.ts';
import { describeTiny, makeTinyCircuit } from '../keys/tiny-circuit.ts';

/** The keys of the tiny circuit, opened. */
export async function openTinyKeys(): Promise<OpenedKeys> {
  const circuit = await makeTinyCircuit();
  return loadKeys({
    manifest: describeTiny(circuit, 'dev'),
    instance: 'S-committed',
    wasm: readFileSync(circuit.wasm),
    zkey: readFileSync(circuit.zkey),
    vkey: readFileSync(circuit.vkey),
    environment: { chainId: 31_337, production: false, allowDevelopment: true },
  });
}
