import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { InvalidArgument, InvalidFile } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import { SUBGRAPHS_ROOT } from '../../sources/documents.ts';
import { type Dataset, readDataset } from '../../sources/recorded/dataset.ts';

/** The folder of the data sets that the package ships. */
export const RECORDED_ROOT: string = fileURLToPath(new URL('recorded/', SUBGRAPHS_ROOT));

const summarySchema = z.object({
  name: z.string(),
  title: z.string(),
  about: z.string(),
  clock: z.int(),
  wallets: z.array(z.object({ address: z.string(), label: z.string() })),
});

/** A data set's own words, without its rows. */
export interface DatasetSummary extends z.infer<typeof summarySchema> {
  readonly folder: string;
}

/** Lists the data sets that the package ships, by name. */
export async function listDatasets(): Promise<readonly DatasetSummary[]> {
  const entries = await readdir(RECORDED_ROOT, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(RECORDED_ROOT, entry.name));
  const summaries = await Promise.all(folders.map(readSummary));
  return summaries.toSorted((a, b) => a.name.localeCompare(b.name));
}

/** A data set's own words with the moments that can be read of it, unix seconds, oldest first. */
export interface DatasetMoments extends DatasetSummary {
  readonly moments: readonly number[];
}

/** Lists the data sets with their moments. */
export async function listMoments(): Promise<readonly DatasetMoments[]> {
  return Promise.all(
    (await listDatasets()).map(async (summary) => {
      const { subgraphs, clockSeconds } = await readDataset(summary.folder);
      const stamps = new Set([...subgraphs.flatMap(({ snapshots }) => snapshots.map(({ block }) => block.timestamp)), clockSeconds]);
      return { ...summary, moments: [...stamps].toSorted((a, b) => a - b) };
    }),
  );
}

async function readSummary(folder: string): Promise<DatasetSummary> {
  try {
    return { ...summarySchema.parse(JSON.parse(await readFile(join(folder, 'dataset.json'), 'utf8'))), folder };
  } catch (cause) {
    throw new InvalidFile(`The data set in ${folder} has no readable dataset.json.`, { folder }, { cause });
  }
}

/**
 * Chooses the data set to read: the one that is named (or its folder), else the first that knows one of the wallets, else the first of all.
 *
 * @throws {InvalidArgument} where no data set has that name
 */
export async function chooseDataset(named: string | null, owners: readonly Address[]): Promise<{ readonly dataset: Dataset; readonly folder: string }> {
  const summaries = await listDatasets();
  const byName = summaries.find((summary) => summary.name === named);
  if (named !== null && byName === undefined) {
    if (named.includes('/')) return { dataset: await readDataset(named), folder: named };
    throw new InvalidArgument(`There is no recorded data set "${named}". Known: ${summaries.map((summary) => summary.name).join(', ')}.`, { recorded: named });
  }
  const byWallet = summaries.find((summary) => summary.wallets.some((wallet) => owners.includes(wallet.address as Address)));
  const chosen = byName ?? byWallet ?? summaries[0];
  if (chosen === undefined) throw new InvalidFile('The package ships no recorded data.');
  return { dataset: await readDataset(chosen.folder), folder: chosen.folder };
}

/**
 * The data set as it stood at unix second `at`: snapshots up to then, the clock at the newest of them.
 *
 * @throws {InvalidArgument} where nothing was recorded by then
 */
export function cutDataset(dataset: Dataset, at: number): Dataset {
  const subgraphs = dataset.subgraphs
    .map((subgraph) => ({ ...subgraph, snapshots: subgraph.snapshots.filter((snapshot) => snapshot.block.timestamp <= at) }))
    .filter((subgraph) => subgraph.snapshots.length > 0);
  const newest = Math.max(...subgraphs.flatMap((subgraph) => subgraph.snapshots.map((snapshot) => snapshot.block.timestamp)));
  if (subgraphs.length === 0) {
    const first = Math.min(...dataset.subgraphs.flatMap((subgraph) => subgraph.snapshots.map((snapshot) => snapshot.block.timestamp)));
    throw new InvalidArgument(`Nothing was recorded by then; the first moment of "${dataset.name}" is ${new Date(first * 1000).toISOString()}.`, { at });
  }
  return { ...dataset, subgraphs, clockSeconds: Math.min(dataset.clockSeconds, newest) };
}
