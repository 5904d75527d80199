import { afterAll, describe, expect, test } from 'vitest';
import { systemClock, systemFetch, systemRandom } from '../../src/sources/clock.ts';
import { createGraphSource } from '../../src/sources/graph.ts';
import type { Dataset, RecordedSubgraph } from '../../src/sources/recorded/dataset.ts';
import { startRecorded } from '../../src/sources/recorded/start.ts';
import { fetchBreaches, fetchSolventProofs } from '../../src/sources/solvency-registry.ts';

const AT = 1_760_000_000;
const HASH = `0x${'a1'.repeat(32)}`;
const consumer = `0x${'c0'.repeat(20)}` as const;
const other = `0x${'c1'.repeat(20)}` as const;
const RECIPIENT = `0x${'4e'.repeat(20)}`;
/** As large as a field element can be, hence larger than any number of JSON. */
const REF = '21888242871839275222246405745257275088548364400416034343698204186575808495616';

type Rows = RecordedSubgraph['snapshots'][number]['entities'][string];

function row(number: number, from: string, changes: object): Rows[number] {
  const transaction = `0x${number.toString(16).padStart(64, '0')}`;
  const signals = { accountRef: REF, nullifier: String(number), snapshot: String(AT - 100), scope: '0', coverage: '888' };
  return { id: `${transaction}-3`, consumer: from, account: `${from}-${REF}`, ...signals, claim: '0', recipient: RECIPIENT, block: '7', countedAt: String(AT - number), transaction, ...changes };
}

const breach = (number: number, from: string = consumer) => row(number, from, { upper: 950_000, minDeficit: '18446744073709551615' });

function dataset(deployments: string, breaches: Rows, changes: Partial<RecordedSubgraph['snapshots'][number]> = {}): RecordedSubgraph {
  const entities = {
    Consumer: [consumer, other].map((id) => ({ id, breachCount: 0, solventCount: 0 })),
    Account: [consumer, other].map((id) => ({ id: `${id}-${REF}`, consumer: id, accountRef: REF, breachCount: 0, solventCount: 0, lastBreachSnapshot: null, lastSolventSnapshot: null })),
    Breach: breaches,
    SolventProof: [row(9, consumer, { lower: 1_050_000 })],
  };
  const snapshot = { block: { number: '7', hash: HASH, timestamp: AT }, hasIndexingErrors: false, entities, ...changes };
  return { file: `${deployments}.json`, about: 'Constructed.', deployments: [deployments], schema: 'solvency-registry', dialect: 'graph-node', chain: 'eip155:31337', snapshots: [snapshot] };
}

const many = Array.from({ length: 1_001 }, (_, at) => breach(at + 1));
const subgraphs = [
  dataset('few', [breach(2), breach(50), breach(1), breach(3, other)]),
  dataset('many', many),
  dataset('failing', [], { hasIndexingErrors: true }),
  dataset('broken', [row(1, consumer, { upper: -1, minDeficit: '0' })]),
];
const all: Dataset = { name: 'registry', title: 'A registry', about: 'Constructed.', clockSeconds: AT, wallets: [], subgraphs, chains: [] };

describe('proofs that a registry counted', async () => {
  const recorded = await startRecorded(all);
  afterAll(() => recorded.close());
  const graph = createGraphSource({ clock: systemClock, random: systemRandom, fetch: systemFetch });
  const endpoint = (name: string) => ({ chain: 'eip155:31337', dialect: 'graph-node', url: recorded.graphUrl(name) ?? '', label: 'test registry' }) as const;
  const options = { consumer, since: 0n, maxAgeSeconds: 300, now: AT + 300 };

  test('default: those of the consumer, the oldest first, at one block', async () => {
    const { proofs, block } = await fetchBreaches(graph, endpoint('few'), options);
    expect(proofs.map((proof) => proof.nullifier)).toEqual([50n, 2n, 1n]);
    expect(proofs.at(-1)).toEqual({
      id: `0x${'1'.padStart(64, '0')}-3`,
      accountRef: BigInt(REF),
      nullifier: 1n,
      snapshot: BigInt(AT - 100),
      scope: 0n,
      coverage: 888n,
      recipient: RECIPIENT,
      countedAt: BigInt(AT - 1),
      transaction: `0x${'1'.padStart(64, '0')}`,
      upperPpm: 950_000,
      minDeficitCents: 2n ** 64n - 1n,
    });
    expect(block).toEqual({ chain: 'eip155:31337', number: 7n, hash: HASH, timestamp: BigInt(AT) });
  });

  test('behavior: from a time on, that second included', async () => {
    const nullifiers = async (since: number) => (await fetchBreaches(graph, endpoint('few'), { ...options, since: BigInt(since) })).proofs.map((proof) => proof.nullifier);
    expect(await nullifiers(AT - 2)).toEqual([2n, 1n]);
    expect(await nullifiers(AT - 1)).toEqual([1n]);
    expect(await nullifiers(AT)).toEqual([]);
  });

  test('behavior: every page is read', async () => {
    const { proofs } = await fetchBreaches(graph, endpoint('many'), options);
    expect(proofs).toHaveLength(1_001);
    expect(proofs.map((proof) => proof.countedAt)).toEqual(many.map((_, at) => BigInt(AT - 1_001 + at)));
  });

  test('behavior: proofs of solvency have a lower end', async () => {
    expect((await fetchSolventProofs(graph, endpoint('few'), options)).proofs).toMatchObject([{ nullifier: 9n, lowerPpm: 1_050_000, recipient: RECIPIENT }]);
    expect((await fetchSolventProofs(graph, endpoint('few'), { ...options, consumer: other })).proofs).toEqual([]);
  });

  test('error: STALE_BLOCK, INDEXING_ERRORS, MALFORMED_RESPONSE', async () => {
    await expect(fetchBreaches(graph, endpoint('few'), { ...options, now: AT + 301 })).rejects.toMatchObject({ code: 'STALE_BLOCK', fields: { ageSeconds: 301, limitSeconds: 300 } });
    for (const read of [fetchBreaches, fetchSolventProofs]) await expect(read(graph, endpoint('failing'), options)).rejects.toMatchObject({ code: 'INDEXING_ERRORS' });
    await expect(fetchBreaches(graph, endpoint('broken'), options)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', fields: { path: 'breaches[0].upper' } });
  });
});
