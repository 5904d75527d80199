import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { type JobQueue, openJobQueue } from '../../../src/service/jobs/job-queue.ts';
import { findJob, noteJob, type SubmitOptions, submitJob } from '../../../src/service/jobs/job-record.ts';
import { runJob } from '../../../src/service/jobs/run-job.ts';
import { endStranded } from '../../../src/service/jobs/stranded-jobs.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { startQueueRole } from '../../../src/service/workers/prove-queue.ts';
import type { RunningRole } from '../../../src/service/workers/role.ts';
import type { Database } from '../../../src/store/database.ts';
import { createSealer, type Sealer } from '../../../src/store/seal.ts';
import { startEngines, titleOf } from '../../store/engines.ts';
import { until } from '../workers/working.ts';

const { engines, server } = await startEngines();
afterAll(() => server.close());

const KEY = new Uint8Array(32).fill(7);
const OTHER_KEY = new Uint8Array(32).fill(8);
const PAYLOAD = { secret: 'c0ffee' };
const NOW = 1_800_000_000;
const HOUR = 3_600;

describe(createSealer, () => {
  test('default: the number of a key is the same for all its sealers, and another key’s is another', () => {
    const numbers = [KEY, KEY, OTHER_KEY].map((key) => createSealer(key).keyNumber);
    expect(numbers[0]).toBe(numbers[1]);
    expect(new Set([...numbers, createSealer().keyNumber]).size).toBe(3);
    for (const number of numbers) expect(number > 0 && number < 2 ** 31 && Number.isInteger(number)).toBe(true);
  });
});

