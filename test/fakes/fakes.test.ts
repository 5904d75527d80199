import { describe, expect, test } from 'vitest';
import { createFakeClock } from './fake-clock.ts';
import { createFakeNetwork, withValue } from './fake-network.ts';

const post = (name: string): RequestInit => ({ method: 'POST', body: JSON.stringify({ operationName: name, query: 'q', variables: { a: 1 } }) });

describe(createFakeClock, () => {
  test('default', async () => {
    const clock = createFakeClock({ startMs: 1_000 });
    const woken: string[] = [];
    void clock.sleep(20).then(() => woken.push('late'));
    void clock.sleep(10).then(async () => {
      woken.push('early');
      await clock.sleep(5);
      woken.push('again');
    });
    await clock.advance(9);
    expect([woken, clock.now(), clock.sleeping()]).toEqual([[], 1_009, 2]);
    await clock.advance(11);
    expect(woken).toEqual(['early', 'again', 'late']);
    expect([clock.elapsed(), clock.sleeping()]).toEqual([20, 0]);
  });

  test('behavior: an aborted sleep ends at once and takes no time', async () => {
    const clock = createFakeClock();
    const stop = new AbortController();
    const slept = clock.sleep(1_000, stop.signal);
    stop.abort();
    await slept;
    await clock.sleep(1_000, stop.signal);
    expect([clock.elapsed(), clock.sleeping()]).toEqual([0, 0]);
  });

  test('behavior: the automatic clock moves only while nothing is busy', async () => {
    let busy = true;
    const clock = createFakeClock({ auto: { isBusy: () => busy } });
    let woken = false;
    const slept = clock.sleep(5_000).then(() => {
      woken = true;
    });
    for (let turns = 0; turns < 30; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(woken).toBe(false);
    busy = false;
    await slept;
    expect(clock.elapsed()).toBe(5_000);
  });
});

describe(createFakeNetwork, () => {
  test('default', async () => {
    const network = createFakeNetwork({ answer: (request) => ({ data: request.name }) });
    const response = await network.fetch('http://x/', post('Head'));
    expect(await response.json()).toEqual({ data: 'Head' });
    expect(network.requests).toMatchObject([{ url: 'http://x/', name: 'Head', variables: { a: 1 }, round: 1 }]);
  });

  test('behavior: requests that start before any answer share a round', async () => {
    const network = createFakeNetwork({ answer: () => ({}) });
    await Promise.all([network.fetch('http://x/', post('a')), network.fetch('http://y/', post('b'))]);
    expect(network.rounds()).toBe(1);
    await network.fetch('http://x/', post('c'));
    expect(network.rounds()).toBe(2);
    expect(network.mostAtOnce()).toBe(2);
  });

  test('behavior: a request that starts between two answers of round 1 is of round 2, and so is a later one', async () => {
    const slow = Promise.withResolvers<void>();
    const network = createFakeNetwork({
      fetch: async (input) => {
        if (String(input).includes('slow')) await slow.promise;
        return new Response('{}');
      },
    });
    const first = network.fetch('http://slow/', post('a'));
    await network.fetch('http://x/', post('b'));
    const between = network.fetch('http://slow/', post('c'));
    slow.resolve();
    await Promise.all([first, between]);
    expect(network.requests.map((request) => request.round)).toEqual([1, 1, 2]);
  });

  test('behavior: a script strikes where it matches, after and as often as it says', async () => {
    const network = createFakeNetwork({ answer: () => ({}) });
    network.fail({ match: (request) => request.name === 'Page', after: 1, times: 1, fault: { kind: 'status', status: 503 } });
    const statuses: number[] = [];
    for (const name of ['Head', 'Page', 'Page', 'Page']) statuses.push((await network.fetch('http://x/', post(name))).status);
    expect(statuses).toEqual([200, 200, 503, 200]);
  });

  test('behavior: every fault looks as it would on the wire', async () => {
    const json = { data: { _meta: { block: { number: 100, hash: '0x1', timestamp: 5_000 }, hasIndexingErrors: false }, rows: [{ id: 'a' }] } };
    const run = async (fault: Parameters<ReturnType<typeof createFakeNetwork>['fail']>[0]['fault']) => {
      const network = createFakeNetwork({ answer: () => json });
      network.fail({ fault });
      return network.fetch('http://x/', post('Head'));
    };
    await expect(run({ kind: 'down' })).rejects.toThrow(TypeError);
    expect((await run({ kind: 'rate-limited', retryAfter: '3' })).headers.get('retry-after')).toBe('3');
    expect(await (await run({ kind: 'indexing-errors' })).json()).toMatchObject({ data: { _meta: { hasIndexingErrors: true } } });
    expect(await (await run({ kind: 'lagging-head', blocks: 10, seconds: 600 })).json()).toMatchObject({ data: { _meta: { block: { number: 90, timestamp: 4_400 } } } });
    expect(await (await run({ kind: 'null-field', path: ['data', 'rows', 0, 'id'] })).json()).toMatchObject({ data: { rows: [{ id: null }] } });
    expect(await (await run({ kind: 'block-gone' })).json()).toMatchObject({ errors: [{ message: expect.stringContaining('no block with that hash found') }] });
    await expect((await run({ kind: 'truncated' })).json()).rejects.toThrow(SyntaxError);
  });

  test('behavior: a request that hangs ends when its signal aborts, and never counts as busy', async () => {
    const network = createFakeNetwork({ answer: () => ({}) });
    network.fail({ fault: { kind: 'hang' } });
    const stop = new AbortController();
    const request = network.fetch('http://x/', { ...post('Head'), signal: stop.signal });
    expect(network.isBusy()).toBe(false);
    stop.abort();
    await expect(request).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe(withValue, () => {
  test('default', () => {
    const before = { a: [{ b: 1 }] };
    expect(withValue(before, ['a', 0, 'b'], () => 2)).toEqual({ a: [{ b: 2 }] });
    expect(withValue(before, ['x', 'y'], () => 2)).toEqual(before);
    expect(before).toEqual({ a: [{ b: 1 }] });
  });
});
