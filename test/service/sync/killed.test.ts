import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { usersOf } from '../../chain/counts.ts';
import { seededRandom } from '../../chain/seeded-random.ts';
import { startPostgres } from '../../store/postgres-server.ts';
import { type FaultRates, type FaultyEndpoint, startFaultyEndpoint } from './endpoint.ts';
import { type GeneratedBook, generateBook } from './generated-book.ts';
import { differences } from './syncing.ts';

const CHILD = fileURLToPath(new URL('./sync-child.ts', import.meta.url));
const BORROWERS = usersOf(5_000, 250_000);
const SEEDS = Array.from({ length: usersOf(2, 10) }, (_, at) => at + 1);
const KILLS = usersOf(4, 10);
/** Per thousand requests. */
const RATES: FaultRates = { rateLimited: 40, unavailable: 30, silent: usersOf(15, 3), truncated: 15 };

const server = await startPostgres();
const folders: string[] = [];
afterAll(async () => {
  await server.close();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

interface ChildResult {
  readonly killed: boolean;
  readonly output: string;
  readonly errors: string;
}

function runChild(args: readonly string[], onStart: (child: ChildProcess) => void): Promise<ChildResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CHILD, ...args]);
    const text = { output: '', errors: '' };
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text.output += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      text.errors += part;
    });
    child.once('close', (_code, signal) => resolve({ killed: signal === 'SIGKILL', ...text }));
    onStart(child);
  });
}

/** Kills a process some requests from now, a little after one was answered: between two pages, or in the middle of writing one. */
function killAfter(endpoint: FaultyEndpoint, child: ChildProcess, requests: number, delayMs: number, onEach: () => void): void {
  let left = requests;
  endpoint.onRequest = () => {
    onEach();
    left -= 1;
    if (left === 0) setTimeout(() => child.kill('SIGKILL'), delayMs);
  };
}

interface Place {
  readonly args: readonly string[];
  open(): Database;
  /** Closes what was opened and gives its disk back: ten books of the long run take 20 GB. */
  discard(database: Database): Promise<void>;
}

