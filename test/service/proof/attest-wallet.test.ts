import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Config, readConfig } from '../../../src/config.ts';
import { isPlimsollError } from '../../../src/core/errors.ts';
import type { Attestation } from '../../../src/proof/attestation.ts';
import { hashSecret } from '../../../src/proof/commitment.ts';
import { chooseDataset } from '../../../src/service/portfolio/recorded-data.ts';
import { type AttestWalletRequest, attestWallet } from '../../../src/service/proof/attest-wallet.ts';
import type { Dataset } from '../../../src/sources/recorded/dataset.ts';
import { type Recorded, startRecorded } from '../../../src/sources/recorded/start.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { createFakeNetwork, type FakeNetwork } from '../../fakes/fake-network.ts';
import { attestorKey, SECRET, SUBJECTS } from '../../proof/subjects.ts';

/** The recorded data as if they were live: an own subgraph endpoint and two chain endpoints, seconds after the block. */
const DEPLOYMENT = 'morpho-blue/1';
let dataset: Dataset;
let servers: readonly [Recorded, Recorded];
let network: FakeNetwork;
let folder = '';
let attempts = 0;

beforeAll(async () => {
  ({ dataset } = await chooseDataset(SUBJECTS.insolvent.recorded, []));
  servers = [await startRecorded(dataset), await startRecorded(dataset)];
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-attest-'));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  network = createFakeNetwork({ fetch: globalThis.fetch });
});

const urls = (): { readonly graph: string; readonly first: string; readonly second: string } => ({
  graph: servers[0].graphUrl(DEPLOYMENT) ?? '',
  first: servers[0].rpcUrl('eip155:1') ?? '',
  second: servers[1].rpcUrl('eip155:1') ?? '',
});

function liveConfig(changes: Readonly<Record<string, string>> = {}): Config {
  const { graph, first, second } = urls();
  return readConfig({ GRAPH_URL_MORPHO_BLUE_1: graph, RPC_URL_1: first, RPC_URL_1_SECOND: second, PLIMSOLL_DEADLINE: '2', ...changes });
}

function attest(changes: Partial<AttestWalletRequest> = {}, options: { config?: Config; secondsLater?: number } = {}): Promise<Attestation> {
  const { config = liveConfig(), secondsLater = 30 } = options;
  attempts += 1;
  const request: AttestWalletRequest = {
    subject: SUBJECTS.insolvent.subject,
    chains: ['eip155:1'],
    deployments: [DEPLOYMENT],
    key: attestorKey('eddsa', 7, 'production'),
    secretHash: hashSecret(SECRET),
    ledger: join(folder, `ledger-${attempts}.json`),
    ...changes,
  };
  const clock = createFakeClock({ startMs: (dataset.clockSeconds + secondsLater) * 1_000, auto: { isBusy: () => network.isBusy() } });
  return attestWallet(request, config, { clock, random: () => 0.5, fetch: network.fetch });
}

const refusal = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
    return 'none';
  } catch (error) {
    return isPlimsollError(error) ? `${error.code}: ${error.message}` : String(error);
  }
};

