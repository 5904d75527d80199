import { PlimsollError } from '../core/errors.ts';
import type { Address } from '../core/ids.ts';
import { type Attestation, vectorOf } from './attestation.ts';
import { type Claim, packClaim } from './claim.ts';
import { computeReferences, hashSecret, type PositionVector, padUnitTable } from './commitment.ts';
import { coverageId } from './coverage.ts';
import { attestorId } from './eddsa.ts';
import { getInstance, type Instance, UNITS } from './instances.ts';
import type { CircuitInputs } from './prover/backend.ts';
import { computeBinding, computeDomain, type PublicSignals } from './public-signals.ts';
import { evaluateStatement } from './reference.ts';
import { padRows, type Row } from './row.ts';
import { packScope, type Scope } from './scope.ts';

/** What is to be proved, and for whom it counts. */
export interface StatementRequest {
  readonly chainId: number;
  /** The contract that the proof is for; it counts nowhere else. */
  readonly consumer: Address;
  /** Whom the proof serves, so that nobody who sees it can take it over. */
  readonly recipient: Address;
  /** Unix seconds after which it does not count. */
  readonly deadline: bigint;
  readonly claim: Claim;
  readonly scope: Scope;
}

/** A statement that holds, with what a prover needs to show it. The inputs hold positions and the secret. */
export interface Statement {
  readonly instance: Instance;
  readonly signals: PublicSignals;
  readonly inputs: CircuitInputs;
}

/**
 * Builds a statement over an attestation, and judges it in integers before anything is proved.
 *
 * With a scope that is one account, the first account for which the claim holds is taken.
 *
 * @param secret the holder's, whose hash the attestation carries
 * @throws {PlimsollError} ATTESTATION_REFUSED where the secret is another one; STATEMENT_FALSE where the claim does not hold. No message holds a number of
 * the positions.
 */
export function buildStatement(attestation: Attestation, secret: bigint, request: StatementRequest): Statement {
  const instance = getInstance(attestation.instance);
  if (hashSecret(secret) !== attestation.secretHash) {
    throw new PlimsollError('ATTESTATION_REFUSED', 'The secret is not the one that the attestation was made for. Use the secret file of this wallet.');
  }
  const vector = vectorOf(attestation);
  const scope = packScope(request.scope);
  const unit = chooseUnit(vector, scope, request.claim);
  const domain = computeDomain({ chainId: request.chainId, consumer: request.consumer, instance: instance.id });
  const signals: PublicSignals = {
    attestor: attestation.signature.kind === 'eddsa' ? attestorId(attestation.signature.publicKey) : attestation.commitment,
    coverage: coverageId(attestation.coverage),
    domain,
    binding: computeBinding(request.recipient, request.deadline),
    snapshot: vector.snapshot,
    claim: packClaim(request.claim),
    scope,
    ...computeReferences({ account: vector.account, secret, domain, snapshot: vector.snapshot, scope }),
  };
  return { instance, signals, inputs: circuitInputs({ attestation, vector, signals, secret, unit, rows: padRows(vector.rows, instance.rows) }) };
}

function chooseUnit(vector: PositionVector, scope: bigint, claim: Claim): number {
  const verdicts = Array.from({ length: UNITS }, (_, unit) => evaluateStatement({ rows: vector.rows, unitTable: vector.unitTable, unit, scope, claim }));
  const unit = verdicts.findIndex((verdict) => verdict.holds);
  if (unit >= 0) return unit;
  const reasons = [...new Set(verdicts.map((verdict) => verdict.reason))];
  const telling = reasons.find((reason) => !reason.startsWith('the account')) ?? reasons[0] ?? '';
  throw new PlimsollError('STATEMENT_FALSE', `The statement does not hold: ${telling}. There is no proof of it; ask for another threshold, deficit or scope.`, { reason: telling });
}

interface InputParts {
  readonly attestation: Attestation;
  readonly vector: PositionVector;
  readonly signals: PublicSignals;
  readonly secret: bigint;
  readonly unit: number;
  readonly rows: readonly Row[];
}

function circuitInputs({ attestation, vector, signals, secret, unit, rows }: InputParts): CircuitInputs {
  const { attestor, ...shared } = signals;
  const { signature } = attestation;
  const column = (name: keyof Row): readonly string[] => rows.map((row) => row[name].toString());
  const named = { ...shared, account: vector.account, secret, salt: vector.salt, blocksHash: vector.blocksHash, u: unit };
  return {
    ...(signature.kind === 'eddsa' ? { attestor: attestor.toString() } : { commitment: attestor.toString() }),
    ...Object.fromEntries(Object.entries(named).map(([name, value]) => [name, value.toString()])),
    unitTable: padUnitTable(vector.unitTable).map(String),
    amount: column('amount'),
    price: column('price'),
    weight: column('weight'),
    unit: column('unit'),
    side: column('side'),
    ...(signature.kind === 'eddsa' ? signatureInputs(signature) : {}),
  };
}

function signatureInputs({ publicKey, r8, s }: Extract<Attestation['signature'], { kind: 'eddsa' }>): CircuitInputs {
  return { Ax: publicKey.x.toString(), Ay: publicKey.y.toString(), R8x: r8.x.toString(), R8y: r8.y.toString(), S: s.toString() };
}
