import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { PlimsollError } from '../core/errors.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const KEY_NUMBER_OF = 'plimsoll: number of the key';

/** Seals what must not lie in the database as it is: rows and secrets of proof jobs, webhook secrets. */
export interface Sealer {
  /**
   * The same number, from 1 to 2^31 − 1, for sealers of one key, and hardly ever that of another: it tells whose jobs are whose before they are opened. It helps to guess a key no more than what lies
   * sealed beside it does.
   */
  readonly keyNumber: number;
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
    keyNumber: Math.max(1, createHmac('sha256', secret).update(KEY_NUMBER_OF).digest().readUInt32BE(0) >>> 1),
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
