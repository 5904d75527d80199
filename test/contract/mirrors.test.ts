import { afterAll, describe, expect, test } from 'vitest';
import type { Address } from '../../src/core/ids.ts';
import { encodeJson } from '../../src/core/json.ts';
import type { RowQuery } from '../../src/core/source.ts';
import type { Deployment, Mirror, Protocol, Rows } from '../../src/protocols/protocol.ts';
import { PROTOCOLS } from '../../src/protocols/registry.ts';
import { systemClock } from '../../src/sources/clock.ts';
import { createGraphSource } from '../../src/sources/graph.ts';
import { type Recorded, startRecorded } from '../../src/sources/recorded/start.ts';
import { FIXTURES } from './fixtures.ts';
import { datasetOf, getFixture, STRANGER } from './protocol-fixture.ts';
import { getDeployment } from './samples.ts';

const graph = createGraphSource({ clock: systemClock, random: () => 0.5, fetch: globalThis.fetch });
const opened: Recorded[] = [];
afterAll(() => Promise.all(opened.map((recorded) => recorded.close())));

const HASH = `0x${'ab'.repeat(32)}`;

interface Read {
  readonly deployment: Deployment;
  readonly mirror: Mirror;
  readonly owners: readonly Address[];
  /** Rows as the mirror reads them, and as it keeps them: through JSON. */
  readonly mirrored: Rows;
  readonly discovered: Rows;
  readonly places: Readonly<Record<string, readonly ReturnType<Mirror['queries'][number]['place']>[]>>;
}

async function read(protocol: Protocol, count: number): Promise<Read> {
  const fixture = getFixture(protocol, FIXTURES);
  const deployment = getDeployment(protocol, fixture.deployment);
  const dialect = deployment.subgraph?.dialect ?? 'graph-node';
  const rows = fixture.generate(count);
  const recorded = await startRecorded(datasetOf(fixture, rows, { chain: deployment.chain, dialect }));
  opened.push(recorded);
  const endpoint = { chain: deployment.chain, dialect, url: recorded.graphUrl(deployment.id) ?? '', label: deployment.id };
  const fetch = (query: RowQuery) => graph.fetchRows(endpoint, query, dialect === 'graph-node' ? HASH : null);
  const mirror = protocol.mirror?.(deployment) ?? { queries: [], join: (given: Rows) => given, listPositions: () => [], layoutOf: () => '' };
  const owners = [...rows.owners, STRANGER];
  const mirrored = Object.fromEntries(await Promise.all(mirror.queries.map(async (query) => [query.name, (await fetch(query)).map(encodeJson)] as const)));
  const discovered = Object.fromEntries(await Promise.all(protocol.discover(deployment, owners).map(async (query) => [query.name, await fetch(query)] as const)));
  const places = Object.fromEntries(mirror.queries.map((query) => [query.name, (mirrored[query.name] ?? []).map((row) => query.place(row))]));
  return { deployment, mirror, owners, mirrored, discovered, places };
}

const block = { chain: 'eip155:1', number: 23_638_500n, hash: HASH, timestamp: 1_761_221_354n } as const;

describe.each(PROTOCOLS.filter((protocol) => protocol.mirror !== undefined).map((protocol) => [protocol.id, protocol] as const))('the mirror of %s', (_id, protocol) => {
  test('default: it holds the rows of everybody who has something, with owner and market', async () => {
    const { mirror, places, owners, deployment } = await read(protocol, 30);
    const positions = mirror.queries.filter((query) => places[query.name]?.some((place) => place !== null && place.owner !== null));
    expect(positions.length).toBeGreaterThan(0);
    const found = new Set(positions.flatMap((query) => (places[query.name] ?? []).flatMap((place) => place?.owner ?? [])));
    expect([...found].toSorted()).toEqual([...owners].toSorted());
    if (deployment.market !== '') expect(new Set(Object.values(places).flatMap((list) => list.flatMap((place) => place?.market ?? [])))).toEqual(new Set([deployment.market]));
  });

  test('behavior: kept rows normalize as discovered ones do, and give the same positions', async () => {
    const { mirror, mirrored, discovered, owners, deployment } = await read(protocol, 5);
    const input = { deployment, owners, block, calls: null };
    const expected = protocol.normalize({ ...input, rows: discovered });
    const found = protocol.normalize({ ...input, rows: mirror.join(mirrored) });
    expect(expected.accounts.length).toBeGreaterThan(0);
    expect(encodeJson(found)).toEqual(encodeJson(expected));
    const markets = new Map(found.markets.map((market) => [market.market, market.state]));
    const listed = mirror.listPositions({ deployment, block, rows: mirrored, markets });
    const marketOf = new Map(expected.markets.map((market) => [market.id, market.market]));
    const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1);
    expect(listed.toSorted(byId)).toEqual(expected.accounts.map(({ id, owner, market, position }) => ({ id, owner, market: marketOf.get(market), position })).toSorted(byId));
  });

  test('behavior: every kind that is not read whole each time can be read by id', async () => {
    const { mirror, deployment } = await read(protocol, 3);
    for (const query of mirror.queries) if (query.changes.length > 0) expect(query.byId, query.name).not.toBeNull();
    for (const query of mirror.queries) if (deployment.subgraph?.dialect === 'subsquid') expect(query.changes).toEqual([]);
  });
});
