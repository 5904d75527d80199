import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { PlimsollError } from '../../../src/core/errors.ts';
import { formatAttestation } from '../../../src/proof/attestation.ts';
import { hashSecret } from '../../../src/proof/commitment.ts';
import { parsePolicy, policyTemplate } from '../../../src/proof/policy-file.ts';
import { findAttestJobStatus, submitAttestJob } from '../../../src/service/jobs/attest-jobs.ts';
import { type Attempt, type JobQueue, openJobQueue } from '../../../src/service/jobs/job-queue.ts';
import { giveUp, type SubmitOptions } from '../../../src/service/jobs/job-record.ts';
import { findProofJobStatus, type ProofJobStatus, submitProofJob } from '../../../src/service/jobs/proof-jobs.ts';
import { createAttestorKey } from '../../../src/service/proof/attestor.ts';
import { verifyProof } from '../../../src/service/proof/verify-proof.ts';
import type { RoleName } from '../../../src/service/workers/role.ts';
import type { Workers } from '../../../src/service/workers/start-workers.ts';
import type { Database } from '../../../src/store/database.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { createSealer, type Sealer } from '../../../src/store/seal.ts';
import { SECRET, SUBJECTS } from '../../proof/subjects.ts';
import { startPostgres } from '../../store/postgres-server.ts';
import { breach, dumpJobs, endWorkers, SEAL_KEY, spawnWorker, startHere, until } from './working.ts';

const SEALER = createSealer(Buffer.from(SEAL_KEY, 'hex'));
/** What keeps nothing secret: with it the search for secrets must find them. */
const OPEN: Sealer = { keyNumber: SEALER.keyNumber, seal: (plain) => plain, open: (sealed) => sealed };
const server = await startPostgres();
const why = server.kind === 'absent' ? `: skipped, it does not start here (${server.reason})` : '';
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-jobs-'));
let running: Workers[] = [];

