import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { encodeJson } from '../../src/core/json.ts';
import { circuitId } from '../../src/proof/instances.ts';
import { systemClock, systemFetch, systemRandom } from '../../src/sources/clock.ts';
import { createDocuments } from '../../src/sources/documents.ts';
import { createGraphSource } from '../../src/sources/graph.ts';
import { parseEntityModel } from '../../src/sources/recorded/entity-model.ts';
import { startRecorded } from '../../src/sources/recorded/start.ts';
import { fetchBreaches, fetchSolventProofs } from '../../src/sources/solvency-registry.ts';
import { type EntityStore, type MappingModule, runMappings } from './mapping-host.ts';
import { BREACH, COVERAGE, FIRST, type Life, liveRegistry, REF, SECOND, SOLVENT, THIRD } from './registry-life.ts';
import { DELAY } from './solvency-chain.ts';
import { CONSUMER, RECIPIENT, STRANGER } from './solvency-world.ts';

const FOLDER = fileURLToPath(new URL('../../subgraphs/solvency-registry/', import.meta.url));
const GRAPH = join(FOLDER, 'node_modules/@graphprotocol/graph-cli/bin/run.js');
const isInstalled = existsSync(GRAPH);
const INSTALL = 'npm install --prefix subgraphs/solvency-registry';
const manifest = readFileSync(join(FOLDER, 'subgraph.yaml'), 'utf8');

const run = promisify(execFile);

interface EventAbi {
  readonly name: string;
  readonly inputs: readonly { readonly type: string; readonly indexed: boolean }[];
}

