import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Config, isLive } from '../../config.ts';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import type { Address, ChainId } from '../../core/ids.ts';
import type { ChainSource } from '../../core/source.ts';
import { findRule, listDeployments } from '../../protocols/registry.ts';
import { systemClock } from '../../sources/clock.ts';
import { SUBGRAPHS_ROOT } from '../../sources/documents.ts';
import { findStore } from '../locate-store.ts';
import { openRuntime } from '../portfolio/open-runtime.ts';
import { readPortfolio } from '../portfolio/read-portfolio.ts';
import { listDatasets } from '../portfolio/recorded-data.ts';
import { loadBook } from './document.ts';
import { type Book, type BookSource, bookOfPortfolio } from './source.ts';
import { readBookAt } from './store.ts';

/** The books that the package ships, one document each. */
const BOOKS_ROOT: string = fileURLToPath(new URL('books/', SUBGRAPHS_ROOT));
/** What is scanned where nothing is configured and nothing else is asked for. */
const DEFAULT_BOOK = 'euler-v1';

/** Which book to scan. */
export interface BookRequest {
  /** Path of a book or Portfolio document. */
  readonly file?: string;
  /** A shipped book or recorded data set by name. */
  readonly recorded?: string;
  /** Recorded data sets only: the moment, unix seconds. */
  readonly at?: number;
}

/**
 * Finds the book that is asked for: a file, a recorded one, else what was synchronised where sources are configured, else the shipped book.
 *
 * @throws {InvalidArgument} for a name that is not known, or two books at once
 * @throws {PlimsollError} NOT_CONFIGURED where sources are configured and nothing of them was synchronised yet
 */
export async function chooseBook(request: BookRequest, config: Config): Promise<BookSource> {
  const { file, at } = request;
  if (file !== undefined && request.recorded !== undefined) throw new InvalidArgument('--book and --recorded name two books. Give one of them.');
  if (file !== undefined) return { label: file, read: () => loadBook(file, findRule) };
  if ((isLive(config) || config.databaseUrl !== null) && request.recorded === undefined) return chooseStored(config);
  const name = request.recorded ?? config.recorded ?? DEFAULT_BOOK;
  const books = await listShippedBooks();
  if (books.includes(name) && at !== undefined) throw new InvalidArgument(`The recorded book ${name} is of one block; --at reads recorded data sets.`);
  if (books.includes(name)) return { label: `the recorded book ${name}`, read: async () => ({ ...(await loadBook(`${BOOKS_ROOT}${name}.json`, findRule)), trust: 'as-read' }) };
  const datasets = await listDatasets();
  const dataset = datasets.find((entry) => entry.name === name);
  if (dataset === undefined) throw new InvalidArgument(`There is no recorded book "${name}". Known: ${[...books, ...datasets.map((entry) => entry.name)].join(', ')}.`, { recorded: name });
  const owners = dataset.wallets.map(({ address }) => address as Address);
  return { label: `the recorded data set ${name}`, read: () => readRecordedBook(name, { owners, ...(at === undefined ? {} : { at }) }, config) };
}

/** The book that `plimsoll sync` keeps. */
async function chooseStored(config: Config): Promise<BookSource> {
  const location = await findStore(config);
  const absent = () => new PlimsollError('NOT_CONFIGURED', 'There is no book of the configured sources. Run "plimsoll sync" first, or name one with --book <file> or --recorded <name>.');
  if (location === null) throw absent();
  const options = () => ({ deployments: listDeployments(), findRule, now: Math.floor(systemClock.now() / 1000), maxBlockAgeSeconds: config.maxBlockAgeSeconds });
  const read = async (): Promise<Book> => {
    const book = await readBookAt(location, options());
    if (book.markets.size === 0 && book.gaps.length === 0) throw absent();
    return book;
  };
  return { label: `the book in ${location.kind === 'postgres' ? 'the database' : 'the data folder'}`, read };
}

/** Names of the books that the package ships. */
export async function listShippedBooks(): Promise<readonly string[]> {
  const files = await readdir(BOOKS_ROOT);
  return files.flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : [])).toSorted();
}

/** A recorded data set's wallets, read through the adapters as any wallet is. */
async function readRecordedBook(name: string, request: { readonly owners: readonly Address[]; readonly at?: number }, config: Config) {
  const runtime = await openRuntime(config, { ...request, recorded: name });
  try {
    return bookOfPortfolio(await readPortfolio(request.owners, runtime.reader), findRule, { name, trust: 'as-read', now: runtime.reader.now() });
  } finally {
    await runtime.close();
  }
}

/** Endpoints for pools and gas: only live ones. What is recorded says nothing about today's pools. */
export async function openScanChains(config: Config, isRecorded: boolean): Promise<{ readonly chains: ReadonlyMap<ChainId, ChainSource>; close(): Promise<void> }> {
  if (!isLive(config) || isRecorded) return { chains: new Map(), close: async () => {} };
  const runtime = await openRuntime(config, { owners: [] });
  return { chains: runtime.reader.chains, close: () => runtime.close() };
}
