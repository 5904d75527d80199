import * as z from 'zod';
import { InvalidFile } from '../core/errors.ts';
import { type Address, toAddress } from '../core/ids.ts';
import { naturalText, pathText } from '../core/json.ts';
import type { ProofBundle } from './bundle.ts';
import { PPM, unpackClaim } from './claim.ts';
import { getInstance } from './instances.ts';
import type { VerificationPolicy } from './policy.ts';
import { packScope } from './scope.ts';
import { parseCents, parsePpm, parseScope } from './statement-words.ts';

/** The name and version of a policy file. */
const POLICY_SCHEMA = 'plimsoll/policy@1';

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'expected an address')
  .transform((text): Address => toAddress(text));
const policyFile = z.strictObject({
  schema: z.literal(POLICY_SCHEMA),
  attestors: z.union([z.strictObject({ ids: z.array(naturalText) }), z.strictObject({ signers: z.array(address), threshold: z.int().min(1) })]),
  coverages: z.array(naturalText),
  chainId: z.int().min(1),
  consumer: address,
  recipient: address,
  statement: z.enum(['breach', 'solvent']),
  threshold: z.string(),
  minDeficit: z.string().default('0'),
  /** `unified`, `hidden`, a market's number, or a market as in `eip155:1/aave-v3/0x8787…`. */
  scopes: z.array(z.string()).min(1),
  maxAgeSeconds: z.int().min(1).default(1_800),
  accountRef: naturalText.nullable().default(null),
  allowDevelopment: z.boolean().default(false),
});

/**
 * Reads what a verifier accepts. Nothing that decides has a lenient default.
 *
 * @throws {InvalidFile} naming the field.
 */
export function parsePolicy(path: string, text: string): VerificationPolicy {
  const parsed = policyFile.safeParse(readJson(path, text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InvalidFile(
      `${path} is not a policy: ${pathText(issue?.path ?? []) || '(top)'}: ${issue?.message ?? 'not understood'}. plimsoll verify <proof> --template prints one to be checked line by line.`,
      {
        file: path,
      },
    );
  }
  const { attestors, statement, threshold, minDeficit, scopes, schema: _, ...rest } = parsed.data;
  return {
    ...rest,
    attestors: 'ids' in attestors ? { mode: 'attested', ids: attestors.ids } : { mode: 'committed', ...attestors },
    claim: statement === 'breach' ? { kind: 'breach', maxUpperPpm: parsePpm(threshold), minDeficitCents: parseCents(minDeficit) } : { kind: 'solvent', minLowerPpm: parsePpm(threshold) },
    scopes: scopes.map((scope) => (/^[0-9]{2,78}$/.test(scope) ? BigInt(scope) : packScope(parseScope(scope)))),
  };
}

/** A policy file that would accept this proof: every line is the prover's word, to be replaced by the verifier's own. */
export function policyTemplate(bundle: ProofBundle): string {
  const { signals } = bundle;
  const claim = unpackClaim(signals.claim);
  const isBreach = claim.upperPpm !== null;
  const isAttested = getInstance(bundle.instance).mode === 'attested';
  const template = {
    schema: POLICY_SCHEMA,
    attestors: isAttested ? { ids: [signals.attestor.toString()] } : { signers: bundle.attestors.map((entry) => entry.signer), threshold: Math.max(1, bundle.attestors.length) },
    coverages: [signals.coverage.toString()],
    chainId: bundle.chainId,
    consumer: bundle.consumer,
    recipient: bundle.recipient,
    statement: isBreach ? 'breach' : 'solvent',
    threshold: String((isBreach ? (claim.upperPpm ?? 0) : claim.lowerPpm) / PPM),
    ...(isBreach ? { minDeficit: `${claim.minDeficitCents / 100n}.${(claim.minDeficitCents % 100n).toString().padStart(2, '0')}` } : {}),
    scopes: [signals.scope === 0n ? 'unified' : signals.scope === 1n ? 'hidden' : signals.scope.toString()],
    maxAgeSeconds: 1_800,
    accountRef: signals.accountRef.toString(),
    allowDevelopment: bundle.class === 'dev',
  };
  return `${JSON.stringify(template, null, 2)}\n`;
}

function readJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidFile(`${path} is not JSON.`, { file: path });
  }
}
