import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseRetryAfter, redact } from '../../src/sources/failure.ts';
import { createGraphSource } from '../../src/sources/graph.ts';
import { createLane } from '../../src/sources/lane.ts';
import { readDataset } from '../../src/sources/recorded/dataset.ts';
import { startRecorded } from '../../src/sources/recorded/start.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { createFakeNetwork, type Script } from '../fakes/fake-network.ts';
import { HASH_1, HASH_2, lendingEndpoint, manyPerps, manyPositions, perpsEndpoint, perpsQuery, positionsQuery, sampleDocuments, TINY, WIDE } from './sample.ts';

const tiny = await startRecorded(await readDataset(TINY), sampleDocuments);
const many = await startRecorded(manyPositions(2_500), sampleDocuments);
const squid = await startRecorded(manyPerps(1_203), sampleDocuments);
afterAll(() => Promise.all([tiny, many, squid].map((recorded) => recorded.close())));

const SECRET = 'key-5f0c9b1e7d3a4c2b';
const tinyLending = lendingEndpoint(tiny.graphUrl('sample-lending/1/core') ?? '');
const manyLending = lendingEndpoint(many.graphUrl('many') ?? '');
const tinyPerps = perpsEndpoint(tiny.graphUrl('sample-perps/42161') ?? '');

function setUp(script: Script | null = null, policy = {}) {
  const network = createFakeNetwork({ fetch: globalThis.fetch });
  if (script !== null) network.fail(script);
  const clock = createFakeClock({ auto: { isBusy: network.isBusy } });
  const source = createGraphSource({ clock, random: () => 0.5, fetch: network.fetch, documents: sampleDocuments, policy: { ...WIDE, ...policy } });
  return { network, clock, source };
}

