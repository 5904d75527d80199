import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { PlimsollError } from '../core/errors.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** Seals what must not lie in the database as it is: rows and secrets of proof jobs, webhook secrets. */
export interface Sealer {
  /** Encrypts and authenticates. `place` says what the bytes belong to: they open nowhere else. */
  seal(plain: Uint8Array, place: string): Uint8Array;
  /** @throws {PlimsollError} STORE_REFUSED where another key sealed them, they were altered, or they belong elsewhere */
  open(sealed: Uint8Array, place: string): Uint8Array;
}

/**
 * Makes a sealer from a key of 32 bytes, with AES-256-GCM and a random nonce for each message.
 *
 * @param key a copy is kept; null makes a key that no other process knows and that ends with this one
 * @source NIST SP 800-38D; sealed form: version (1) · nonce (12) · tag (16) · ciphertext
 */
export function createSealer(key: Uint8Array | null = null): Sealer {
  const secret = key === null ? randomBytes(KEY_BYTES) : Buffer.from(key);
  if (secret.length !== KEY_BYTES) throw new PlimsollError('STORE_REFUSED', `The process key must have ${KEY_BYTES} bytes.`);
  return {
    seal(plain, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', secret, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return new Uint8Array(Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]));
    },
    open(sealed, place) {
      try {
        if (sealed[0] !== VERSION) throw refused();
        const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
        const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', secret, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place)).setAuthTag(tag);
        return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES + TAG_BYTES)), decipher.final()]));
      } catch {
        throw refused();
      }
    },
  };
}

function refused(): PlimsollError {
  return new PlimsollError('STORE_REFUSED', 'Sealed data cannot be opened: another process key sealed them, or they were altered. What they were for has to be asked for again.');
}
