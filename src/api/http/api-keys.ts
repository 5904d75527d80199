import { createHash, randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import * as z from 'zod';
import { InvalidArgument, InvalidFile, PlimsollError } from '../../core/errors.ts';
import { pathText } from '../../core/json.ts';
import { findText, withLock, writePrivate } from '../../service/private-file.ts';
import { SCOPES, type Scope } from '../contract/operations.ts';

/** What begins every key, so that one that leaked can be found. */
const PREFIX = 'plk_';
const KEY_BYTES = 32;
const KEY = /^plk_[A-Za-z0-9_-]{43}$/;

const fileSchema = z.strictObject({
  schema: z.literal('plimsoll/api-keys@1'),
  keys: z.array(
    z.strictObject({
      name: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected a name of letters, digits, dots and dashes'),
      /** Of the whole key: it has 256 random bits, so that a plain hash cannot be undone. */
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 in hex'),
      scopes: z.array(z.enum(SCOPES)).min(1),
      createdAt: z.int().min(0),
    }),
  ),
});

/** A key as it is kept: its hash alone. */
export type ApiKey = z.infer<typeof fileSchema>['keys'][number];

/** Who asks, and what they may do. */
export interface Caller {
  /** The key's name; null without one. */
  readonly name: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** Whether it is whoever runs the service: without keys everybody who reaches it, else a key with the scope admin. What others made is the operator's too. */
  readonly isOperator: boolean;
}

/** Tells whether something is a caller's own: of its key, or whatever it is where that is the operator. */
export function isOwn(caller: Caller, keyName: string | null): boolean {
  return caller.isOperator || (keyName !== null && keyName === caller.name);
}

/** The keys of a running service. */
export interface KeyRing {
  /** Whether there is any key: without one the service is for this machine alone. */
  readonly isOpen: () => boolean;
  /** @throws {PlimsollError} UNAUTHENTICATED for a key that is not known */
  readonly identify: (authorization: string | undefined) => Caller;
  /** Reads the file again where it changed: a key that was taken out ends here. @throws {InvalidFile} */
  readonly refresh: () => Promise<void>;
}

/** Reads the keys of a file; none where there is no file. @throws {InvalidFile} naming the field, never a hash */
export async function readApiKeys(path: string): Promise<readonly ApiKey[]> {
  const text = await findText(path);
  if (text === null) return [];
  const parsed = fileSchema.safeParse(parseJson(path, text));
  if (parsed.success) return parsed.data.keys;
  const [issue] = parsed.error.issues;
  throw new InvalidFile(`${path} is not a file of API keys: ${pathText(issue?.path ?? []) || '(top)'}: ${issue?.message ?? 'not understood'}.`, { file: path });
}

/**
 * Makes a key and keeps its hash.
 *
 * @param now unix seconds
 * @returns the key itself, which is kept nowhere
 * @throws {InvalidArgument} for a name that is taken
 * @throws {InvalidFile}
 */
export async function createApiKey(path: string, { name, scopes, now }: { readonly name: string; readonly scopes: readonly Scope[]; readonly now: number }): Promise<string> {
  const key = `${PREFIX}${randomBytes(KEY_BYTES).toString('base64url')}`;
  await withLock(path, async () => {
    const known = await readApiKeys(path);
    if (known.some((entry) => entry.name === name)) throw new InvalidArgument(`There is a key named ${name}. Choose another name, or revoke it first.`, { name });
    await write(path, [...known, { name, sha256: hashOf(key), scopes: [...scopes], createdAt: now }]);
  });
  return key;
}

/** Takes a key out. @returns false where there is none of that name @throws {InvalidFile} */
export async function revokeApiKey(path: string, name: string): Promise<boolean> {
  return withLock(path, async () => {
    const known = await readApiKeys(path);
    const left = known.filter((entry) => entry.name !== name);
    if (left.length === known.length) return false;
    await write(path, left);
    return true;
  });
}

async function write(path: string, keys: readonly ApiKey[]): Promise<void> {
  const document = fileSchema.safeParse({ schema: 'plimsoll/api-keys@1', keys });
  if (!document.success) throw new InvalidArgument('A key has a name of letters, digits, dots and dashes, and at least one scope.');
  await writePrivate(path, `${JSON.stringify(document.data, null, 2)}\n`);
}

/**
 * Opens the keys of a file.
 *
 * @param anonymous what may be done without a key once there are keys; without any key everything may be done
 * @throws {InvalidFile}
 */
export async function openKeyRing(path: string, anonymous: readonly Scope[]): Promise<KeyRing> {
  let version = await versionOf(path);
  let keys = await readApiKeys(path);
  return {
    isOpen: () => keys.length === 0,
    identify(authorization) {
      if (keys.length === 0) return { name: null, scopes: new Set(SCOPES), isOperator: true };
      if (authorization === undefined) return { name: null, scopes: new Set(anonymous), isOperator: false };
      const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
      const hash = KEY.test(key) ? hashOf(key) : '';
      const found = keys.find((entry) => entry.sha256 === hash);
      if (found === undefined) throw new PlimsollError('UNAUTHENTICATED', 'The API key is not known. Send one as Authorization: Bearer plk_…');
      return { name: found.name, scopes: new Set(found.scopes), isOperator: found.scopes.includes('admin') };
    },
    async refresh() {
      const now = await versionOf(path);
      if (now === version) return;
      keys = await requireSome(path, keys);
      version = now;
    },
  };
}

/** A ring that had keys never opens by itself: an emptied file is a mistake, or worse. */
async function requireSome(path: string, before: readonly ApiKey[]): Promise<readonly ApiKey[]> {
  const keys = await readApiKeys(path);
  if (keys.length > 0 || before.length === 0) return keys;
  return before.map((entry) => ({ ...entry, sha256: '0'.repeat(64) }));
}

async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'absent';
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidFile(`${path} is not JSON.`, { file: path });
  }
}
