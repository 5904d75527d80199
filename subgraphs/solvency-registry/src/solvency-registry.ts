import { Address, BigInt, ethereum } from '@graphprotocol/graph-ts';
import { Account, Breach, Circuit, Consumer, Registration, SolventProof, Terms } from '../generated/schema';
import {
  Breach as BreachEvent,
  CircuitRegistered,
  CircuitStopped,
  Frozen,
  Solvent as SolventEvent,
  TermsRemoved,
  TermsSet,
} from '../generated/SolvencyRegistry/SolvencyRegistry';

const BOUND_BITS: u8 = 24;
const BOUND_RANGE = BigInt.fromI32(1 << 24);

export function handleCircuitRegistered(event: CircuitRegistered): void {
  const circuit = new Circuit(event.params.circuitId.toHexString());
  circuit.verifier = event.params.verifier.toHexString();
  circuit.mode = event.params.mode == 0 ? 'ATTESTED' : 'COMMITTED';
  circuit.activeFrom = event.params.activeFrom;
  circuit.save();
}

export function handleCircuitStopped(event: CircuitStopped): void {
  const circuit = Circuit.load(event.params.circuitId.toHexString());
  if (circuit == null) return;
  circuit.stoppedAt = event.block.timestamp;
  circuit.save();
}

export function handleFrozen(event: Frozen): void {
  const registration = new Registration(event.address.toHexString());
  registration.frozenAt = event.block.timestamp;
  registration.save();
}

export function handleTermsSet(event: TermsSet): void {
  const terms = new Terms(termsId(event.params.consumer, event.params.purpose, event.params.coverage, event.params.scope));
  terms.consumer = getConsumer(event.params.consumer).id;
  terms.purpose = purposeName(event.params.purpose);
  terms.coverage = event.params.coverage;
  terms.scope = event.params.scope;
  terms.attestors = event.params.attestors.toHexString();
  terms.bound = event.params.bound;
  terms.minDeficit = event.params.minDeficit;
  terms.maxAge = event.params.maxAge;
  terms.setAt = event.block.timestamp;
  terms.removedAt = null;
  terms.save();
}

export function handleTermsRemoved(event: TermsRemoved): void {
  const terms = Terms.load(termsId(event.params.consumer, event.params.purpose, event.params.coverage, event.params.scope));
  if (terms == null) return;
  terms.removedAt = event.block.timestamp;
  terms.save();
}

export function handleBreach(event: BreachEvent): void {
  const consumer = getConsumer(event.params.consumer);
  consumer.breachCount += 1;
  consumer.save();
  const account = getAccount(consumer, event.params.accountRef);
  account.breachCount += 1;
  account.lastBreachSnapshot = latest(account.lastBreachSnapshot, event.params.snapshot);
  account.save();

  const breach = new Breach(logId(event));
  breach.consumer = consumer.id;
  breach.account = account.id;
  breach.accountRef = event.params.accountRef;
  breach.nullifier = event.params.nullifier;
  breach.snapshot = event.params.snapshot;
  breach.scope = event.params.scope;
  breach.coverage = event.params.coverage;
  breach.claim = event.params.claim;
  breach.upper = event.params.claim.rightShift(BOUND_BITS).mod(BOUND_RANGE).toI32();
  breach.minDeficit = event.params.claim.rightShift(2 * BOUND_BITS);
  breach.recipient = event.params.recipient.toHexString();
  breach.block = event.block.number;
  breach.countedAt = event.block.timestamp;
  breach.transaction = event.transaction.hash.toHexString();
  breach.save();
}

export function handleSolvent(event: SolventEvent): void {
  const consumer = getConsumer(event.params.consumer);
  consumer.solventCount += 1;
  consumer.save();
  const account = getAccount(consumer, event.params.accountRef);
  account.solventCount += 1;
  account.lastSolventSnapshot = latest(account.lastSolventSnapshot, event.params.snapshot);
  account.save();

  const proof = new SolventProof(logId(event));
  proof.consumer = consumer.id;
  proof.account = account.id;
  proof.accountRef = event.params.accountRef;
  proof.nullifier = event.params.nullifier;
  proof.snapshot = event.params.snapshot;
  proof.scope = event.params.scope;
  proof.coverage = event.params.coverage;
  proof.claim = event.params.claim;
  proof.lower = event.params.claim.mod(BOUND_RANGE).toI32();
  proof.recipient = event.params.recipient.toHexString();
  proof.block = event.block.number;
  proof.countedAt = event.block.timestamp;
  proof.transaction = event.transaction.hash.toHexString();
  proof.save();
}

function getConsumer(address: Address): Consumer {
  const id = address.toHexString();
  const known = Consumer.load(id);
  if (known != null) return known;
  const consumer = new Consumer(id);
  consumer.breachCount = 0;
  consumer.solventCount = 0;
  consumer.save();
  return consumer;
}

function getAccount(consumer: Consumer, accountRef: BigInt): Account {
  const id = consumer.id + '-' + accountRef.toString();
  const known = Account.load(id);
  if (known != null) return known;
  const account = new Account(id);
  account.consumer = consumer.id;
  account.accountRef = accountRef;
  account.breachCount = 0;
  account.solventCount = 0;
  return account;
}

/** Proofs may be counted in another order than that of their snapshots. */
function latest(known: BigInt | null, snapshot: BigInt): BigInt {
  if (known === null) return snapshot;
  return known.gt(snapshot) ? known : snapshot;
}

function logId(event: ethereum.Event): string {
  return event.transaction.hash.toHexString() + '-' + event.logIndex.toString();
}

function termsId(consumer: Address, purpose: i32, coverage: BigInt, scope: BigInt): string {
  return consumer.toHexString() + '-' + purposeName(purpose) + '-' + coverage.toString() + '-' + scope.toString();
}

function purposeName(purpose: i32): string {
  return purpose == 0 ? 'BREACH' : 'SOLVENT';
}
