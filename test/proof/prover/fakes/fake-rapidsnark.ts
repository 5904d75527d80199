import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { groth16 } from 'snarkjs';
import { openCurve } from '../../../../src/proof/prover/curve.ts';

/** A native prover in appearance: behaves as its first argument says and notes in the file of the second what it was given. */
const [behaviour, note = '', zkey = '', witness = '', proofFile = '', publicFile = ''] = process.argv.slice(2);
const folder = dirname(zkey);
const environment = Object.keys(process.env);
writeFileSync(note, JSON.stringify({ mode: statSync(folder).mode & 0o777, folder, files: [zkey, witness, proofFile, publicFile].map((file) => basename(file)), environment }));

if (behaviour === 'fail') process.exitCode = 1;
if (behaviour === 'hang') setInterval(() => {}, 1_000);
if (behaviour === 'nonsense') {
  writeFileSync(proofFile, '{"pi_a":["1","2","1"]}');
  writeFileSync(publicFile, '[]');
}
if (behaviour === 'prove') {
  await openCurve({ singleThread: true });
  const { proof, publicSignals } = await groth16.prove(readFileSync(zkey), readFileSync(witness));
  writeFileSync(proofFile, JSON.stringify(proof));
  writeFileSync(publicFile, JSON.stringify(publicSignals));
}