describe('fetchHead', () => {
  test('default', async () => {
    const { source, network } = setUp();
    expect(await source.fetchHead(tinyLending)).toEqual({
      block: { chain: 'eip155:1', number: 23_640_010n, hash: HASH_2, timestamp: 1_761_221_390n },
      hasIndexingErrors: false,
    });
    expect(network.requests).toHaveLength(1);
    expect(network.requests[0]?.body['query']).not.toContain('block:');
  });

  test('behavior: Subsquid tells no hash', async () => {
    const { source } = setUp();
    expect(await source.fetchHead(tinyPerps)).toEqual({
      block: { chain: 'eip155:42161', number: 392_000_000n, hash: null, timestamp: 1_761_221_380n },
      hasIndexingErrors: false,
    });
  });

  test('behavior: Subsquid timestamps in milliseconds are brought to seconds, and the slowest processor counts', async () => {
    const processorStatuses = [
      { lastParsedBlockNumber: 900, lastParsedBlockTimestamp: '1761221390999' },
      { lastParsedBlockNumber: '800', lastParsedBlockTimestamp: 1_761_221_300_500 },
    ];
    const { source } = setUp({ fault: { kind: 'answer', json: { data: { processorStatuses } } } });
    expect((await source.fetchHead(tinyPerps)).block).toMatchObject({ number: 800n, timestamp: 1_761_221_300n });
  });

  test('behavior: indexing errors are reported, not hidden', async () => {
    const { source } = setUp({ fault: { kind: 'indexing-errors' } });
    expect((await source.fetchHead(tinyLending)).hasIndexingErrors).toBe(true);
  });

  test('behavior: a lagging head is passed on', async () => {
    const { source } = setUp({ fault: { kind: 'lagging-head', blocks: 500, seconds: 6_000 } });
    expect((await source.fetchHead(tinyLending)).block).toMatchObject({ number: 23_639_510n, timestamp: 1_761_215_390n });
  });

  test.each([
    [['data', '_meta'], '_meta'],
    [['data', '_meta', 'block', 'hash'], '_meta.block.hash'],
    [['data', '_meta', 'block', 'timestamp'], '_meta.block.timestamp'],
  ])('error: MALFORMED_RESPONSE where %j is null', async (path, named) => {
    const { source } = setUp({ fault: { kind: 'null-field', path } });
    await expect(source.fetchHead(tinyLending)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', fields: { path: named, source: 'sample lending' } });
  });
});

describe('fetchRows', () => {
  test('default', async () => {
    const { source } = setUp();
    expect(await source.fetchRows(tinyLending, positionsQuery, HASH_1)).toEqual([
      { id: 'p1', debt: '9', market: { id: '0xbb', symbol: 'USDC' } },
      { id: 'p2', debt: '100000000000000000000', market: { id: '0xaa', symbol: 'WETH' } },
    ]);
  });

  test('behavior: 2,500 rows come in three pages, all at one hash, each once', async () => {
    const { source, network } = setUp();
    const rows = await source.fetchRows(manyLending, positionsQuery, HASH_1);
    expect(rows).toHaveLength(2_500);
    expect(new Set(rows.map((row) => z.object({ id: z.string() }).parse(row).id)).size).toBe(2_500);
    expect(rows.every((row) => z.object({ debt: z.string() }).parse(row).debt === '8')).toBe(true);
    expect(network.requests.map((request) => request.variables)).toEqual([
      { account: 'alice', first: 1_000, last: '', block: { hash: HASH_1 } },
      { account: 'alice', first: 1_000, last: 'p001000', block: { hash: HASH_1 } },
      { account: 'alice', first: 1_000, last: 'p002000', block: { hash: HASH_1 } },
    ]);
    expect(network.rounds()).toBe(3);
  });

  test('behavior: a full last page is followed by an empty one', async () => {
    const exact = await startRecorded(manyPositions(1_000), sampleDocuments);
    const { source, network } = setUp();
    expect(await source.fetchRows(lendingEndpoint(exact.graphUrl('many') ?? ''), positionsQuery, HASH_2)).toHaveLength(1_000);
    expect(network.requests).toHaveLength(2);
    await exact.close();
  });

  test('behavior: Subsquid is paged by offset', async () => {
    const { source, network } = setUp();
    expect(await source.fetchRows(perpsEndpoint(squid.graphUrl('perps') ?? ''), perpsQuery, null)).toHaveLength(1_203);
    expect(network.requests.map((request) => request.variables['offset'])).toEqual([0, 500, 1_000]);
  });

  test('behavior: an operation without a cursor is read once', async () => {
    const { source, network } = setUp();
    const query = { ...positionsQuery, operation: 'Categories', root: 'emodeCategories', variables: {}, row: z.object({ id: z.string(), label: z.string() }) };
    expect(await source.fetchRows(tinyLending, query, HASH_1)).toEqual([{ id: '1', label: 'stable' }]);
    expect(network.requests[0]?.variables).toEqual({ block: { hash: HASH_1 } });
  });

  test('behavior: bytes ids are paged from the empty text', async () => {
    const { source } = setUp();
    const query = { ...positionsQuery, operation: 'Markets', root: 'markets', variables: {}, row: z.object({ id: z.string() }) };
    expect(await source.fetchRows(tinyLending, query, HASH_1)).toEqual([{ id: '0xaa' }, { id: '0xbb' }]);
  });

  test('error: BLOCK_GONE at an unknown hash, at once', async () => {
    const { source, network } = setUp();
    await expect(source.fetchRows(tinyLending, positionsQuery, `0x${'9'.repeat(64)}`)).rejects.toMatchObject({ code: 'BLOCK_GONE' });
    expect(network.requests).toHaveLength(1);
  });

  test('error: BLOCK_GONE between two pages', async () => {
    const { source, network } = setUp({ after: 1, fault: { kind: 'block-gone' } });
    await expect(source.fetchRows(manyLending, positionsQuery, HASH_1)).rejects.toMatchObject({ code: 'BLOCK_GONE' });
    expect(network.requests).toHaveLength(2);
  });

  test.each([
    'the chain was reorganized while executing the query',
    'block not found: 0xabc',
    'Failed to decode `block.number` value: `subgraph Qm has only indexed up to block number 1 and data for block number 2 is therefore not yet available`',
  ])('error: BLOCK_GONE for "%s"', async (message) => {
    const { source } = setUp({ fault: { kind: 'answer', json: { errors: [{ message }] } } });
    await expect(source.fetchRows(tinyLending, positionsQuery, HASH_1)).rejects.toMatchObject({ code: 'BLOCK_GONE' });
  });

  test('error: MALFORMED_RESPONSE where ids do not grow', async () => {
    const row = (id: string) => ({ id, debt: '1', market: { id: '0xaa', symbol: 'WETH' } });
    for (const ids of [
      ['b', 'a'],
      ['a', 'a'],
    ]) {
      const { source } = setUp({ fault: { kind: 'answer', json: { data: { positions: ids.map(row) } } } });
      await expect(source.fetchRows(tinyLending, positionsQuery, HASH_1)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', fields: { path: 'positions[1].id' } });
    }
  });

  test('error: MALFORMED_RESPONSE where the same page comes again', async () => {
    const page = Array.from({ length: 500 }, (_, at) => ({ id: `q${at}`, sizeInUsd: '1' }));
    const { source } = setUp({ fault: { kind: 'answer', json: { data: { positions: page } } } });
    await expect(source.fetchRows(tinyPerps, perpsQuery, null)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', fields: { path: 'positions[500].id' } });
  });

  test('error: MALFORMED_RESPONSE names the field, not its value', async () => {
    const { source } = setUp({ fault: { kind: 'rewrite', change: (json) => JSON.parse(JSON.stringify(json).replace('"WETH"', '123456789')) } });
    const error: unknown = await source.fetchRows(tinyLending, positionsQuery, HASH_1).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'MALFORMED_RESPONSE', fields: { path: 'positions[1].market.symbol' } });
    expect(String(error)).not.toContain('123456789');
  });

  test('error: MALFORMED_RESPONSE where a row is null or there is no list', async () => {
    const nullRow = setUp({ fault: { kind: 'null-field', path: ['data', 'positions', 1] } });
    await expect(nullRow.source.fetchRows(tinyLending, positionsQuery, HASH_1)).rejects.toMatchObject({ fields: { path: 'positions[1].id' } });
    const nullList = setUp({ fault: { kind: 'null-field', path: ['data', 'positions'] } });
    await expect(nullList.source.fetchRows(tinyLending, positionsQuery, HASH_1)).rejects.toMatchObject({ fields: { path: 'positions' } });
  });

  test('error: INTERNAL where a read could not be pinned', async () => {
    const { source, network } = setUp();
    const code = { code: 'INTERNAL' };
    await expect(source.fetchRows(tinyLending, positionsQuery, null)).rejects.toMatchObject(code);
    await expect(source.fetchRows(tinyLending, { ...positionsQuery, operation: 'Unpinned' }, HASH_1)).rejects.toMatchObject(code);
    await expect(source.fetchRows(tinyLending, { ...positionsQuery, operation: 'HalfCursor' }, HASH_1)).rejects.toMatchObject(code);
    await expect(source.fetchRows(tinyLending, { ...positionsQuery, root: 'markets' }, HASH_1)).rejects.toMatchObject(code);
    await expect(source.fetchRows(tinyPerps, perpsQuery, HASH_1)).rejects.toMatchObject(code);
    expect(network.requests).toHaveLength(0);
  });
});

describe('faults', () => {
  test('behavior: a passing failure is repeated after a growing pause', async () => {
    const { source, clock, network } = setUp({ times: 3, fault: { kind: 'down' } });
    await source.fetchHead(tinyLending);
    expect(network.requests).toHaveLength(4);
    expect(clock.elapsed()).toBe((250 + 500 + 1_000) / 2);
  });

  test('error: SOURCE_UNREACHABLE after the deadline', async () => {
    const { source, clock, network } = setUp({ fault: { kind: 'down' } });
    await expect(source.fetchHead(tinyLending)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE', message: expect.stringContaining('ECONNREFUSED') });
    expect(clock.elapsed()).toBeLessThan(30_000);
    expect(clock.elapsed()).toBeGreaterThan(20_000);
    expect(network.requests.length).toBeGreaterThan(5);
  });

  test('error: SOURCE_TIMEOUT; each attempt has its own time, and all together the deadline', async () => {
    const { source, clock, network } = setUp({ fault: { kind: 'hang' } });
    await expect(source.fetchHead(tinyLending)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
    expect(network.requests).toHaveLength(3);
    expect(clock.elapsed()).toBe(30_000);
  });

  test('behavior: Retry-After in seconds is honoured', async () => {
    const { source, clock } = setUp({ times: 1, fault: { kind: 'rate-limited', retryAfter: '7' } });
    await source.fetchHead(tinyLending);
    expect(clock.elapsed()).toBe(7_000);
  });

  test('behavior: Retry-After as a date is honoured', async () => {
    const { source, clock } = setUp({ times: 1, fault: { kind: 'rate-limited', retryAfter: 'Wed, 01 Jan 2025 00:00:09 GMT' } });
    await source.fetchHead(tinyLending);
    expect(clock.elapsed()).toBe(9_000);
  });

  test('behavior: Retry-After holds back the other requests to that endpoint too', async () => {
    const starts: number[] = [];
    const noted = () => starts.push(clock.elapsed()) > 0;
    const { source, clock } = setUp({ match: noted, times: 1, fault: { kind: 'rate-limited', retryAfter: '5' } });
    const first = source.fetchHead(tinyLending);
    await clock.sleep(1_000);
    await Promise.all([first, source.fetchHead(tinyLending)]);
    expect(starts).toEqual([0, 5_000, 5_000]);
  });

  test('error: SOURCE_RATE_LIMITED where 429 lasts until the deadline, or Retry-After lies beyond it', async () => {
    const lasting = setUp({ fault: { kind: 'rate-limited' } });
    await expect(lasting.source.fetchHead(tinyLending)).rejects.toMatchObject({ code: 'SOURCE_RATE_LIMITED' });
    expect(lasting.network.requests.length).toBeGreaterThan(5);
    const far = setUp({ fault: { kind: 'rate-limited', retryAfter: '3600' } });
    await expect(far.source.fetchHead(tinyLending)).rejects.toMatchObject({ code: 'SOURCE_RATE_LIMITED' });
    expect(far.clock.elapsed()).toBe(0);
  });

  test('behavior: a 500 is repeated', async () => {
    const { source, network } = setUp({ times: 2, fault: { kind: 'status', status: 502, body: 'bad gateway' } });
    await source.fetchHead(tinyLending);
    expect(network.requests).toHaveLength(3);
  });

  test.each([401, 403, 404, 410])('error: SOURCE_REJECTED for HTTP %i, at once', async (status) => {
    const { source, network } = setUp({ fault: { kind: 'status', status, body: { message: 'no' } } });
    await expect(source.fetchHead(tinyLending)).rejects.toMatchObject({ code: 'SOURCE_REJECTED', fields: { httpStatus: status } });
    expect(network.requests).toHaveLength(1);
  });

  test('error: SOURCE_REJECTED for a query that does not fit the schema', async () => {
    const { source, network } = setUp();
    const wrong = { ...lendingEndpoint(tinyPerps.url), dialect: 'graph-node' as const };
    await expect(source.fetchRows(wrong, positionsQuery, HASH_1)).rejects.toMatchObject({
      code: 'SOURCE_REJECTED',
      message: 'sample lending: refuses the query: Cannot query field "symbol" on type "Market".',
    });
    expect(network.requests).toHaveLength(1);
  });

  test('error: INDEXING_ERRORS where graph-node withholds rows', async () => {
    const { source } = setUp({ fault: { kind: 'answer', json: { data: null, errors: [{ message: 'indexing_error' }] } } });
    await expect(source.fetchRows(tinyLending, positionsQuery, HASH_1)).rejects.toMatchObject({ code: 'INDEXING_ERRORS' });
  });

  test('behavior: truncated JSON is asked for once more', async () => {
    const { source, network } = setUp({ times: 1, fault: { kind: 'truncated' } });
    expect(await source.fetchRows(tinyLending, positionsQuery, HASH_1)).toHaveLength(2);
    expect(network.requests).toHaveLength(2);
  });

  test('error: MALFORMED_RESPONSE where the JSON stays truncated', async () => {
    const { source, network } = setUp({ fault: { kind: 'truncated' } });
    await expect(source.fetchRows(tinyLending, positionsQuery, HASH_1)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' });
    expect(network.requests).toHaveLength(2);
  });

  test('behavior: no error shows a key, an address or a wallet', async () => {
    const wallet = '0x00000000000000000000000000000000000000a1';
    const endpoint = { ...lendingEndpoint(`https://gateway.example/api/${SECRET}/subgraphs/id/abc`), headers: { authorization: `Bearer ${SECRET}` } };
    const faults: readonly Script['fault'][] = [
      { kind: 'down' },
      { kind: 'hang' },
      { kind: 'rate-limited' },
      { kind: 'status', status: 401, body: { error: `malformed key ${SECRET}` } },
      { kind: 'answer', json: { errors: [{ message: `auth error: key ${SECRET} at ${endpoint.url} for ${wallet}` }] } },
      { kind: 'answer', json: { data: { positions: [{ id: wallet }] } } },
    ];
    for (const fault of faults) {
      const { source } = setUp({ fault });
      const error: unknown = await source.fetchRows(endpoint, { ...positionsQuery, variables: { account: wallet } }, HASH_1).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ fields: { source: 'sample lending' } });
      const shown = error instanceof Error ? `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}` : '';
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain(wallet);
    }
  });
});

describe(redact, () => {
  test('default', () => {
    expect(redact('Type `Query` has no field `liquidationThreshold`')).toBe('Type `Query` has no field `liquidationThreshold`');
  });

  test('behavior: secrets and long tokens with digits are blanked, the length is bounded', () => {
    expect(redact('bad key topsecretword', ['topsecretword'])).toBe('bad key …');
    expect(redact('account 0x00000000000000000000000000000000000000a1 unknown')).toBe('account … unknown');
    expect(redact('a '.repeat(1_000)).length).toBe(240);
  });
});

describe(parseRetryAfter, () => {
  test.each([
    ['7', 7_000],
    ['0.5', 500],
    [' 3 ', 3_000],
    ['Thu, 01 Jan 1970 00:00:12 GMT', 2_000],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['soon', null],
    ['-5', null],
    [null, null],
  ])('default: %j', (header, expected) => {
    expect(parseRetryAfter(header, 10_000)).toBe(expected);
  });
});

describe(createLane, () => {
  const policy = { attemptMs: 10_000, deadlineMs: 60_000, firstPauseMs: 1, longestPauseMs: 1, concurrent: 3, perSecond: 10, burst: 5 };
  const nothing = { random: () => 0, fetch: globalThis.fetch };

  test('behavior: no more than the configured number is under way at once', async () => {
    const clock = createFakeClock({ auto: { isBusy: () => false } });
    const lane = createLane('x', { ...policy, perSecond: 10_000, burst: 10_000 }, { ...nothing, clock });
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await clock.sleep(100);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 10 }, () => lane.send(work)));
    expect(most).toBe(3);
    expect(clock.elapsed()).toBe(400);
  });

  test('behavior: a burst starts at once, then the rate holds', async () => {
    const clock = createFakeClock({ auto: { isBusy: () => false } });
    const lane = createLane('x', { ...policy, concurrent: 100 }, { ...nothing, clock });
    const starts: number[] = [];
    await Promise.all(Array.from({ length: 8 }, () => lane.send(async () => void starts.push(clock.elapsed()))));
    expect(starts).toEqual([0, 0, 0, 0, 0, 100, 200, 300]);
  });

  test('error: SOURCE_TIMEOUT for what waits for its turn until the deadline', async () => {
    const clock = createFakeClock({ auto: { isBusy: () => false } });
    const lane = createLane('x', { ...policy, concurrent: 1, attemptMs: 60_000, deadlineMs: 1_000 }, { ...nothing, clock });
    const results = await Promise.allSettled([lane.send(() => new Promise(() => undefined)), lane.send(async () => 1)]);
    expect(results).toMatchObject([{ reason: { code: 'SOURCE_TIMEOUT' } }, { reason: { code: 'SOURCE_TIMEOUT' } }]);
    expect(await lane.send(async () => 2)).toBe(2);
  });

  test('error: SOURCE_RATE_LIMITED for what the rate limit leaves no room for', async () => {
    const clock = createFakeClock({ auto: { isBusy: () => false } });
    const lane = createLane('x', { ...policy, concurrent: 100, perSecond: 1, burst: 1, deadlineMs: 2_000 }, { ...nothing, clock });
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => lane.send(async () => 1)));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(results[3]).toMatchObject({ reason: { code: 'SOURCE_RATE_LIMITED' } });
  });

  test('behavior: the signal of an attempt aborts when its time is over', async () => {
    const clock = createFakeClock();
    const lane = createLane('x', { ...policy, deadlineMs: 10_000 }, { ...nothing, clock });
    let aborted = false;
    const sent = lane.send((signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => undefined);
    });
    const seen = expect(sent).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
    await clock.advance(9_999);
    expect(aborted).toBe(false);
    await clock.advance(1);
    expect(aborted).toBe(true);
    await seen;
  });
});
