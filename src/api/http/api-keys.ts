import { createHash, randomBytes } from 'node:crypto';
import { ipKeyGenerator } from 'express-rate-limit';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import { SCOPES, type Scope } from '../contract/operations.ts';
import type { ApiKey, KeyStore } from './key-store.ts';

/** What begins every key, so that one that leaked can be found. */
const PREFIX = 'plk_';
const KEY_BYTES = 32;
const KEY = /^plk_[A-Za-z0-9_-]{43}$/;
/** Hex digits of the hash. */
const ID_DIGITS = 12;
const NO_HASH = '0'.repeat(64);

/** Who asks, and what they may do. */
export interface Caller {
  /** The key's name; null without one. */
  readonly name: string | null;
  /** What its own things are known by: another key of the same name has another id. Null without a key. */
  readonly keyId: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** Whether it is whoever runs the service: without keys everybody who reaches it, else a key with the scope admin. What others made is the operator's too. */
  readonly isOperator: boolean;
}

/** Tells whether something is a caller's own: of its key, or whatever it is where that is the operator. */
export function isOwn(caller: Caller, keyId: string | null): boolean {
  return caller.isOperator || (keyId !== null && keyId === caller.keyId);
}

/** What a caller is counted by: its key, or without one its address, of which IPv6 gives everybody many. */
export function callerKey({ name }: Caller, address: string | undefined): string {
  return name === null ? ipKeyGenerator(address ?? '') : `key ${name}`;
}

/** The keys of a running service. */
export interface KeyRing {
  /** Whether there is any key: without one the service is for this machine alone. */
  readonly isOpen: () => boolean;
  /** @throws {PlimsollError} UNAUTHENTICATED for a key that is not known */
  readonly identify: (authorization: string | undefined) => Caller;
  /** Ids of the keys that are in force; null while there is none at all. */
  readonly ids: () => readonly string[] | null;
  /** Reads the keys again: one that was taken out ends here. @throws {PlimsollError} INVALID_FILE, STORE_*; the keys stay as they were then */
  readonly refresh: () => Promise<void>;
}

/**
 * Makes a key and keeps its hash.
 *
 * @param now unix seconds
 * @returns the key itself, which is kept nowhere
 * @throws {InvalidArgument} for a name that is taken
 * @throws {PlimsollError} INVALID_FILE, STORE_*
 */
export async function createApiKey(store: KeyStore, { name, scopes, now }: { readonly name: string; readonly scopes: readonly Scope[]; readonly now: number }): Promise<string> {
  const key = `${PREFIX}${randomBytes(KEY_BYTES).toString('base64url')}`;
  if (await store.add({ name, sha256: hashOf(key), scopes: [...scopes], createdAt: now })) return key;
  throw new InvalidArgument(`There is a key named ${name}. Choose another name, or revoke it first.`, { name });
}

/**
 * Opens the keys of a service.
 *
 * @param anonymous what may be done without a key once there are keys; without any key everything may be done
 * @throws {PlimsollError} INVALID_FILE, STORE_*
 */
export async function openKeyRing(store: KeyStore, anonymous: readonly Scope[]): Promise<KeyRing> {
  let keys = await store.list();
  return {
    isOpen: () => keys.length === 0,
    ids: () => (keys.length === 0 ? null : keys.filter(({ sha256 }) => sha256 !== NO_HASH).map(idOf)),
    identify(authorization) {
      if (keys.length === 0) return { name: null, keyId: null, scopes: new Set(SCOPES), isOperator: true };
      if (authorization === undefined) return { name: null, keyId: null, scopes: new Set(anonymous), isOperator: false };
      const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
      const hash = KEY.test(key) ? hashOf(key) : '';
      const found = keys.find((entry) => entry.sha256 === hash);
      if (found === undefined) throw new PlimsollError('UNAUTHENTICATED', 'The API key is not known. Send one as Authorization: Bearer plk_…');
      return { name: found.name, keyId: idOf(found), scopes: new Set(found.scopes), isOperator: found.scopes.includes('admin') };
    },
    async refresh() {
      keys = requireSome(await store.list(), keys);
    },
  };
}

/** A ring that had keys never opens by itself: that all of them are gone is a mistake, or worse. */
function requireSome(keys: readonly ApiKey[], before: readonly ApiKey[]): readonly ApiKey[] {
  if (keys.length > 0 || before.length === 0) return keys;
  return before.map((entry) => ({ ...entry, sha256: NO_HASH }));
}

/** The hash's beginning tells keys of one name apart, and nobody comes from it to the key. */
function idOf({ name, sha256 }: ApiKey): string {
  return `${name}:${sha256.slice(0, ID_DIGITS)}`;
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
