import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { InvalidFile } from '../../core/errors.ts';
import type { ChainId } from '../../core/ids.ts';
import { pathText } from '../../core/json.ts';

const chain = z
  .string()
  .regex(/^eip155:[1-9][0-9]{0,15}$/, 'expected a CAIP-2 chain id')
  .transform((id) => id as ChainId);
const hash = z.string().regex(/^0x[0-9a-f]{64}$/, 'expected a lower-case 32-byte hash');
const address = z.string().regex(/^0x[0-9a-f]{40}$/, 'expected a lower-case address');
const number = z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/, 'expected a block number as a decimal string');
const unixSeconds = z.int().min(0).max(4_102_444_800);
const fileName = z.string().regex(/^[\w-]+(?:\.[\w-]+)*\.json$/, 'expected the name of a .json file in the same folder');

const manifest = z.strictObject({
  name: z.string().min(1),
  title: z.string().min(1),
  about: z.string(),
  clock: unixSeconds,
  wallets: z.array(z.strictObject({ address, label: z.string() })),
  subgraphs: z.array(fileName),
  chains: z.array(fileName),
});

const subgraph = z.strictObject({
  about: z.string(),
  deployments: z.array(z.string().min(1)).min(1),
  schema: z.string().min(1),
  dialect: z.enum(['graph-node', 'subsquid']),
  chain,
  snapshots: z
    .array(
      z.strictObject({
        block: z.strictObject({ number, hash: hash.nullable(), timestamp: unixSeconds }),
        hasIndexingErrors: z.boolean(),
        entities: z.record(z.string(), z.array(z.looseObject({ id: z.string().min(1) }))),
      }),
    )
    .min(1),
});

const chainFile = z.strictObject({
  about: z.string(),
  chain,
  blocks: z.array(z.strictObject({ number, hash, timestamp: unixSeconds })).min(1),
  calls: z.array(
    z.strictObject({
      to: address,
      signature: z.string().min(1),
      args: z.array(z.json()),
      returns: z.array(z.json()),
      at: z.array(hash).min(1).optional(),
    }),
  ),
});

/** A recorded subgraph: rows by entity and block, for one or more deployments. */
export type RecordedSubgraph = z.infer<typeof subgraph> & { readonly file: string };
/** A recorded chain: blocks, and the answers of contract calls. */
export type RecordedChain = z.infer<typeof chainFile> & { readonly file: string };

/** A folder of recorded data. */
export interface Dataset {
  readonly name: string;
  readonly title: string;
  /** What was recorded, from where, and what of it is constructed. */
  readonly about: string;
  /** Unix seconds at which the recording counts as "now". */
  readonly clockSeconds: number;
  readonly wallets: readonly { readonly address: string; readonly label: string }[];
  readonly subgraphs: readonly RecordedSubgraph[];
  readonly chains: readonly RecordedChain[];
}

/**
 * Reads a data set: a folder with dataset.json and the files that it names.
 *
 * @throws {InvalidFile} naming the file and the path of the first fault
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const { clock, subgraphs, chains, ...head } = await readJson(join(folder, 'dataset.json'), 'dataset.json', manifest);
  const dataset = {
    ...head,
    clockSeconds: clock,
    subgraphs: await Promise.all(subgraphs.map(async (file) => ({ ...(await readJson(join(folder, file), file, subgraph)), file }))),
    chains: await Promise.all(chains.map(async (file) => ({ ...(await readJson(join(folder, file), file, chainFile)), file }))),
  };
  requireOnce(
    'deployment',
    dataset.subgraphs.flatMap((entry) => entry.deployments),
  );
  requireOnce(
    'chain',
    dataset.chains.map((entry) => entry.chain),
  );
  return dataset;
}

async function readJson<T>(path: string, file: string, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(parseJson(await readText(path, file), file));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = pathText(issue?.path ?? []) || '(top)';
  throw new InvalidFile(`${file}, at ${where}: ${issue?.message ?? 'not understood'}.`, { file, path: where });
}

async function readText(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw new InvalidFile(`${file} cannot be read. Check the folder of the data set.`, { file });
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidFile(`${file} is not JSON.`, { file });
  }
}

function requireOnce(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new InvalidFile(`The data set records the ${what} ${name} twice.`, { name });
    seen.add(name);
  }
}
