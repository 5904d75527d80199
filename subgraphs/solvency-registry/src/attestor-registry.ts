import { Address, BigInt } from '@graphprotocol/graph-ts';
import {
  AttestorAdded,
  AttestorRemoved,
  AttestorRevoked,
  OwnershipOffered,
  OwnershipTaken,
  SignerAdded,
  SignerRemoved,
  SignerRevoked,
  ThresholdAnnounced,
} from '../generated/AttestorRegistry/AttestorRegistry';
import { Attestor, AttestorRegistry, Signer } from '../generated/schema';

export function handleOwnershipTaken(event: OwnershipTaken): void {
  const registry = getRegistry(event.address);
  registry.owner = event.params.owner.toHexString();
  registry.pendingOwner = null;
  registry.save();
}

export function handleOwnershipOffered(event: OwnershipOffered): void {
  const registry = getRegistry(event.address);
  registry.pendingOwner = event.params.next.equals(Address.zero()) ? null : event.params.next.toHexString();
  registry.save();
}

export function handleThresholdAnnounced(event: ThresholdAnnounced): void {
  const registry = getRegistry(event.address);
  registry.threshold = event.params.threshold.toI32();
  registry.thresholdFrom = event.params.effectiveFrom;
  registry.save();
}

export function handleAttestorAdded(event: AttestorAdded): void {
  const attestor = getAttestor(event.address, event.params.attestor);
  attestor.announcedAt = event.block.timestamp;
  attestor.activeFrom = event.params.activeFrom;
  attestor.activeUntil = null;
  attestor.save();
}

export function handleAttestorRemoved(event: AttestorRemoved): void {
  const attestor = getAttestor(event.address, event.params.attestor);
  attestor.announcedAt = event.block.timestamp;
  attestor.activeUntil = event.params.activeUntil;
  attestor.save();
}

export function handleAttestorRevoked(event: AttestorRevoked): void {
  const attestor = getAttestor(event.address, event.params.attestor);
  attestor.announcedAt = event.block.timestamp;
  attestor.activeUntil = event.block.timestamp;
  attestor.revoked = true;
  attestor.save();
}

export function handleSignerAdded(event: SignerAdded): void {
  const signer = getSigner(event.address, event.params.signer);
  signer.announcedAt = event.block.timestamp;
  signer.activeFrom = event.params.activeFrom;
  signer.activeUntil = null;
  signer.save();
}

export function handleSignerRemoved(event: SignerRemoved): void {
  const signer = getSigner(event.address, event.params.signer);
  signer.announcedAt = event.block.timestamp;
  signer.activeUntil = event.params.activeUntil;
  signer.save();
}

export function handleSignerRevoked(event: SignerRevoked): void {
  const signer = getSigner(event.address, event.params.signer);
  signer.announcedAt = event.block.timestamp;
  signer.activeUntil = event.block.timestamp;
  signer.revoked = true;
  signer.save();
}

function getRegistry(address: Address): AttestorRegistry {
  const id = address.toHexString();
  const known = AttestorRegistry.load(id);
  if (known != null) return known;
  const registry = new AttestorRegistry(id);
  registry.threshold = 0;
  registry.thresholdFrom = BigInt.zero();
  registry.owner = Address.zero().toHexString();
  return registry;
}

/** A key that is revoked without having been added counts from no time on. */
function getAttestor(registry: Address, attestor: BigInt): Attestor {
  const id = registry.toHexString() + '-' + attestor.toString();
  const known = Attestor.load(id);
  if (known != null) return known;
  const made = new Attestor(id);
  made.registry = registry.toHexString();
  made.attestor = attestor;
  made.activeFrom = BigInt.zero();
  made.revoked = false;
  return made;
}

function getSigner(registry: Address, signer: Address): Signer {
  const id = registry.toHexString() + '-' + signer.toHexString();
  const known = Signer.load(id);
  if (known != null) return known;
  const made = new Signer(id);
  made.registry = registry.toHexString();
  made.signer = signer.toHexString();
  made.activeFrom = BigInt.zero();
  made.revoked = false;
  return made;
}
