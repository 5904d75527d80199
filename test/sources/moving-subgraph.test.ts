import { afterEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { RowQuery } from '../../src/core/source.ts';
import { systemClock } from '../../src/sources/clock.ts';
import { createGraphSource } from '../../src/sources/graph.ts';
import { parseEntityModel } from '../../src/sources/recorded/entity-model.ts';
import { createGraphEndpoint } from '../../src/sources/recorded/graph-endpoint.ts';
import { type JsonServer, startJsonServer } from '../../src/sources/recorded/json-http.ts';
import { createMovingSubgraph, type MovingSubgraph } from '../../src/sources/recorded/moving-subgraph.ts';
import { lendingEndpoint, sampleDocuments, WIDE } from './sample.ts';

const model = parseEntityModel(sampleDocuments.schema('sample-lending'));
const hashOf = (number: number, fork = 'a') => `0x${fork.repeat(48)}${number.toString(16).padStart(16, '0')}`;
const blockOf = (number: number, fork = 'a') => ({ number: BigInt(number), hash: hashOf(number, fork), timestamp: 1_000 + number });
const position = (id: string, debt: number) => ({ id, account: 'alice', market: '0xaa', debt: String(debt), collateral: '0', isCollateral: true, updatedAt: 1 });
const market = { id: '0xaa', symbol: 'WETH', status: 'ACTIVE', liquidationThreshold: '0.8', oracle: null, emodes: [] };

function startChain(count: number): MovingSubgraph {
  const rows = Array.from({ length: count }, (_, at) => position(`p${String(at).padStart(4, '0')}`, at));
  return createMovingSubgraph({ model, deployment: 'sample', block: blockOf(10), entities: { Market: [market], Account: [{ id: 'alice', favourites: [] }], Position: rows }, kept: 4 });
}

async function ask(chain: Pick<MovingSubgraph, 'answer'>, where: string, rest = ''): Promise<{ ids: string[]; message: string | undefined }> {
  const answer = (await chain.answer({ query: `{ positions(where: ${where} ${rest}) { id debt market { symbol } } }` })) as {
    data?: { positions: { id: string }[] } | null;
    errors?: { message: string }[];
  };
  return { ids: answer.data?.positions.map((row) => row.id) ?? [], message: answer.errors?.[0]?.message };
}
const since = (number: number) => `{ _change_block: { number_gte: ${number} } }`;

describe(createMovingSubgraph, () => {
  test('default: a block changes, adds and removes rows; older blocks answer as before', async () => {
    const chain = startChain(3);
    chain.append(blockOf(11), { Position: { rows: [position('p0001', 99), position('p0000x', 5)], gone: ['p0002'] } });
    expect((await ask(chain, '{}')).ids).toEqual(['p0000', 'p0000x', 'p0001']);
    expect((await ask(chain, '{}', `block: { hash: "${hashOf(10)}" }`)).ids).toEqual(['p0000', 'p0001', 'p0002']);
    expect((await ask(chain, '{ debt: "99" }')).ids).toEqual(['p0001']);
    expect([chain.head.number, chain.rows('Position').length]).toEqual([11n, 3]);
  });

  test('behavior: _change_block gives what is as it is since that block, beside other filters and an or', async () => {
    const chain = startChain(3);
    chain.append(blockOf(11), { Position: { rows: [position('p0001', 99)], gone: [] } });
    chain.append(blockOf(12), { Position: { rows: [position('p0002', 1)], gone: ['p0000'] } });
    expect((await ask(chain, since(10))).ids).toEqual(['p0001', 'p0002']);
    expect((await ask(chain, since(11))).ids).toEqual(['p0001', 'p0002']);
    expect((await ask(chain, since(12))).ids).toEqual(['p0002']);
    expect((await ask(chain, since(13))).ids).toEqual([]);
    expect((await ask(chain, since(11), `block: { hash: "${hashOf(11)}" }`)).ids).toEqual(['p0001']);
    expect((await ask(chain, '{ id_gt: "p0001", _change_block: { number_gte: 11 } }')).ids).toEqual(['p0002']);
    expect((await ask(chain, '{ _change_block: { number_gte: 11 }, or: [{ debt: "99" }] }')).ids).toEqual(['p0001']);
    expect((await ask(chain, '{ debt_gt: "0", or: [{ debt: "99" }] }')).message).toContain("Cannot mix column filters with 'or'");
  });

  test("behavior: a parent's change block does not move with its children", async () => {
    const chain = startChain(1);
    chain.append(blockOf(11), { Market: { rows: [{ ...market, symbol: 'WBTC' }], gone: [] } });
    expect((await ask(chain, since(11))).ids).toEqual([]);
  });

  test('behavior: after a reorganisation hashes are unknown, rows and their dates are as before', async () => {
    const chain = startChain(2);
    chain.append(blockOf(11), { Position: { rows: [position('p0000', 1)], gone: [] } });
    chain.append(blockOf(12), { Position: { rows: [position('p0001', 2)], gone: [] } });
    chain.revertTo(10n);
    expect((await ask(chain, '{}', `block: { hash: "${hashOf(12)}" }`)).message).toContain('no block with that hash found');
    chain.append(blockOf(11, 'b'), { Position: { rows: [position('p0001', 7)], gone: [] } });
    expect((await ask(chain, since(11))).ids).toEqual(['p0001']);
    expect((await ask(chain, '{ debt: "0" }')).ids).toEqual(['p0000']);
    expect((await ask(chain, '{}', `block: { hash: "${hashOf(11, 'b')}" }`)).ids).toHaveLength(2);
  });

  test('behavior: a graph-node that still has the orphan in its cache answers for the block that took its number', async () => {
    const chain = createMovingSubgraph({
      model,
      deployment: 'sample',
      block: blockOf(10),
      entities: { Market: [market], Account: [{ id: 'alice', favourites: [] }], Position: [position('p', 1)] },
      orphans: 'by-number',
    });
    chain.append(blockOf(11), { Position: { rows: [position('p', 2)], gone: [] } });
    chain.revertTo(10n);
    const orphan = `block: { hash: "${hashOf(11)}" }`;
    expect((await ask(chain, '{}', orphan)).message).toContain('no block with that hash found');
    chain.append(blockOf(11, 'b'), { Position: { rows: [position('q', 3)], gone: [] } });
    expect((await ask(chain, '{ debt: "1" }', orphan)).ids).toEqual(['p']);
    expect((await ask(chain, '{}', orphan)).ids).toEqual(['p', 'q']);
  });

  test('behavior: old blocks are pruned', async () => {
    const chain = startChain(1);
    for (let number = 11; number < 15; number += 1) chain.append(blockOf(number), {});
    expect((await ask(chain, '{}', `block: { hash: "${hashOf(10)}" }`)).message).toContain('no block with that hash');
    expect((await ask(chain, '{}', `block: { hash: "${hashOf(11)}" }`)).ids).toHaveLength(1);
    expect(() => chain.append(blockOf(14), {})).toThrow();
    expect(() => chain.revertTo(9n)).toThrow();
  });

  test('behavior: rows by id, and pages after an id, also inside of an and', async () => {
    const chain = startChain(5);
    expect((await ask(chain, '{ id_in: ["p0003", "p0001", "none", "p0001"] }')).ids).toEqual(['p0001', 'p0003']);
    expect((await ask(chain, '{ id_in: ["p0003", "p0001"], id_gt: "p0001" }')).ids).toEqual(['p0003']);
    expect((await ask(chain, '{ and: [{ id_gt: "p0002" }, { or: [{ debt: "3" }, { debt: "1" }] }] }')).ids).toEqual(['p0003']);
    expect((await ask(chain, '{ id_gt: "p0000" }', 'first: 2 skip: 1')).ids).toEqual(['p0002', 'p0003']);
    expect((await ask(chain, '{ id_gt: "p0000" }', 'orderBy: debt orderDirection: desc first: 2')).ids).toEqual(['p0004', 'p0003']);
  });
});

describe('recorded snapshots', () => {
  test('behavior: a row is dated with the first block of the run in which it is the same', async () => {
    const entities = (debts: readonly number[]) => ({ Market: [market], Account: [{ id: 'alice', favourites: [] }], Position: debts.map((debt, at) => position(`p${at}`, debt)) });
    const answer = createGraphEndpoint(
      {
        file: 'x.json',
        about: '',
        deployments: ['sample'],
        schema: 'sample-lending',
        dialect: 'graph-node',
        chain: 'eip155:1',
        snapshots: [
          [10, [1, 1, 1]],
          [20, [1, 2, 1]],
          [30, [1, 2, 3, 4]],
        ].map(([number, debts]) => ({
          block: { number: String(number), hash: hashOf(Number(number)), timestamp: 1 },
          hasIndexingErrors: false,
          entities: entities(debts as number[]),
        })),
      },
      sampleDocuments.schema('sample-lending'),
    );
    expect((await ask({ answer }, since(10))).ids).toEqual(['p0', 'p1', 'p2', 'p3']);
    expect((await ask({ answer }, since(11))).ids).toEqual(['p1', 'p2', 'p3']);
    expect((await ask({ answer }, since(21))).ids).toEqual(['p2', 'p3']);
  });
});

describe('pages of a graph source', () => {
  let server: JsonServer | null = null;
  afterEach(() => server?.close());
  const graph = createGraphSource({ clock: systemClock, random: () => 0.5, fetch: globalThis.fetch, policy: WIDE, documents: sampleDocuments });
  const query: RowQuery = { name: 'p', documents: 'sample-lending', operation: 'Positions', root: 'positions', variables: { account: 'alice' }, row: z.object({ id: z.string(), debt: z.string() }) };

  test('default: one page after another, at the pinned block', async () => {
    const chain = startChain(2_500);
    server = await startJsonServer(() => chain.answer);
    const endpoint = lendingEndpoint(server.origin);
    chain.append(blockOf(11), { Position: { rows: [], gone: ['p0000'] } });
    const first = await graph.fetchPage(endpoint, query, { pin: hashOf(10), after: '' });
    const last = await graph.fetchPage(endpoint, query, { pin: hashOf(10), after: 'p1999' });
    expect([first.rows.length, first.isLast, first.rows[0], last.rows.length, last.isLast]).toEqual([1_000, false, { id: 'p0000', debt: '0' }, 500, true]);
  });

  test('error: MALFORMED_RESPONSE where a page begins before its cursor', async () => {
    const chain = startChain(3);
    server = await startJsonServer(() => (body) => chain.answer(JSON.parse(JSON.stringify(body).replace('p0001', ''))));
    await expect(graph.fetchPage(lendingEndpoint(server.origin), query, { pin: hashOf(10), after: 'p0001' })).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' });
  });

  test('behavior: a block is known until a reorganisation takes it', async () => {
    const chain = startChain(1);
    server = await startJsonServer(() => chain.answer);
    const endpoint = lendingEndpoint(server.origin);
    chain.append(blockOf(11), {});
    const block = { number: 11n, hash: hashOf(11) };
    expect([await graph.hasBlock(endpoint, block), await graph.hasBlock(endpoint, { ...block, number: 12n })]).toEqual([true, false]);
    chain.revertTo(10n);
    expect(await graph.hasBlock(endpoint, block)).toBe(false);
    await expect(graph.fetchPage(endpoint, query, { pin: hashOf(11), after: '' })).rejects.toMatchObject({ code: 'BLOCK_GONE' });
  });
});