for (const engine of engines) {
  describe.skipIf(engine.reason !== null)(`jobs under other keys on ${titleOf(engine)}`, () => {
    let database: Database;
    let queue: JobQueue;
    let running: RunningRole[] = [];
    let now = NOW;
    beforeAll(async () => {
      database = await engine.open();
      queue = await openJobQueue({ database, failed: () => {} });
    }, 60_000);
    beforeEach(() => {
      now = NOW;
    });
    afterEach(async () => {
      await Promise.all(running.map((role) => role.stop()));
      running = [];
      await database.execute('delete from plimsoll.proof_jobs; delete from plimsoll_jobs.job;');
    });
    afterAll(async () => {
      await queue.close();
      await database.close();
    });

    /** A worker with a key, whose waits are short. */
    const work = async (key: Uint8Array): Promise<{ readonly lines: string[]; readonly looks: () => number; readonly role: RunningRole }> => {
      const [sealer, lines] = [createSealer(key), [] as string[]];
      let looks = 0;
      const clock = {
        now: () => now * 1_000,
        sleep: (ms: number, signal?: AbortSignal) => {
          looks += 1;
          return MACHINE.clock.sleep(ms / 100, signal);
        },
      };
      const role = await startQueueRole(
        {
          role: 'prove',
          queue,
          keyNumber: sealer.keyNumber,
          graceMs: 1_000,
          run: (attempt) => runJob(attempt, { database, sealer, passing: [], work: async (payload) => ({ proof: JSON.stringify(payload) === JSON.stringify(PAYLOAD) }) }),
          closed: async () => {},
        },
        { config: readConfig({}), database, holder: 'tester', surroundings: { ...MACHINE, clock }, registry: new Registry(), log: (line) => void lines.push(line) },
      );
      running.push(role);
      return { lines, looks: () => looks, role };
    };
    const submit = async (key: Uint8Array, changes: Partial<SubmitOptions & { readonly deadline: bigint }> = {}): Promise<string> => {
      const sealer: Sealer = createSealer(key);
      return (await submitJob('prove', PAYLOAD, { database, queue, sealer, now: () => NOW, idempotencyKey: null, ...changes })).id;
    };
    const stateOf = async (id: string) => {
      const found = await findJob('prove', id, database);
      return { state: found?.job.state, proof: found?.note?.proof, failure: found?.note?.failure };
    };
    const queued = () => database.query(`select state::text as state, retry_count::int4 as tries from plimsoll_jobs.job where name = 'prove'`);
    const isPglite = engine.name === 'PGlite';

    // The embedded database has one process: there, no other one ever has the key.
    if (isPglite) {
      test('error: in the embedded database nobody else will ever have the key: the job ends at once', async () => {
        const id = await submit(KEY, { deadline: BigInt(NOW + HOUR) });
        const { role } = await work(OTHER_KEY);
        await until(async () => (await stateOf(id)).state === 'failed');
        expect(await stateOf(id)).toMatchObject({ failure: { code: 'STORE_REFUSED' } });
        expect([await queued(), role.health().trouble]).toEqual([[], null]);
      });
    } else {
      test('default: a worker of another key leaves a job to one that has its key, uses up no try, and says once what to do; its health shows it until the job is taken', async () => {
        const id = await submit(KEY);
        const wrong = await work(OTHER_KEY);
        await until(() => wrong.looks() > 20);
        expect([await stateOf(id), await queued()]).toMatchObject([{ state: 'waiting' }, [{ state: 'created', tries: 0 }]]);
        expect(wrong.role.health()).toMatchObject({ holds: [], failures: {}, lagMs: null, trouble: expect.stringMatching(/^1 of the jobs .* another PLIMSOLL_SEAL_KEY .* same key\.$/) });
        expect(wrong.lines).toEqual([`prove: ${wrong.role.health().trouble}`]);
        const right = await work(KEY);
        await until(async () => (await stateOf(id)).state === 'done');
        expect(await stateOf(id)).toMatchObject({ state: 'done', proof: true });
        await until(() => wrong.role.health().trouble === null);
        expect(right.lines.filter((line) => line.includes('PLIMSOLL_SEAL_KEY'))).toEqual([]);
      });

      test('behavior: a job of this key is taken though many of another wait before it', async () => {
        for (let count = 0; count < 20; count += 1) await submit(KEY);
        const own = await submit(OTHER_KEY);
        const { role } = await work(OTHER_KEY);
        await until(async () => (await stateOf(own)).state === 'done');
        expect(await database.query(`select count(*)::int4 as waiting from plimsoll.proof_jobs where state = 'waiting'`)).toEqual([{ waiting: 20 }]);
        await until(() => role.health().trouble?.startsWith('20 of the jobs'));
      });

      test('error: where no worker has the key, the job ends at its deadline, or some hours later where it has none, and says so; its payload is gone', async () => {
        const dated = await submit(KEY, { deadline: BigInt(NOW + 2 * HOUR) });
        const undated = await submit(KEY);
        await noteJob(database, dated, { progress: { stage: 'prove', share: 0.5 } });
        const { lines, looks, role } = await work(OTHER_KEY);
        const later = async (seconds: number): Promise<void> => {
          now = NOW + seconds;
          const before = looks();
          await until(() => looks() > before + 2);
        };
        await later(2 * HOUR - 1);
        expect([(await stateOf(dated)).state, (await stateOf(undated)).state]).toEqual(['waiting', 'waiting']);
        await later(2 * HOUR);
        expect([await stateOf(dated), (await stateOf(undated)).state]).toMatchObject([
          { state: 'failed', failure: { code: 'STORE_REFUSED', message: expect.stringMatching(/key .*PLIMSOLL_SEAL_KEY.*ask again/) } },
          'waiting',
        ]);
        await later(7 * HOUR);
        expect((await stateOf(undated)).state).toBe('failed');
        expect([await queued(), await database.query('select payload from plimsoll.proof_jobs')]).toEqual([[], [{ payload: null }, { payload: null }]]);
        expect(role.health()).toMatchObject({ failures: { STORE_REFUSED: 2 }, trouble: null });
        expect(lines.filter((line) => line.includes('is given up')).map((line) => line.split(' ')[1])).toEqual([dated, undated]);
        expect(lines.join('\n')).not.toContain('c0ffee');
      });

      test('behavior: several workers that look at the same moment give a job up once; one that is being run is left alone', async () => {
        const [late, taken] = [await submit(KEY), await submit(KEY)];
        await database.query(`update plimsoll_jobs.job set state = 'active', started_on = now(), heartbeat_on = now() where data->>'id' = $1`, [taken]);
        now = NOW + 7 * HOUR;
        const workers = await Promise.all([1, 2, 3].map(() => work(OTHER_KEY)));
        await until(async () => (await stateOf(late)).state === 'failed');
        await until(() => workers.every(({ looks }) => looks() > 3));
        expect(workers.map(({ role }) => role.health().failures['STORE_REFUSED'] ?? 0).reduce((sum, count) => sum + count, 0)).toBe(1);
        expect((await stateOf(taken)).state).toBe('waiting');
      });

      test('behavior: a job that is taken just when it would be given up is left to who took it', async () => {
        const id = await submit(KEY);
        const late: Database = {
          ...database,
          transaction: (run) => database.query(`update plimsoll_jobs.job set state = 'active', started_on = now(), heartbeat_on = now()`).then(() => database.transaction(run)),
        };
        expect(await endStranded('prove', { database: late, keyNumber: createSealer(OTHER_KEY).keyNumber, now: NOW + 7 * HOUR })).toMatchObject({ ended: [] });
        expect((await stateOf(id)).state).toBe('waiting');
      });
    }

    test('behavior: a queued job whose record is gone is gone from the queue too', async () => {
      await submit(KEY);
      await database.execute('delete from plimsoll.proof_jobs');
      const { role, looks } = await work(OTHER_KEY);
      await until(() => looks() > 3);
      expect([await queued(), role.health().failures]).toEqual([[], {}]);
    });
  });
}
