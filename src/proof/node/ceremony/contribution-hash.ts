import { createHash } from 'node:crypto';
import type { G1Point, G2Point } from '../../keys/points.ts';
import type { ZkeyContribution } from '../../keys/zkey-file.ts';

/**
 * The hash by which contributors know their contribution: blake2b-512 over the delta after it, its public key and its transcript.
 *
 * @source iden3/snarkjs src/zkey_utils.js, hashPubKey
 */
export function hashContribution({ deltaAfter, publicKey, transcript }: ZkeyContribution): string {
  const { g1s, g1sx, g2spx } = publicKey;
  return createHash('blake2b512').update(g1Bytes(deltaAfter)).update(g1Bytes(g1s)).update(g1Bytes(g1sx)).update(g2Bytes(g2spx)).update(transcript).digest('hex');
}

/** Uncompressed and big-endian; imaginary parts first. */
function g2Bytes(point: G2Point): Buffer {
  const { x, y } = point.toAffine();
  return bytesOf([x.c1, x.c0, y.c1, y.c0]);
}

function g1Bytes(point: G1Point): Buffer {
  const { x, y } = point.toAffine();
  return bytesOf([x, y]);
}

function bytesOf(numbers: readonly bigint[]): Buffer {
  return Buffer.from(numbers.map((number) => number.toString(16).padStart(64, '0')).join(''), 'hex');
}
