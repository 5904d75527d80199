import { InvalidArgument } from '../core/errors.ts';
import { UNITS } from './instances.ts';
import { poseidon, poseidonChain } from './poseidon.ts';
import { packRow, padRows, type Row } from './row.ts';

/** Everything that an attestor vouches for: the whole wallet at one moment, at a fixed length. All numbers are field elements. */
export interface PositionVector {
  /** Whose positions: the wallet's address as an integer, or a hash of several. */
  readonly account: bigint;
  /** The oldest unix second over the chains read. */
  readonly snapshot: bigint;
  /** Poseidon(secret). */
  readonly secretHash: bigint;
  /** At least 128 random bits: without it the few plausible positions of a known wallet could be tried out. */
  readonly salt: bigint;
  /** What was looked at (coverage.ts). */
  readonly coverage: bigint;
  readonly blocksHash: bigint;
  /** Market ids by unit, at most 16; shorter lists are padded with 0. */
  readonly unitTable: readonly bigint[];
  readonly rows: readonly Row[];
}

/** The domain tag of commitments in the chained hash. */
const COMMITMENT_DOMAIN = 1n;

/**
 * The Poseidon commitment over the whole, padded vector of a circuit with `rows` rows.
 *
 * @throws {InvalidArgument} where rows or units do not fit, or a number is out of range.
 */
export function commitVector(vector: PositionVector, rows: number): bigint {
  const packed = padRows(vector.rows, rows).map(packRow);
  const head = [vector.account, vector.snapshot, vector.secretHash, vector.salt, vector.coverage, vector.blocksHash];
  return poseidonChain(COMMITMENT_DOMAIN, [...head, ...padUnitTable(vector.unitTable), ...packed]);
}

/** Fills a unit table up to its 16 fields. The given list is not changed. @throws {InvalidArgument} where there are more */
export function padUnitTable(unitTable: readonly bigint[]): readonly bigint[] {
  if (unitTable.length > UNITS) throw new InvalidArgument(`${unitTable.length} accounts do not fit a unit table of ${UNITS}.`);
  return [...unitTable, ...Array<bigint>(UNITS - unitTable.length).fill(0n)];
}

/** What stands in a vector for its holder's secret. */
export function hashSecret(secret: bigint): bigint {
  return poseidon([secret]);
}

/** The holder's references in one domain: neither depends on recipient or deadline, and those of different domains cannot be linked. */
export interface HolderReferences {
  /** Names the account to one consumer, the same in every proof. */
  readonly accountRef: bigint;
  /** Spent once per consumer, snapshot and scope. */
  readonly nullifier: bigint;
}

/** Computes what a proof says of its holder: s = Poseidon(secret, domain), accountRef = Poseidon(account, s), nullifier = Poseidon(s, snapshot, scope). */
export function computeReferences(input: { readonly account: bigint; readonly secret: bigint; readonly domain: bigint; readonly snapshot: bigint; readonly scope: bigint }): HolderReferences {
  const s = poseidon([input.secret, input.domain]);
  return { accountRef: poseidon([input.account, s]), nullifier: poseidon([s, input.snapshot, input.scope]) };
}
