import { refuseStep } from './ceremony-error.ts';
import { hashFile } from './files.ts';
import { listFileSections, readFileSection } from './section-file.ts';

/** A first phase whose file is one of those that were published. */
export interface FirstPhase {
  readonly power: number;
  readonly blake2b: string;
}

/** Sections of a .ptau file: its header, and the Lagrange points that a second phase starts from. @source iden3/snarkjs src/powersoftau_utils.js */
const SECTION = { header: 1, lagrange: 12 } as const;
const FIELD_BYTES = 32;

/**
 * Checks a downloaded first phase: its hash stands in the table under the power that its header says, it is prepared, and it is large enough.
 *
 * @param table power → blake2b-512 of the published file, hex
 * @param rows constraints and public signals of the circuit
 * @throws {PlimsollError} INVALID_FILE, or KEY_REFUSED saying which file to download
 */
export async function checkFirstPhase(path: string, table: ReadonlyMap<number, string>, rows: number): Promise<FirstPhase> {
  const needed = neededPower(rows);
  const sections = await listFileSections(path, 'ptau');
  const header = await readFileSection(path, sections.get(SECTION.header));
  const power = header.byteLength >= FIELD_BYTES + 8 ? header.getUint32(4 + FIELD_BYTES, true) : 0;
  if (power < needed) throw refuseStep(`${path} is for 2^${power} rows, the circuit needs 2^${needed}. ${advice(needed)}`);
  if (!sections.has(SECTION.lagrange)) throw refuseStep(`${path} is not prepared for a second phase. ${advice(needed)}`);
  const blake2b = await hashFile(path, 'blake2b512');
  if (table.get(power) !== blake2b) {
    throw refuseStep(`${path} is not the published file of power ${power} (blake2b-512 ${blake2b.slice(0, 16)}…). Somebody may know its secrets. ${advice(needed)}`);
  }
  return { power, blake2b };
}

/** snarkjs takes the smallest power of two above constraints and public signals. @source iden3/snarkjs src/zkey_new.js */
function neededPower(rows: number): number {
  return Math.floor(Math.log2(rows)) + 1;
}

function advice(power: number): string {
  return `Download powersOfTau28_hez_final_${String(power).padStart(2, '0')}.ptau; the README of iden3/snarkjs says where.`;
}
