import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAnswerCache, hasVersion, type MadeAnswer, prepareAnswer } from '../../src/api/http/report-cache.ts';

const RUNS = process.env['PLIMSOLL_LONG'] === '1' ? 5_000 : 200;
const answerOf = (size: number, keepMs = 1_000): MadeAnswer => ({ answer: prepareAnswer('x'.repeat(size)), keepMs });

describe('createAnswerCache', () => {
  test('default: made once for all who ask meanwhile, kept until its time', async () => {
    let time = 0;
    let made = 0;
    const gate = Promise.withResolvers<void>();
    const cache = createAnswerCache({ now: () => time, mostBytes: 1_000 });
    const make = async (): Promise<MadeAnswer> => {
      made += 1;
      await gate.promise;
      return answerOf(10, 100);
    };
    const asked = Array.from({ length: 50 }, () => cache.fetch('a', make));
    gate.resolve();
    expect(new Set(await Promise.all(asked)).size).toBe(1);
    time = 99;
    await cache.fetch('a', make);
    expect([made, { ...cache.counts }]).toEqual([1, { kept: 1, shared: 49, made: 1 }]);
    time = 100;
    expect(cache.find('a')).toBeNull();
    await cache.fetch('a', make);
    expect(made).toBe(2);
  });

  test('error: a failure is told to all who wait and kept for nobody', async () => {
    const cache = createAnswerCache({ now: () => 0, mostBytes: 1_000 });
    const fail = (): Promise<MadeAnswer> => Promise.reject(new RangeError('down'));
    const asked = await Promise.allSettled([cache.fetch('a', fail), cache.fetch('a', fail)]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await cache.fetch('a', async () => answerOf(3))).bytes.toString()).toBe('"xxx"');
  });

  test('property: never more bytes than allowed, what was used last stays, and an answer is its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ key: fc.nat(6), size: fc.nat(60), keepMs: fc.nat(5), pass: fc.nat(3) }), { maxLength: 60 }), async (steps) => {
        let time = 0;
        const cache = createAnswerCache({ now: () => time, mostBytes: 100 });
        for (const { key, size, keepMs, pass } of steps) {
          time += pass;
          const text = `${key}:${'x'.repeat(size)}`;
          const answer = await cache.fetch(String(key), async () => ({ answer: prepareAnswer(text), keepMs }));
          expect(answer.bytes.toString().startsWith(`"${key}:`)).toBe(true);
          expect(cache.bytes).toBeLessThanOrEqual(100);
          if (cache.find(String(key)) !== null) expect(cache.find(String(key))).toBe(answer);
        }
        const left = Array.from({ length: 7 }, (_, key) => cache.find(String(key))).filter((entry) => entry !== null);
        expect(cache.bytes).toBe(left.reduce((total, entry) => total + entry.bytes.length, 0));
      }),
      { seed: 4, numRuns: RUNS },
    );
  });

  test('behavior: what was asked for longest ago goes first', async () => {
    const cache = createAnswerCache({ now: () => 0, mostBytes: 100 });
    for (const key of ['a', 'b', 'c']) await cache.fetch(key, async () => answerOf(30));
    cache.find('a');
    await cache.fetch('d', async () => answerOf(30));
    expect(['a', 'b', 'c', 'd'].map((key) => cache.find(key) !== null)).toEqual([true, false, true, true]);
  });

  test('behavior: what is larger than the cache is sent and not kept', async () => {
    const cache = createAnswerCache({ now: () => 0, mostBytes: 10 });
    expect((await cache.fetch('a', async () => answerOf(50))).bytes).toHaveLength(52);
    expect([cache.find('a'), cache.bytes]).toEqual([null, 0]);
  });
});

describe('hasVersion', () => {
  const { etag } = prepareAnswer({ a: 1 });
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
    expect(hasVersion(header, etag)).toBe(expected);
  });

  test('behavior: another document has another tag', () => {
    expect(prepareAnswer({ a: 2 }).etag).not.toBe(etag);
    expect(etag).toMatch(/^W\/"[A-Za-z0-9_-]{20}"$/);
  });
});