async function embedded(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'plimsoll-killed-'));
  folders.push(root);
  const folder = join(root, 'book');
  return {
    args: ['embedded', folder],
    open: () => openDatabase({ kind: 'embedded', folder }),
    async discard(database) {
      await database.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function postgres(): Promise<Place> {
  const url = server.kind === 'server' ? await server.createDatabase() : '';
  return {
    args: ['postgres', url],
    open: () => openDatabase({ kind: 'postgres', url }),
    async discard(database) {
      await database.execute('drop schema plimsoll cascade');
      await database.close();
    },
  };
}

/** Kills processes at random moments while the chain goes on and reorganises, then lets one finish in peace. */
async function survive(place: Place, book: GeneratedBook, seed: number): Promise<{ readonly kills: number; readonly endpoint: FaultyEndpoint }> {
  const random = seededRandom(seed);
  const endpoint = await startFaultyEndpoint(book.chain.answer, RATES, seed);
  // It holds the book, half a gigabyte in the long run.
  onTestFinished(() => endpoint.close());
  const pages = Math.ceil((BORROWERS * 3) / 1_000);
  let kills = 0;
  const move = () => {
    const dice = random.integer(1, pages * 4);
    if (dice === 1) book.reorganise(random.integer(1, 3), 20);
    else if (dice < 5) book.grow(20);
  };
  while (kills < KILLS) {
    const result = await runChild([endpoint.url, ...place.args], (child) =>
      killAfter(endpoint, child, random.integer(1, random.pick([6, 6, pages + 3])), random.integer(0, random.pick([40, 40, 1_000])), move),
    );
    expect(result.errors).toBe('');
    if (result.killed) kills += 1;
    book.grow(20);
    if (random.integer(1, 3) === 1) book.reorganise(random.integer(1, 4), 20);
  }
  endpoint.onRequest = () => {};
  for (let attempt = 0; ; attempt += 1) {
    const result = await runChild([endpoint.url, ...place.args], () => {});
    expect([result.killed, result.errors]).toEqual([false, '']);
    if (JSON.parse(result.output).status === 'current') return { kills, endpoint };
    expect(JSON.parse(result.output), 'a run in peace comes to its end').toMatchObject({ status: 'synced', gaps: [] });
    expect(attempt).toBeLessThan(4);
  }
}

async function accountsOf(database: Database): Promise<readonly string[]> {
  return (await database.query('select owner from plimsoll.accounts where position is not null order by owner')).map((row) => String(row['owner']));
}

function ownersOf(book: GeneratedBook): readonly string[] {
  const rows = [...(book.expected().get('UserReserves')?.values() ?? [])] as { readonly user: { readonly id: string } }[];
  return [...new Set(rows.map((row) => row.user.id))].toSorted();
}

const engines = [
  { name: 'the embedded database', absent: null, open: embedded },
  { name: 'PostgreSQL', absent: server.kind === 'absent' ? server.reason : null, open: postgres },
];

for (const { name, absent, open } of engines) {
  describe.skipIf(absent !== null)(`a synchronisation into ${name} that is killed again and again${absent === null ? '' : `: skipped, no server here (${absent})`}`, () => {
    test.each(SEEDS)(
      `default: ${BORROWERS} borrowers, faults, reorganisations and ${KILLS} kills, seed %i: the store equals the source, row for row`,
      { timeout: usersOf(240_000, 3_600_000) },
      async (seed) => {
        const book = generateBook(BORROWERS, seed);
        const place = await open();
        const { kills, endpoint } = await survive(place, book, seed);
        const database = place.open();
        const expected = book.expected();
        expect(await differences(database, expected)).toEqual([]);
        expect(await accountsOf(database)).toEqual(ownersOf(book));
        const rows = [...expected.values()].reduce((sum, entity) => sum + entity.size, 0);
        const faults = Object.entries(endpoint.faults()).map(([fault, count]) => `${count} ${fault}`);
        process.stdout.write(`sync into ${name}, seed ${seed}: ${rows} rows equal after ${kills} kills, ${endpoint.requests()} requests with ${faults.join(', ')}; block ${book.chain.head.number}\n`);
        await place.discard(database);
      },
    );
  });
}

describe('a synchronisation in peace', () => {
  test(`default: ${BORROWERS} borrowers, requests per 100,000 rows`, { timeout: usersOf(120_000, 1_800_000) }, async () => {
    const book = generateBook(BORROWERS, 77);
    const endpoint = await startFaultyEndpoint(book.chain.answer);
    const place = await embedded();
    const started = process.hrtime.bigint();
    const first = JSON.parse((await runChild([endpoint.url, ...place.args], () => {})).output);
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    const whole = endpoint.requests();
    for (let block = 0; block < 5; block += 1) book.grow(20);
    const second = JSON.parse((await runChild([endpoint.url, ...place.args], () => {})).output);
    expect([first.status, first.mode, second.status, second.mode, first.gaps, second.gaps]).toEqual(['synced', 'full', 'synced', 'changes', [], []]);
    expect([first.requests, second.requests]).toEqual([whole, endpoint.requests() - whole]);
    const database = place.open();
    expect(await differences(database, book.expected())).toEqual([]);
    await database.close();
    const per = (whole * 100_000) / first.rowsRead;
    expect(per).toBeLessThan(100_000 / 1_000 + (10 * 100_000) / first.rowsRead);
    process.stdout.write(
      `sync of ${BORROWERS} borrowers: ${first.rowsRead} rows in ${whole} requests (${per.toFixed(1)} per 100,000 rows), ${first.accountsChanged} accounts, ${seconds.toFixed(1)} s in all; 5 blocks later ${second.rowsRead} rows in ${second.requests} requests\n`,
    );
    await endpoint.close();
  });
});
