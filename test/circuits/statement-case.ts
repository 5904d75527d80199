import { packClaim } from '../../src/proof/claim.ts';
import { computeReferences, hashSecret, padUnitTable } from '../../src/proof/commitment.ts';
import { attestorId, type CurvePoint, derivePublicKey, type EddsaSignature, signEddsa } from '../../src/proof/eddsa.ts';
import { getInstance, type InstanceId } from '../../src/proof/instances.ts';
import { poseidonChain } from '../../src/proof/poseidon.ts';
import type { CircuitInputs } from '../../src/proof/prover/backend.ts';
import type { StatementInput } from '../../src/proof/reference.ts';
import { padRows, type Row } from '../../src/proof/row.ts';
import { reduce } from './constraint-system.ts';

/** A row whose components may be any field elements, for attempts at cheating. */
export type FreeRow = Readonly<Record<keyof Row, bigint>>;

/** Everything that a circuit takes, before it is committed to and signed. */
export interface Assignment {
  readonly rows: readonly FreeRow[];
  readonly unitTable: readonly bigint[];
  readonly u: bigint;
  readonly scope: bigint;
  readonly claim: bigint;
  readonly account: bigint;
  readonly secret: bigint;
  readonly salt: bigint;
  readonly coverage: bigint;
  readonly blocksHash: bigint;
  readonly domain: bigint;
  readonly binding: bigint;
  readonly snapshot: bigint;
}

const CONTEXT = {
  account: 0xd8da6bf26964af9d7eed9e03e53415d37aa96045n,
  secret: 0x1f3a_55c7_90be_2d04_8e61_aa19_0b7c_43d2n,
  salt: 0x7d21_0c9e_b6f4_5a38_13ce_9f00_62d8_e1abn,
  coverage: 0xc0de_0001n,
  blocksHash: 0xb10c_0001n,
  domain: 0xd0_0a11n,
  binding: 0xb1_4d14n,
  snapshot: 1_700_000_000n,
} as const;

/** The attestor of these tests. */
export const ATTESTOR_KEY = new Uint8Array(32).fill(7);

/** Lays a statement out as a circuit takes it: rows padded, the rest from constants. */
export function assign(instance: InstanceId, statement: StatementInput): Assignment {
  const rows = padRows(statement.rows, getInstance(instance).rows).map((row) => ({ ...row, unit: BigInt(row.unit), side: BigInt(row.side) }));
  return { ...CONTEXT, rows, unitTable: padUnitTable(statement.unitTable), u: BigInt(statement.unit), scope: statement.scope, claim: packClaim(statement.claim) };
}

/** The commitment of an assignment. Unlike commitVector it takes components of any size, as a cheating attestor could. */
export function commitAssignment(assignment: Assignment): bigint {
  const { account, snapshot, secret, salt, coverage, blocksHash, unitTable, rows } = assignment;
  return poseidonChain(1n, [account, snapshot, hashSecret(secret), salt, coverage, blocksHash, ...unitTable, ...rows.map(packFreely)]);
}

/** What an attestor adds to an assignment. */
export interface Seal {
  readonly commitment: bigint;
  readonly publicKey: CurvePoint;
  readonly signature: EddsaSignature;
}

/** Commits to an assignment and signs it. */
export function seal(assignment: Assignment, privateKey: Uint8Array = ATTESTOR_KEY): Seal {
  const commitment = commitAssignment(assignment);
  return { commitment, publicKey: derivePublicKey(privateKey), signature: signEddsa(privateKey, commitment) };
}

/** The inputs of a circuit. */
export function inputsOf(instance: InstanceId, assignment: Assignment, sealed: Seal = seal(assignment)): CircuitInputs {
  const { rows, unitTable, u, account, secret, salt, blocksHash, coverage, domain, binding, snapshot, claim, scope } = assignment;
  const references = computeReferences({ account, secret, domain, snapshot, scope });
  const { publicKey, signature, commitment } = sealed;
  const first =
    getInstance(instance).mode === 'attested' ? { attestor: attestorId(publicKey), Ax: publicKey.x, Ay: publicKey.y, R8x: signature.r8.x, R8y: signature.r8.y, S: signature.s } : { commitment };
  const single = { ...first, coverage, domain, binding, snapshot, claim, scope, ...references, account, secret, salt, blocksHash, u };
  const column = (name: keyof FreeRow): readonly string[] => rows.map((row) => row[name].toString());
  return {
    ...Object.fromEntries(Object.entries(single).map(([name, value]) => [name, value.toString()])),
    unitTable: unitTable.map(String),
    amount: column('amount'),
    price: column('price'),
    weight: column('weight'),
    unit: column('unit'),
    side: column('side'),
  };
}

function packFreely({ amount, price, weight, unit, side }: FreeRow): bigint {
  return reduce(amount + price * 2n ** 104n + weight * 2n ** 192n + unit * 2n ** 216n + side * 2n ** 224n);
}