describe('attestWallet', () => {
  test('default: a production key signs what it has read itself, at a final block, from two endpoints', async () => {
    const attestation = await attest();
    expect(attestation).toMatchObject({ class: 'production', recorded: null, instance: 'M-attested', coverage: { markets: [{ chain: 'eip155:1', protocol: 'morpho-blue' }] } });
    const heads = network.requests.filter((request) => request.name === 'eth_getBlockByNumber').map((request) => (request.body['params'] as unknown[])[0]);
    expect(heads.length).toBeGreaterThanOrEqual(2);
    expect(new Set(heads)).toEqual(new Set(['finalized']));
    const asked = (url: string): number => network.requests.filter((request) => request.url === url && request.name === 'eth_call').length;
    expect(asked(urls().first)).toBeGreaterThan(0);
    expect(asked(urls().second)).toBe(asked(urls().first));
  });

  test('error: ATTESTATION_REFUSED without a second endpoint, and without any', async () => {
    expect(await refusal(attest({}, { config: liveConfig({ RPC_URL_1_SECOND: '' }) }))).toMatch(/ATTESTATION_REFUSED.*RPC_URL_1 and RPC_URL_1_SECOND/);
    expect(await refusal(attest({}, { config: liveConfig({ RPC_URL_1_SECOND: '', RPC_URL_1: '' }) }))).toMatch(/ATTESTATION_REFUSED.*two endpoints/);
  });

  test('error: ATTESTATION_REFUSED where the endpoints differ, one is down, or the subgraph is late', async () => {
    // The last digit of each answer is changed.
    const bend = (json: unknown): unknown => JSON.parse(JSON.stringify(json).replaceAll(/(0x[0-9a-f]{63,}?)([0-9a-f])"/g, (_, head: string, last: string) => `${head}${last === '0' ? '1' : '0'}"`));
    network.fail({ match: (request) => request.url === urls().second && request.name === 'eth_call', fault: { kind: 'rewrite', change: bend } });
    expect(await refusal(attest())).toMatch(/ATTESTATION_REFUSED.*gaps \(the first: (?:ENDPOINTS_DIFFER|MALFORMED_RESPONSE)\)/);
    network = createFakeNetwork({ fetch: globalThis.fetch });
    network.fail({ match: (request) => request.url === urls().second, fault: { kind: 'down' } });
    expect(await refusal(attest())).toMatch(/ATTESTATION_REFUSED.*gaps \(the first: SOURCE_UNREACHABLE\)/);
    network = createFakeNetwork({ fetch: globalThis.fetch });
    expect(await refusal(attest({}, { secondsLater: 1_801 }))).toMatch(/ATTESTATION_REFUSED.*gaps \(the first: STALE_BLOCK\)/);
    network = createFakeNetwork({ fetch: globalThis.fetch });
    network.fail({ fault: { kind: 'indexing-errors' } });
    expect(await refusal(attest())).toMatch(/ATTESTATION_REFUSED.*gaps \(the first: INDEXING_ERRORS\)/);
  });

  test('error: a deployment that was left unread is a refusal, an unknown one a usage error', async () => {
    expect(await refusal(attest({ deployments: [DEPLOYMENT, 'aave-v3/1/core'] }))).toMatch(/ATTESTATION_REFUSED.*gaps \(the first: NOT_CONFIGURED\)/);
    expect(await refusal(attest({ deployments: ['aave-v9/1'] }))).toMatch(/INVALID_ARGUMENT.*not a deployment/);
  });

  test('behavior: a second attestor reads the blocks of the first, comes to the same commitment, and signs it', async () => {
    const first = await attest({ key: attestorKey('secp256k1', 1, 'production') });
    network = createFakeNetwork({ fetch: globalThis.fetch });
    const both = await attest({ key: attestorKey('secp256k1', 2, 'production'), cosign: first });
    expect(both.commitment).toBe(first.commitment);
    expect(both.signature.kind === 'secp256k1' && both.signature.signatures.length).toBe(2);
    const [pin] = network.requests.filter((request) => request.name === 'eth_getBlockByHash').map((request) => (request.body['params'] as unknown[])[0]);
    expect(pin).toBe(first.blocks[0]?.hash);
    const cheat: Attestation = { ...first, rows: first.rows.map((row) => ({ ...row, amount: row.amount + 1n })), commitment: first.commitment + 1n };
    expect(await refusal(attest({ key: attestorKey('secp256k1', 2, 'production'), cosign: cheat }))).toMatch(/ATTESTATION_REFUSED.*not about the same vector/);
  });

  test('behavior: the first secret of an account stays; another one is refused, another account is free', async () => {
    const ledger = join(folder, 'shared.json');
    await attest({ ledger });
    expect(await refusal(attest({ ledger }))).toBe('none');
    expect(await refusal(attest({ ledger, secretHash: hashSecret(SECRET + 1n) }))).toMatch(/ATTESTATION_REFUSED.*another secret before/);
    expect(await refusal(attest({ ledger, subject: `0x${'12'.repeat(20)}`, secretHash: hashSecret(SECRET + 1n) }))).toBe('none');
  });

  test('behavior: nothing of the wallet is in a refusal', async () => {
    network.fail({ match: (request) => request.url === urls().second, fault: { kind: 'down' } });
    const text = await refusal(attest());
    expect(text).not.toMatch(/1597e4b7|morpho|sdeusd|http/i);
  });
});
