import * as z from 'zod';
import type { Attestation } from '../../proof/attestation.ts';
import type { ProofBundle } from '../../proof/bundle.ts';
import { addressText, document, integerString, isoTime, momentText, named, positiveText, problem, unixSeconds } from './shapes.ts';

/** Documents with schemas of their own; as JSON they carry integers as strings. */
export const attestationBody = document<Attestation>('Attestation');
export const proofBody = document<ProofBundle>('Proof');

const policy = named(
  'Policy',
  z
    .strictObject({
      schema: z.literal('plimsoll/policy@1'),
      attestors: z.union([z.strictObject({ ids: z.array(integerString).max(100) }), z.strictObject({ signers: z.array(addressText).max(100), threshold: z.int().min(1) })]),
      coverages: z.array(integerString).max(100),
      chainId: z.int().min(1),
      consumer: addressText,
      recipient: addressText,
      statement: z.enum(['breach', 'solvent']),
      threshold: z.string().max(20),
      minDeficit: z.string().max(30).optional(),
      scopes: z.array(z.string().max(200)).min(1).max(100),
      maxAgeSeconds: z.int().min(1).optional(),
      accountRef: integerString.nullable().optional(),
      allowDevelopment: z.boolean().optional(),
    })
    .describe('What a verifier accepts: the same list as SolvencyRegistry has'),
);

/** Body of `POST /v1/proofs/verify`. */
export const verifyRequest = named(
  'VerifyRequest',
  z.strictObject({ proof: proofBody, policy, at: momentText.optional().describe('Judge at this moment instead of now; only with allowDevelopment') }),
);
/** A proof, judged by every rule. */
export const verification = named(
  'Verification',
  z.strictObject({
    accepted: z.boolean(),
    claim: z.string().describe('What is claimed, in words'),
    scope: z.string(),
    checks: z.array(z.strictObject({ rule: z.string(), holds: z.boolean(), finding: z.string() })),
  }),
);

/** Body of `POST /v1/proofs`. It holds positions: where that matters, prove in the browser instead. */
export const proofRequest = named(
  'ProofRequest',
  z
    .strictObject({
      attestation: attestationBody,
      secret: integerString.describe("The holder's secret"),
      statement: z.enum(['breach', 'solvent']),
      threshold: positiveText.default('1.0'),
      minDeficit: z.string().max(30).nullable().default(null),
      scope: z.string().max(200).default('unified').describe('unified; hidden; or a market as in eip155:1/aave-v3/0x8787…'),
      chainId: z.int().min(1),
      consumer: addressText,
      recipient: addressText,
      deadline: unixSeconds.describe('Until when it can be used'),
      allowDevelopment: z.boolean().default(false).describe('Development keys: anyone can forge proofs with them'),
    })
    .describe('Holds positions and the secret: kept encrypted while the job waits, and deleted at its end'),
);
/** A proof job. */
export const proofJob = named(
  'ProofJob',
  z.strictObject({
    id: z.string(),
    state: z.enum(['waiting', 'done', 'failed']),
    createdAt: unixSeconds,
    createdAtIso: isoTime,
    progress: z
      .strictObject({ stage: z.string(), share: z.number().min(0).max(1) })
      .nullable()
      .describe('While it waits or is proved'),
    proof: proofBody.nullable(),
    failure: problem.pick({ code: true, detail: true, retryable: true }).nullable(),
  }),
);

/** Attestors that this service knows. */
export const attestors = named(
  'Attestors',
  z.strictObject({
    attestors: z.array(
      z.strictObject({
        name: z.string(),
        kind: z.enum(['eddsa', 'secp256k1']),
        id: z.string().describe('As policies and AttestorRegistry list it: Poseidon of the key, or a signer address'),
        class: z.enum(['dev', 'production']),
      }),
    ),
  }),
);
