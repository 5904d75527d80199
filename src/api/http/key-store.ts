import * as z from 'zod';
import type { Config } from '../../config.ts';
import { InvalidArgument, InvalidFile, PlimsollError } from '../../core/errors.ts';
import { pathText } from '../../core/json.ts';
import { locateFolder } from '../../service/locate-store.ts';
import { findText, withLock, writePrivate } from '../../service/proof/private-file.ts';
import { addApiKey, deleteApiKey, listApiKeys } from '../../store/api-keys.ts';
import type { Database } from '../../store/database.ts';
import { SCOPES } from '../contract/operations.ts';

const keySchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected a name of letters, digits, dots and dashes'),
  /** Of the whole key: it has 256 random bits, so that a plain hash cannot be undone. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 in hex'),
  scopes: z.array(z.enum(SCOPES)).min(1),
  createdAt: z.int().min(0),
});
const fileSchema = z.strictObject({ schema: z.literal('plimsoll/api-keys@1'), keys: z.array(keySchema) });

/** A key as it is kept: its hash alone. */
export type ApiKey = z.infer<typeof keySchema>;

/** Where the hashes of keys are kept. */
export interface KeyStore {
  /** @throws {PlimsollError} INVALID_FILE, STORE_* */
  list(): Promise<readonly ApiKey[]>;
  /** @returns false where the name is taken @throws {PlimsollError} INVALID_FILE, STORE_* */
  add(key: ApiKey): Promise<boolean>;
  /** @returns false where there is none of that name @throws {PlimsollError} INVALID_FILE, STORE_* */
  remove(name: string): Promise<boolean>;
}

/** Where keys are kept by configuration. */
export type KeyPlace = { readonly kind: 'database' } | { readonly kind: 'file'; readonly path: string };

/**
 * Says where keys are kept: the file that is named; the database, where several processes share one; else a file beside the embedded
 * database, which one process alone can open.
 */
export function locateKeys(config: Config): KeyPlace {
  if (config.service.apiKeysFile !== null) return { kind: 'file', path: config.service.apiKeysFile };
  return config.databaseUrl === null ? { kind: 'file', path: `${locateFolder(config)}.api-keys.json` } : { kind: 'database' };
}

/** Keys in a file that only its owner may read; none where there is no file. */
export function fileKeyStore(path: string): KeyStore {
  const list = async (): Promise<readonly ApiKey[]> => {
    const text = await findText(path);
    return text === null ? [] : parseFile(path, text);
  };
  const write = (keys: readonly ApiKey[]): Promise<void> => writePrivate(path, `${JSON.stringify({ schema: 'plimsoll/api-keys@1', keys }, null, 2)}\n`);
  return {
    list,
    add: (key) =>
      withLock(path, async () => {
        const known = await list();
        if (known.some(({ name }) => name === key.name)) return false;
        await write([...known, requireKey(key)]);
        return true;
      }),
    remove: (name) =>
      withLock(path, async () => {
        const known = await list();
        const left = known.filter((entry) => entry.name !== name);
        if (left.length === known.length) return false;
        await write(left);
        return true;
      }),
  };
}

/** Keys in the database, which every process of it sees. */
export function databaseKeyStore(database: Database): KeyStore {
  return {
    list: async () => (await listApiKeys(database)).map((key) => readRow({ ...key, scopes: [...key.scopes], createdAt: Number(key.createdAt) })),
    add(key) {
      const { createdAt, ...rest } = requireKey(key);
      return addApiKey(database, { ...rest, createdAt: BigInt(createdAt) });
    },
    remove: (name) => deleteApiKey(database, name),
  };
}

function requireKey(key: ApiKey): ApiKey {
  const parsed = keySchema.safeParse(key);
  if (parsed.success) return parsed.data;
  throw new InvalidArgument('A key has a name of letters, digits, dots and dashes, and at least one scope.');
}

function readRow(row: unknown): ApiKey {
  const parsed = keySchema.safeParse(row);
  if (parsed.success) return parsed.data;
  throw new PlimsollError('STORE_REFUSED', 'The table of API keys holds a row that this release does not understand. Use the release that wrote it.');
}

/** @throws {InvalidFile} naming the field, never a hash */
function parseFile(path: string, text: string): readonly ApiKey[] {
  const parsed = fileSchema.safeParse(parseJson(path, text));
  if (parsed.success) return parsed.data.keys;
  const [issue] = parsed.error.issues;
  throw new InvalidFile(`${path} is not a file of API keys: ${pathText(issue?.path ?? []) || '(top)'}: ${issue?.message ?? 'not understood'}.`, { file: path });
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidFile(`${path} is not JSON.`, { file: path });
  }
}