function mappingOf(name: string, folder: string): MappingModule {
  const part = manifest.split('  - kind: ethereum\n').find((text) => text.includes(`    name: ${name}\n`)) ?? '';
  const handlers = new Map([...part.matchAll(/- event: (\w+)\(.*\n +handler: (\w+)/g)].map(([, event = '', handler = '']) => [event, handler]));
  return { wasm: join(folder, name, `${name}.wasm`), abi: readFileSync(join(FOLDER, `abis/${name}.json`), 'utf8'), handlers };
}

function expectIndexed(store: EntityStore, { registry, start }: Life): void {
  const one = (type: string, id: string) => store.get(type)?.get(id);
  const end = start + 60n;
  const [delay, soon] = [BigInt(DELAY), end + BigInt(DELAY)];
  expect(one('Circuit', circuitId('M-attested'))).toMatchObject({ mode: 'ATTESTED', activeFrom: start });
  expect(one('Circuit', circuitId('S-committed'))).toMatchObject({ mode: 'COMMITTED', stoppedAt: end });
  expect(one('Registration', registry)).toMatchObject({ frozenAt: end });
  expect(one('Consumer', CONSUMER)).toMatchObject({ breachCount: 2, solventCount: 1 });
  expect(one('Account', `${CONSUMER}-${REF}`)).toMatchObject({ accountRef: REF, breachCount: 2, solventCount: 1, lastBreachSnapshot: start - 10n, lastSolventSnapshot: start + 5n });
  const terms = { consumer: CONSUMER, purpose: 'BREACH', coverage: COVERAGE, attestors: registry, bound: 900_000, minDeficit: 500n, maxAge: 900, setAt: start };
  expect(one('Terms', `${CONSUMER}-BREACH-${COVERAGE}-0`)).toMatchObject({ ...terms, scope: 0n, removedAt: null });
  expect(one('Terms', `${CONSUMER}-BREACH-${COVERAGE}-5`)).toMatchObject({ ...terms, scope: 5n, removedAt: start });
  expect(one('Terms', `${CONSUMER}-SOLVENT-${COVERAGE}-0`)).toMatchObject({ purpose: 'SOLVENT', bound: 1_050_000 });
  expect(one('AttestorRegistry', registry)).toMatchObject({ owner: STRANGER, pendingOwner: null, threshold: 1, thresholdFrom: end + delay });
  expect(one('Attestor', `${registry}-${FIRST}`)).toMatchObject({ attestor: FIRST, activeFrom: start, activeUntil: soon, revoked: false });
  expect(one('Attestor', `${registry}-${SECOND}`)).toMatchObject({ announcedAt: end, activeFrom: soon, activeUntil: null, revoked: false });
  expect(one('Attestor', `${registry}-${THIRD}`)).toMatchObject({ activeFrom: 0n, activeUntil: end, revoked: true });
  expect(one('Signer', `${registry}-${RECIPIENT}`)).toMatchObject({ signer: RECIPIENT, activeFrom: soon, activeUntil: soon, revoked: false });
  expect([...(store.get('Signer')?.values() ?? [])].map((signer) => signer['revoked']).filter(Boolean)).toHaveLength(1);
}

/** What the mappings stored, served as graph-node serves it, and read by the library. */
async function expectRead(store: EntityStore, { start }: Life): Promise<void> {
  const names = [...parseEntityModel(createDocuments().schema('solvency-registry')).entities.keys()];
  const rowsOf = (type: string) => [...(store.get(type)?.values() ?? [])].map((row) => encodeJson(row) as { id: string });
  const hash = `0x${'a1'.repeat(32)}`;
  const snapshot = { block: { number: '99', hash, timestamp: Number(start) }, hasIndexingErrors: false, entities: Object.fromEntries(names.map((name) => [name, rowsOf(name)])) };
  const subgraph = { file: 'r.json', about: '', deployments: ['r'], schema: 'solvency-registry', dialect: 'graph-node', chain: 'eip155:31337', snapshots: [snapshot] } as const;
  const recorded = await startRecorded({
    name: 'r',
    title: 'r',
    about: '',
    clockSeconds: Number(start),
    wallets: [],
    chains: [],
    subgraphs: [{ ...subgraph, deployments: ['r'], snapshots: [snapshot] }],
  });
  try {
    const graph = createGraphSource({ clock: systemClock, random: systemRandom, fetch: systemFetch });
    const endpoint = { chain: 'eip155:31337', dialect: 'graph-node', url: recorded.graphUrl('r') ?? '', label: 'r' } as const;
    const options = { consumer: CONSUMER, since: 0n, maxAgeSeconds: 60, now: Number(start) };
    const shared = { accountRef: REF, scope: 0n, coverage: COVERAGE, recipient: RECIPIENT };
    expect((await fetchBreaches(graph, endpoint, options)).proofs).toMatchObject([
      { ...shared, nullifier: 1n, snapshot: start - 10n, countedAt: start, upperPpm: BREACH.upperPpm, minDeficitCents: BREACH.minDeficitCents },
      { ...shared, nullifier: 2n, snapshot: start - 20n, countedAt: start + 60n },
    ]);
    expect((await fetchSolventProofs(graph, endpoint, options)).proofs).toMatchObject([{ ...shared, nullifier: 3n, lowerPpm: SOLVENT.lowerPpm }]);
  } finally {
    await recorded.close();
  }
}

describe('subgraphs/solvency-registry', () => {
  test.skipIf(!isInstalled)(`default: codegen and build go through, and the mappings index a registry’s whole life${isInstalled ? '' : ` (skipped: ${INSTALL})`}`, { timeout: 300_000 }, async () => {
    const output = await mkdtemp(join(tmpdir(), 'solvency-subgraph-'));
    try {
      await run(execPath, [GRAPH, 'codegen'], { cwd: FOLDER });
      await run(execPath, [GRAPH, 'build', '--output-dir', output], { cwd: FOLDER });
      const life = await liveRegistry();
      const store: EntityStore = new Map();
      for (const name of ['SolvencyRegistry', 'AttestorRegistry']) await runMappings(mappingOf(name, output), life.logs, store);
      expectIndexed(store, life);
      await expectRead(store, life);
    } finally {
      await rm(output, { recursive: true });
    }
  });

  test('behavior: every event of the registries is handled', () => {
    const handled = new Set([...manifest.matchAll(/- event: (.+)/g)].map(([, event = '']) => event));
    const abi = JSON.parse(readFileSync(join(FOLDER, 'abis/SolvencyRegistry.json'), 'utf8')) as readonly EventAbi[];
    const signatures = abi.map(({ name, inputs }) => `${name}(${inputs.map(({ type, indexed }) => `${indexed ? 'indexed ' : ''}${type}`).join(',')})`);
    expect([...handled].toSorted()).toEqual(signatures.toSorted());
  });

  test('behavior: every entity of the schema is written by a data source, and the reader’s excerpt is the schema itself', () => {
    const { entities } = parseEntityModel(createDocuments().schema('solvency-registry'));
    const written = [...manifest.matchAll(/^ {8}- ([A-Z]\w+)$/gm)].map(([, name = '']) => name);
    expect(written.toSorted()).toEqual([...entities.keys()].toSorted());
  });

  test('behavior: the lockfile names no place to download from', () => {
    expect(readFileSync(join(FOLDER, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});