afterEach(async () => {
  endWorkers();
  await Promise.all(running.map((workers) => workers.stop()));
  running = [];
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const options = (database: Database, queue: JobQueue, changes: Partial<SubmitOptions> = {}): SubmitOptions => ({ database, queue, sealer: SEALER, now: () => 1_000, idempotencyKey: null, ...changes });
const openQueue = (database: Database): Promise<JobQueue> => openJobQueue({ database, failed: () => {}, supervise: false });

/** What must never be read in a table: the secret, and what an attestation says. */
async function secretsOf(): Promise<readonly string[]> {
  const { attestation } = await breach();
  const numbers = [SECRET, attestation.salt, attestation.account, attestation.commitment, ...attestation.rows.flatMap((row) => [row.amount, row.price])];
  return numbers.flatMap((value) => [value.toString(), value.toString(16)]).filter((text) => text.length >= 8);
}
async function leaksIn(database: Database): Promise<readonly string[]> {
  const dump = await dumpJobs(database);
  return (await secretsOf()).filter((text) => dump.includes(text));
}
const isOver = async (database: Database, id: string): Promise<ProofJobStatus | null> => {
  const status = await findProofJobStatus(database, id);
  return status === null || status.state === 'waiting' ? null : status;
};

async function expectAccepted(status: ProofJobStatus): Promise<void> {
  const proof = status.state === 'done' ? status.proof : expect.fail(`the job is ${JSON.stringify(status.state === 'failed' ? status.failure : status.state)}`);
  const policy = parsePolicy('policy', policyTemplate(proof));
  const verification = await verifyProof({ bundle: proof, policy, now: Number(proof.signals.snapshot) + 60, keys: null, spent: null, environment: { production: false, allowDevelopment: true } });
  expect(verification.checks.filter((check) => !check.holds)).toEqual([]);
}

describe('jobs on PGlite', () => {
  let database: Database;
  let queue: JobQueue;
  beforeAll(async () => {
    database = openDatabase({ kind: 'memory' });
    queue = await openQueue(database);
  });
  afterAll(async () => {
    await queue.close();
    await database.close();
  });
  const work = async (roles: readonly RoleName[], changes: Partial<Parameters<typeof startHere>[1]> = {}): Promise<Workers> => {
    const workers = await startHere(database, { roles, sealer: SEALER, allowDevelopment: true, ...changes });
    running.push(workers);
    return workers;
  };

  test('default: a proof job gives a proof that holds; nothing of its payload was ever to be read, and it is gone afterwards', async () => {
    const request = await breach();
    const { id, isNew } = await submitProofJob(request, options(database, queue, { idempotencyKey: 'k' }));
    expect([isNew, (await findProofJobStatus(database, id))?.state]).toEqual([true, 'waiting']);
    expect(await submitProofJob(request, options(database, queue, { idempotencyKey: 'k' }))).toEqual({ id, isNew: false });
    await expect(submitProofJob({ ...request, threshold: '0.9' }, options(database, queue, { idempotencyKey: 'k' }))).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await leaksIn(database)).toEqual([]);
    const workers = await work(['prove']);
    const stages = new Set<string>();
    const status = await until(async () => {
      const found = await findProofJobStatus(database, id);
      if (found?.state === 'waiting' && found.progress !== null) stages.add(found.progress.stage);
      return isOver(database, id);
    });
    await expectAccepted(status);
    expect(stages.size).toBeGreaterThan(0);
    expect(await leaksIn(database)).toEqual([]);
    expect(await database.query('select payload from plimsoll.proof_jobs where id = $1', [id])).toEqual([{ payload: null }]);
    expect(workers.health()).toMatchObject([{ role: 'prove', holds: [], failures: {}, trouble: null }]);
    expect(await workers.registry.metrics()).toMatch(/plimsoll_prove_rounds_total [1-9]/);
  });

  test('behavior: the search finds what is not sealed', async () => {
    const { id } = await submitProofJob(await breach(), options(database, queue, { sealer: OPEN }));
    expect((await leaksIn(database)).length).toBeGreaterThan(3);
    await giveUp(database, id);
    expect(await isOver(database, id)).toMatchObject({ state: 'failed', failure: { code: 'PROVER_FAILED' } });
    expect(await leaksIn(database)).toEqual([]);
  });

  test('error: what cannot be proved fails with its reason, and is tried once', async () => {
    const asked = [await breach({ statement: 'solvent' }), await breach({ allowDevelopment: false }), await breach({ secret: 5n })];
    const ids = await Promise.all(asked.map(async (request) => (await submitProofJob(request, options(database, queue))).id));
    await work(['prove']);
    const ends = await Promise.all(ids.map((id) => until(() => isOver(database, id))));
    expect(ends).toMatchObject([{ failure: { code: 'STATEMENT_FALSE' } }, { failure: { code: 'KEY_REFUSED' } }, { state: 'failed' }]);
    expect(await leaksIn(database)).toEqual([]);
    expect(await database.query(`select max(retry_count)::int4 as most from plimsoll_jobs.job where name = 'prove'`)).toEqual([{ most: 0 }]);
  });

  test('error: a job that another process key sealed fails with a clear reason', async () => {
    const { id } = await submitProofJob(await breach(), options(database, queue, { sealer: createSealer() }));
    await work(['prove']);
    expect(await until(() => isOver(database, id))).toMatchObject({ state: 'failed', failure: { code: 'STORE_REFUSED', message: expect.stringMatching(/PLIMSOLL_SEAL_KEY.*ask again/) } });
    expect(await database.query('select payload from plimsoll.proof_jobs where id = $1', [id])).toEqual([{ payload: null }]);
  });

  test('bad input: a claim, a scope, a deadline that cannot be, and an id that is not there', async () => {
    const refused = [{ threshold: '-1' }, { scope: 'everything' }, { minDeficit: 'much' }] as const;
    for (const changes of refused) await expect(submitProofJob(await breach(changes), options(database, queue))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const { attestation, ...rest } = await breach();
    const late = submitProofJob({ ...rest, attestation: { ...attestation, recorded: null }, deadline: 999n }, options(database, queue));
    await expect(late).rejects.toThrow(/deadline has passed/);
    expect(await findProofJobStatus(database, 'prove-none')).toBeNull();
  });

  test('default: an attest job vouches for a recorded wallet; the attestation is kept sealed', async () => {
    const keyFile = join(folder, 'key.json');
    await createAttestorKey(keyFile, { class: 'dev', kind: 'eddsa' });
    const request = { wallet: SUBJECTS.insolvent.subject, chains: ['eip155:1'], secretHash: hashSecret(SECRET) } as const;
    const { id } = await submitAttestJob(request, options(database, queue, { idempotencyKey: 'a' }));
    expect(await submitAttestJob(request, options(database, queue, { idempotencyKey: 'a' }))).toEqual({ id, isNew: false });
    const other = await submitAttestJob({ ...request, secretHash: hashSecret(SECRET + 1n) }, options(database, queue));
    expect(await dumpJobs(database)).not.toContain(request.wallet.slice(2));
    await work(['attest'], { keyFile, config: readConfig({ PLIMSOLL_RECORDED: SUBJECTS.insolvent.recorded }) });
    const find = async (job: string) => {
      const status = await findAttestJobStatus(database, SEALER, job);
      return status?.state === 'waiting' ? null : status;
    };
    const status = await until(() => find(id));
    const attestation = status.state === 'done' ? status.attestation : expect.fail(JSON.stringify(status));
    expect([attestation.class, attestation.secretHash]).toEqual(['dev', request.secretHash]);
    const dump = await dumpJobs(database);
    const told = [attestation.account, attestation.salt, attestation.commitment, ...attestation.rows.map((row) => row.amount)].flatMap((value) => [value.toString(), value.toString(16)]);
    expect(told.filter((text) => dump.includes(text))).toEqual([]);
    expect(told.filter((text) => formatAttestation(attestation).includes(text)).length).toBeGreaterThan(3);
    await expect(findAttestJobStatus(database, createSealer(), id)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    // An account has one secret.
    expect(await until(() => find(other.id))).toMatchObject({ state: 'failed', failure: { code: 'ATTESTATION_REFUSED' } });
    expect(await findProofJobStatus(database, id)).toBeNull();
  });

  test('behavior: what fails is tried a few times and then given up; the queue keeps no more than code and message', async () => {
    const tries: boolean[] = [];
    const dead: string[] = [];
    const { keyNumber } = SEALER;
    const stop = await queue.work('attest', {
      keyNumber,
      run: async ({ isLast }: Attempt) => {
        tries.push(isLast);
        throw new PlimsollError('SOURCE_TIMEOUT', 'A source is late.', {}, { cause: { position: 'c0ffee' } });
      },
      givenUp: async (id) => void dead.push(id),
    });
    await database.transaction((queries) => queue.send({ name: 'attest', id: 'attest-doomed', keyNumber }, queries));
    await until(() => dead.length > 0);
    await stop();
    expect([tries, dead]).toEqual([[false, false, false, true], ['attest-doomed']]);
    expect(await dumpJobs(database)).toContain('A source is late.');
    expect(await dumpJobs(database)).not.toContain('c0ffee');
  });
});

describe.skipIf(server.kind === 'absent')(`jobs on PostgreSQL${why}`, () => {
  test('default: a prover that is killed loses nothing: another one takes the job and finishes it', async () => {
    const url = server.kind === 'server' ? await server.createDatabase() : '';
    const database = openDatabase({ kind: 'postgres', url });
    const queue = await openQueue(database);
    try {
      const { id } = await submitProofJob(await breach(), options(database, queue));
      const environment = { DATABASE_URL: url, PLIMSOLL_SEAL_KEY: SEAL_KEY };
      const first = spawnWorker(['--roles', 'prove', '--dev-keys'], environment);
      await until(() => first.stderr().includes(`took ${id}`));
      first.process.kill('SIGKILL');
      await first.ended;
      expect(await findProofJobStatus(database, id)).toMatchObject({ state: 'waiting' });
      const second = spawnWorker(['--roles', 'prove', '--dev-keys', '--json'], environment);
      await expectAccepted(await until(() => isOver(database, id)));
      expect(await database.query(`select retry_count::int4 as again from plimsoll_jobs.job where name = 'prove'`)).toEqual([{ again: 1 }]);
      expect(await leaksIn(database)).toEqual([]);
      expect(await database.query('select payload from plimsoll.proof_jobs')).toEqual([{ payload: null }]);
      second.process.kill('SIGTERM');
      expect(await second.ended).toEqual({ code: 0, signal: null });
      for (const { stdout, stderr } of [first, second]) expect((await secretsOf()).filter((text) => (stdout() + stderr()).includes(text))).toEqual([]);
    } finally {
      await queue.close();
      await database.close();
    }
  }, 300_000);

  test('behavior: a prover of another key leaves a job, untried, to one that has its key', async () => {
    const database = openDatabase({ kind: 'postgres', url: server.kind === 'server' ? await server.createDatabase() : '' });
    const queue = await openQueue(database);
    try {
      const { id } = await submitProofJob(await breach(), options(database, queue, { now: () => Math.floor(Date.now() / 1000) }));
      const other = await startHere(database, { roles: ['prove'], sealer: createSealer(), allowDevelopment: true });
      running.push(other);
      await until(() => other.health()[0]?.trouble?.includes('PLIMSOLL_SEAL_KEY'));
      running.push(await startHere(database, { roles: ['prove'], sealer: SEALER, allowDevelopment: true }));
      await expectAccepted(await until(() => isOver(database, id)));
      expect(other.health()).toMatchObject([{ failures: {} }]);
      expect(await database.query(`select retry_count::int4 as again from plimsoll_jobs.job where name = 'prove'`)).toEqual([{ again: 0 }]);
    } finally {
      await Promise.all(running.map((workers) => workers.stop()));
      await queue.close();
      await database.close();
    }
  });
});
