import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MOST_LEVELS, parseStrictJson } from '../../src/api/http/strict-json.ts';

const RUNS = process.env['PLIMSOLL_LONG'] === '1' ? 20_000 : 500;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('parseStrictJson', () => {
  test('default: a body', () => {
    expect(parseStrictJson(bytes(' {"a":[1,{"a":"x, \\"a\\": {"}],"b":{"a":null}} '))).toEqual({ a: [1, { a: 'x, "a": {' }], b: { a: null } });
  });

  test('property: what JSON writes is read as JSON reads it', () => {
    const written = fc.json({ maxDepth: 6 }).filter((text) => !/__proto__|constructor|prototype/.test(text));
    fc.assert(
      fc.property(written, (text) => {
        expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text));
      }),
      { seed: 1, numRuns: RUNS },
    );
  });

  test('property: any bytes are read as JSON reads them, or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.string({ unit: fc.constantFrom(...Array.from('{}[]":,\\u00611e9-. tn')) }).map(bytes)), (body) => {
        const [mine, plain] = [attempt(() => parseStrictJson(body)), attempt(() => JSON.parse(new TextDecoder().decode(body)))];
        if (mine.ok) expect(mine.value).toEqual(plain.ok ? plain.value : 'not JSON');
        else expect(mine.code).toBe('INVALID_ARGUMENT');
      }),
      { seed: 2, numRuns: RUNS },
    );
  });

  test('property: a key twice is refused at any depth', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 8 }).filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
        fc.nat(MOST_LEVELS - 2),
        (key, depth) => {
          const twice = `{${JSON.stringify(key)}:1,"other key":[2],${JSON.stringify(key)}:3}`;
          expect(() => parseStrictJson(bytes(`${'[1,'.repeat(depth)}${twice}${']'.repeat(depth)}`))).toThrow('a key stands twice in one object');
        },
      ),
      { seed: 3, numRuns: RUNS },
    );
  });

  test.each([
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['an escaped __proto__', '{"__pr\\u006fto__":{}}'],
    ['constructor', '{"a":{"constructor":{"prototype":{}}}}'],
    ['an escaped key twice', '{"a":1,"\\u0061":2}'],
    ['levels', nested(MOST_LEVELS + 1)],
    ['a million levels', nested(1_000_000)],
    ['a huge number', '{"a":1e999}'],
    ['a huge negative number', '[-1e999]'],
    ['nothing', ''],
    ['an open object', '{"a":'],
    ['an open text', '{"a'],
    ['two values', '{} {}'],
    ['a comment', '{}//'],
  ])('bad input: %s', (_, text) => {
    expect(() => parseStrictJson(bytes(text))).toThrow(/^The body cannot be read: /);
  });

  test('bad input: not UTF-8', () => {
    expect(() => parseStrictJson(Uint8Array.of(0x22, 0xff, 0xfe, 0x22))).toThrow('it is not UTF-8');
  });

  test('behavior: the deepest body that is read', () => {
    expect(parseStrictJson(bytes(nested(MOST_LEVELS)))).toHaveLength(1);
  });

  test('behavior: a refusal repeats nothing of the body', () => {
    for (const body of ['{"secret-word":1,"secret-word":2}', 'secret-word', '["secret-word"']) {
      expect(() => parseStrictJson(bytes(body))).toThrow(expect.objectContaining({ message: expect.not.stringContaining('secret-word') }));
    }
  });
});

function attempt(work: () => unknown): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly code: unknown } {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    return { ok: false, code: (error as { code?: unknown }).code };
  }
}
