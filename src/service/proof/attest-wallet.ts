import { type Config, isLive } from '../../config.ts';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import { type Address, type ChainId, chainNumber, parseWallet } from '../../core/ids.ts';
import type { Portfolio } from '../../core/portfolio.ts';
import { accountField } from '../../proof/account.ts';
import { attestPortfolio, DEFAULT_MAX_SNAPSHOT_AGE_SECONDS, mergeAttestations } from '../../proof/attest.ts';
import type { Attestation } from '../../proof/attestation.ts';
import type { AttestorKey } from '../../proof/attestor-key.ts';
import type { InstanceId } from '../../proof/instances.ts';
import type { Deployment } from '../../protocols/protocol.ts';
import { findRule, rulesOf } from '../../protocols/rules.ts';
import type { Surroundings } from '../../sources/clock.ts';
import { MACHINE, openRuntime } from '../portfolio/open-runtime.ts';
import { readPortfolio } from '../portfolio/read-portfolio.ts';
import type { ReaderOptions } from '../portfolio/reader-options.ts';
import { isName, resolveOwners } from '../portfolio/resolve-owners.ts';
import { loadPortfolio, type SubjectRequest } from '../portfolio/wallet-report.ts';
import { randomElement } from './holder-secret.ts';
import { claimSecretHash } from './secret-ledger.ts';

/** What an attestor is asked to vouch for. The subject is a wallet; for keys marked dev it may be a Portfolio's file. */
export interface AttestWalletRequest extends SubjectRequest {
  readonly key: AttestorKey;
  readonly secretHash: bigint;
  /** Where the attestor keeps its secret hashes. */
  readonly ledger: string;
  readonly maxAgeSeconds?: number;
  readonly instance?: InstanceId;
  /** Ids of the deployments to read; all of the chains where absent. The coverage says which they were. */
  readonly deployments?: readonly string[];
  /** The attestation of another attestor, to be signed as well: this one reads for itself, at the same blocks. */
  readonly cosign?: Attestation;
}

/**
 * Reads a wallet at one final block of each chain, from two endpoints that must agree, and vouches for it: the whole of it, or nothing.
 *
 * On recorded data, and from a file, the recorded clock is used and the attestation is marked `dev`.
 *
 * @param surroundings clock, randomness and network; a test hands in its own
 * @throws {PlimsollError} ATTESTATION_REFUSED for a gap, an estimate, an old block, a chain without a second endpoint, a second secret. No message holds a position.
 */
export async function attestWallet(request: AttestWalletRequest, config: Config, surroundings: Surroundings = MACHINE): Promise<Attestation> {
  const { cosign } = request;
  const { portfolio, now, fromFile } = await readSubject(request, config, surroundings);
  const maxAgeSeconds = request.maxAgeSeconds ?? DEFAULT_MAX_SNAPSHOT_AGE_SECONDS;
  const attestation = attestPortfolio({
    portfolio,
    findRule,
    rulesOf,
    key: request.key,
    secretHash: request.secretHash,
    salt: cosign?.salt ?? randomElement(),
    now,
    maxAgeSeconds,
    fromFile,
    ...(cosign !== undefined ? { instance: cosign.instance } : request.instance === undefined ? {} : { instance: request.instance }),
  });
  await claimSecretHash(request.ledger, accountField(portfolio.owners as readonly Address[]), request.secretHash);
  return cosign === undefined ? attestation : mergeAttestations(cosign, attestation);
}

interface ReadSubject {
  readonly portfolio: Portfolio;
  readonly now: number;
  readonly fromFile: boolean;
}

async function readSubject(request: AttestWalletRequest, config: Config, surroundings: Surroundings): Promise<ReadSubject> {
  if (request.subject.endsWith('.json')) {
    const portfolio = await loadPortfolio(request.subject);
    return { portfolio, now: portfolio.createdAt, fromFile: true };
  }
  const texts = request.subject.split(',');
  const addresses = texts.filter((text) => !isName(text)).map(parseWallet);
  const { chains, at, recorded } = request;
  const runtime = await openRuntime(
    config,
    { owners: addresses, ...(chains === undefined ? {} : { chains }), ...(at === undefined ? {} : { at }), ...(recorded === undefined ? {} : { recorded }) },
    surroundings,
  );
  try {
    const reader = strictReader(request, runtime.reader);
    if (runtime.dataset === null) requireSecondEndpoints(config, reader);
    const portfolio = await readPortfolio(await resolveOwners(texts, reader.chains), reader);
    return { portfolio, now: isLive(config) && recorded === undefined ? Math.floor(surroundings.clock.now() / 1000) : portfolio.createdAt, fromFile: false };
  } finally {
    await runtime.close();
  }
}

/** Final blocks only; those of the first attestor where one is to be signed after it. */
function strictReader({ maxAgeSeconds, cosign, deployments }: AttestWalletRequest, reader: ReaderOptions): ReaderOptions {
  const chosen = deployments === undefined ? reader.deployments : deployments.map((id) => getDeployment(reader, id));
  const strict: ReaderOptions = { ...reader, deployments: chosen, finality: 'finalized', maxBlockAgeSeconds: maxAgeSeconds ?? DEFAULT_MAX_SNAPSHOT_AGE_SECONDS, prices: null };
  if (cosign === undefined) return strict;
  return { ...strict, pins: new Map(cosign.blocks.map((block): [ChainId, string] => [block.chain, block.hash])) };
}

function getDeployment(reader: ReaderOptions, id: string): Deployment {
  const found = reader.deployments.find((deployment) => deployment.id === id);
  if (found === undefined) throw new InvalidArgument(`"${id}" is not a deployment that is read here. plimsoll protocols --json lists them.`, { deployment: id });
  return found;
}

function requireSecondEndpoints(config: Config, reader: ReaderOptions): void {
  for (const chain of new Set(reader.deployments.map((deployment) => deployment.chain))) {
    const urls = config.rpcUrls.get(chain);
    if (urls !== undefined && urls.second !== null) continue;
    const number = chainNumber(chain);
    throw new PlimsollError(
      'ATTESTATION_REFUSED',
      `No attestation: ${chain} is not read from two endpoints that must agree. Set RPC_URL_${number} and RPC_URL_${number}_SECOND, or leave the chain out (--chain).`,
      { chain },
    );
  }
}
