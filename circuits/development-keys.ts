import { readFileSync, writeFileSync } from 'node:fs';
import { zKey } from 'snarkjs';
import { InternalError } from '../src/core/errors.ts';
import { openCurve } from '../src/proof/prover/curve.ts';
import { readHeader } from './r1cs.ts';
import { KNOWN_BEACON } from './setup/known-tau.ts';
import { writeKnownTau } from './setup/known-tau-file.ts';
import { openGeneratorPool } from './setup/multiply-generator.ts';

/** A file of snarkjs that is kept in memory. */
interface MemoryFile {
  readonly type: 'mem';
  data?: Uint8Array;
}

const firstPhases = new Map<number, Promise<Uint8Array>>();

/**
 * Makes the DEVELOPMENT keys of a compiled circuit: a first phase from secrets that everybody knows, the second phase of snarkjs, and one constant beacon. They are
 * insecure, and the same bytes on every machine.
 *
 * @param files r1cs is read; zkey and vkey are written, vkey as indented JSON with a new line at its end
 */
export async function makeDevelopmentKeys(files: { readonly r1cs: string; readonly zkey: string; readonly vkey: string }): Promise<void> {
  const { constraints, publicSignals } = readHeader(readFileSync(files.r1cs));
  const firstPhase = await firstPhaseFor(domainPower(constraints + publicSignals));
  const curve = await openCurve({ singleThread: false });
  try {
    const [initial, final]: MemoryFile[] = [{ type: 'mem' }, { type: 'mem' }];
    await zKey.newZKey(files.r1cs, { type: 'mem', data: firstPhase }, initial);
    await zKey.beacon(initial, final, 'development', KNOWN_BEACON.hash, KNOWN_BEACON.iterations);
    if (final?.data === undefined) throw new InternalError('snarkjs made no key.');
    writeFileSync(files.zkey, final.data);
    writeFileSync(files.vkey, `${JSON.stringify(await zKey.exportVerificationKey(final), null, 2)}\n`);
  } finally {
    await curve.terminate();
  }
}

/** The first phase of one size serves every circuit of that size. */
function firstPhaseFor(power: number): Promise<Uint8Array> {
  const known = firstPhases.get(power);
  if (known !== undefined) return known;
  const made = makeFirstPhase(power);
  firstPhases.set(power, made);
  return made;
}

async function makeFirstPhase(power: number): Promise<Uint8Array> {
  const pool = openGeneratorPool();
  try {
    return await writeKnownTau(power, pool);
  } finally {
    await pool.close();
  }
}

/** snarkjs takes the smallest power of two that is greater than constraints + public signals. @source iden3/snarkjs src/zkey_new.js */
function domainPower(rows: number): number {
  return Math.floor(Math.log2(rows)) + 1;
}
