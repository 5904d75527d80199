import { describe, expect, test } from 'vitest';
import { createCache, type Kept } from '../../src/api/http/cache.ts';
import { isKnown, prepare } from '../../src/api/http/prepared.ts';

const never = new AbortController().signal;

describe('createCache', () => {
  test('default: made once for all who ask meanwhile, kept until its time', async () => {
    let time = 0;
    let made = 0;
    const gate = Promise.withResolvers<void>();
    const cache = createCache<number>({
      most: 10,
      now: () => time,
      load: async () => {
        made += 1;
        await gate.promise;
        return { value: made, forMs: 100 };
      },
    });
    const asked = Array.from({ length: 50 }, () => cache.get('a', never));
    gate.resolve();
    expect(new Set(await Promise.all(asked))).toEqual(new Set([1]));
    time = 99;
    expect([await cache.get('a', never), made]).toEqual([1, 1]);
    time = 100;
    expect([cache.find('a'), await cache.get('a', never), made]).toEqual([null, 2, 2]);
  });

  test('error: a failure is told to all who wait and kept for nobody', async () => {
    let made = 0;
    const cache = createCache<string>({
      most: 10,
      now: () => 0,
      load: async (): Promise<Kept<string>> => {
        made += 1;
        if (made === 1) throw new RangeError('down');
        return { value: 'up', forMs: 1 };
      },
    });
    const asked = await Promise.allSettled([cache.get('a', never), cache.get('a', never)]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([await cache.get('a', never), made]).toEqual(['up', 2]);
  });

  test('behavior: what was asked for longest ago goes first', async () => {
    const cache = createCache<string>({ most: 3, now: () => 0, load: async (key) => ({ value: key, forMs: 1 }) });
    for (const key of ['a', 'b', 'c']) await cache.get(key, never);
    cache.find('a');
    await cache.get('d', never);
    expect(['a', 'b', 'c', 'd'].map((key) => cache.find(key))).toEqual(['a', null, 'c', 'd']);
  });

  test('behavior: work goes on while anybody waits for it, and ends once nobody does', async () => {
    const seen: AbortSignal[] = [];
    const cache = createCache<string>({
      most: 3,
      now: () => 0,
      load: (_key, signal) => {
        seen.push(signal);
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const asked = [cache.get('a', first.signal), cache.get('a', second.signal)].map((promise) => promise.catch((error: { code?: unknown }) => error.code));
    first.abort();
    expect(await asked[0]).toBe('DEADLINE_EXCEEDED');
    expect(seen.map((signal) => signal.aborted)).toEqual([false]);
    second.abort();
    expect(await asked[1]).toBe('DEADLINE_EXCEEDED');
    expect(seen.map((signal) => signal.aborted)).toEqual([true]);
  });

  test('behavior: whoever asks after the work was ended has it done anew', async () => {
    let made = 0;
    const cache = createCache<number>({
      most: 3,
      now: () => 0,
      load: async (_key, signal) => {
        made += 1;
        if (made === 1) await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        return { value: made, forMs: 1_000 };
      },
    });
    const first = new AbortController();
    const asked = cache.get('a', first.signal).catch(() => 'given up');
    first.abort();
    expect([await asked, await cache.get('a', never)]).toEqual(['given up', 2]);
  });
});

describe('isKnown', () => {
  const { etag } = prepare({ a: 1 });
  test.each([
    [etag, true],
    [etag.slice(2), true],
    [`"other", ${etag}`, true],
    ['*', true],
    ['"other"', false],
    [etag.slice(0, -2), false],
    ['', false],
    [undefined, false],
  ])('default: %s', (header, expected) => {
    expect(isKnown(header, etag)).toBe(expected);
  });

  test('behavior: another document has another tag, the same one the same', () => {
    expect([prepare({ a: 2 }).etag === etag, prepare({ a: 1 }).etag === etag]).toEqual([false, true]);
    expect(etag).toMatch(/^W\/"[A-Za-z0-9_-]+"$/);
  });
});
