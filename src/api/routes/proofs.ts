import type { Config } from '../../config.ts';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import { toAddress } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import { parseAttestation } from '../../proof/attestation.ts';
import { formatBundle, parseBundle } from '../../proof/bundle.ts';
import { unpackClaim } from '../../proof/claim.ts';
import { parsePolicy } from '../../proof/policy-file.ts';
import { claimText, scopeText } from '../../proof/verify.ts';
import type { JobQueue } from '../../service/jobs/job-queue.ts';
import { findProofJobStatus, submitProofJob } from '../../service/jobs/proof-jobs.ts';
import { listAttestors } from '../../service/proof/list-attestors.ts';
import { verifyProof } from '../../service/proof/verify-proof.ts';
import type { Database } from '../../store/database.ts';
import type { Sealer } from '../../store/seal.ts';
import { type Caller, isOwn } from '../http/api-keys.ts';
import { type Handlers, json } from '../http/call.ts';
import { readIdempotencyKey } from '../http/idempotency.ts';
import { prepare } from '../http/prepared.ts';
import type { WorkGate } from '../http/work-gate.ts';
import { once } from './risk.ts';

/** What proof jobs need. */
export interface ProofJobs {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly queue: () => Promise<JobQueue>;
}

/** What proofs are judged and made with. */
export interface ProofOptions {
  readonly config: Config;
  /** Null where the service makes no proofs. */
  readonly jobs: ProofJobs | null;
  readonly gate: WorkGate;
  /** Unix seconds. */
  readonly now: () => number;
}

/** Proofs: made as jobs, judged at once. */
export function proofHandlers({ config, jobs, gate, now }: ProofOptions): Pick<Handlers, 'createProof' | 'getProof' | 'verifyProof' | 'listAttestors'> {
  const attestors = once(async () => prepare({ attestors: await listAttestors(config.service.attestorsFile) }));
  return {
    async createProof({ body, headers, caller, signal }) {
      const { database, sealer, queue } = requireJobs(jobs);
      if (caller.name === null && !caller.isOperator) throw new PlimsollError('UNAUTHENTICATED', 'A proof job belongs to the API key that asks for it. Send one as Authorization: Bearer plk_…');
      const key = readIdempotencyKey(firstOf(headers['idempotency-key']));
      const request = {
        ...body,
        secret: readNatural(body.secret),
        deadline: BigInt(body.deadline),
        consumer: toAddress(body.consumer),
        recipient: toAddress(body.recipient),
        attestation: await gate.run(async () => parseAttestation(body.attestation), signal),
      };
      const idempotencyKey = key === null ? null : `${caller.keyId ?? ''} ${key}`;
      const { id } = await submitProofJob(request, { database, queue: await queue(), sealer, now, idempotencyKey, keyId: caller.keyId });
      return json(await describeJob(database, id, caller), 202, { Location: `/v1/proofs/${id}` });
    },
    async getProof({ params, caller }) {
      const { database } = requireJobs(jobs);
      return json(await describeJob(database, params.id, caller));
    },
    verifyProof: ({ body, signal }) =>
      gate.run(async () => {
        const bundle = parseBundle(body.proof);
        const policy = parsePolicy('The policy', JSON.stringify(body.policy));
        const environment = { production: config.production, allowDevelopment: policy.allowDevelopment };
        const at = body.at === undefined ? now() : momentOf(body.at, policy.allowDevelopment);
        const { accepted, checks } = await verifyProof({ bundle, policy, now: at, keys: null, spent: null, environment });
        return json({ accepted, claim: claimText(unpackClaim(bundle.signals.claim)), scope: scopeText(bundle.signals.scope), checks });
      }, signal),
    listAttestors: async () => ({ kind: 'prepared', prepared: await attestors() }),
  };
}

async function describeJob(database: Database, id: string, caller: Caller): Promise<object> {
  const job = await findProofJobStatus(database, id);
  if (job === null || !isOwn(caller, job.keyId)) throw new PlimsollError('NOT_FOUND', 'There is no proof job of that id, or no longer.');
  const createdAt = Number(job.createdAt);
  return {
    id,
    state: job.state,
    createdAt,
    createdAtIso: new Date(createdAt * 1000).toISOString(),
    progress: job.state === 'waiting' ? encodeJson(job.progress) : null,
    proof: job.state === 'done' ? JSON.parse(formatBundle(job.proof)) : null,
    failure: job.state === 'failed' ? { code: job.failure.code, detail: job.failure.message, retryable: job.failure.retryable } : null,
  };
}

function requireJobs(jobs: ProofJobs | null): ProofJobs {
  if (jobs !== null) return jobs;
  throw new PlimsollError('FORBIDDEN', 'This service makes no proofs. Prove in the browser or with "plimsoll prove", where the positions are; an operator switches this on with PLIMSOLL_PROOFS=on.');
}

function momentOf(text: string, allowDevelopment: boolean): number {
  const milliseconds = Date.parse(text);
  if (!allowDevelopment) throw new InvalidArgument('Another moment than now needs a policy with allowDevelopment.', { in: 'body', path: 'at' });
  if (Number.isNaN(milliseconds)) throw new InvalidArgument('The field at is not a time. Write it as 2026-03-24T00:05:00Z.', { in: 'body', path: 'at' });
  return Math.floor(milliseconds / 1000);
}

function readNatural(text: string): bigint {
  if (text.startsWith('-')) throw new InvalidArgument('A secret is a number from 0.', { in: 'body', path: 'secret' });
  return BigInt(text);
}

function firstOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' || header === undefined ? header : header.join(',');
}
