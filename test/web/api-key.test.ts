import { h } from 'preact';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { asksForKey, authorization, keepApiKey, readApiKey } from '../../src/web/data/api-key.ts';
import { failureWords, pageWords } from '../../src/web/data/page-words.ts';
import { requestJson } from '../../src/web/data/request.ts';
import { Failed } from '../../src/web/shell/failed.tsx';
import { KeyField } from '../../src/web/shell/key-field.tsx';
import { settle, show } from './tiny-dom.ts';

const KEPT = new Map<string, string>();
const STORAGE = { getItem: (name: string) => KEPT.get(name) ?? null, setItem: (name: string, text: string) => void KEPT.set(name, text), removeItem: (name: string) => void KEPT.delete(name) };
const LOCKED = { code: 'UNAUTHENTICATED', message: 'This needs an API key with the scope read. Send one as Authorization: Bearer plk_…', retryable: false } as const;

beforeEach(() => vi.stubGlobal('sessionStorage', STORAGE));
afterEach(() => {
  keepApiKey(null);
  KEPT.clear();
  vi.unstubAllGlobals();
});

describe(keepApiKey, () => {
  test('default: kept for the session, sent as a header, and forgotten', () => {
    expect(authorization()).toEqual({});
    expect(keepApiKey(' plk_abcdefgh ')).toBeNull();
    expect([readApiKey(), [...KEPT.values()], authorization()]).toEqual(['plk_abcdefgh', ['plk_abcdefgh'], { authorization: 'Bearer plk_abcdefgh' }]);
    keepApiKey(null);
    expect([readApiKey(), KEPT.size]).toEqual([null, 0]);
  });

  test('behavior: a browser that keeps nothing holds it until the page is left', () => {
    vi.stubGlobal('sessionStorage', undefined);
    keepApiKey('plk_abcdefgh');
    expect(readApiKey()).toBe('plk_abcdefgh');
  });

  test.each(['', 'plk', 'plk_ with spaces', 'plk_ключключ', 'x'.repeat(201)])('bad input: "%s" is none, and nothing is kept', (text) => {
    expect(keepApiKey(text)).toMatch(/no API key/);
    expect(readApiKey()).toBeNull();
  });
});

describe(asksForKey, () => {
  test('behavior: for want of a key, or of a better one', () => {
    expect([asksForKey('UNAUTHENTICATED'), asksForKey('FORBIDDEN'), asksForKey('INVALID_WALLET')]).toEqual([true, false, false]);
    keepApiKey('plk_abcdefgh');
    expect(asksForKey('FORBIDDEN')).toBe(true);
  });
});

describe(requestJson, () => {
  test('behavior: the key is in a header of every request, and in no address or body', async () => {
    const sent: [string, RequestInit][] = [];
    vi.stubGlobal('fetch', async (...call: [string, RequestInit]) => {
      sent.push(call);
      return Response.json({});
    });
    keepApiKey('plk_abcdefgh');
    await requestJson('/v1/recorded');
    await requestJson('/v1/plan', { body: { target: '1.5' } });
    expect(sent.map(([, { headers }]) => new Headers(headers).get('authorization'))).toEqual(['Bearer plk_abcdefgh', 'Bearer plk_abcdefgh']);
    expect(JSON.stringify(sent.map(([path, { body }]) => [path, body]))).not.toContain('plk_');
  });
});

describe(Failed, () => {
  test('behavior: for want of a key it shows the field for one, and goes on with it', async () => {
    let times = 0;
    const shown = show(h(Failed, { failure: LOCKED, onAgain: () => void (times += 1) }));
    await settle();
    expect(shown.text()).toMatch(/^This service asks for an API key\. UNAUTHENTICATED API key Use it/);
    expect([shown.attribute('input', 'type'), shown.attribute('input', 'name'), shown.attribute('input', 'autocomplete')]).toEqual(['password', undefined, 'off']);
    shown.fire('form', 'submit');
    await settle();
    expect(shown.text()).toMatch(/This is no API key/);
    shown.fire('input', 'input', { currentTarget: { value: 'plk_abcdefgh' } });
    await settle();
    shown.fire('form', 'submit');
    expect([times, readApiKey()]).toEqual([1, 'plk_abcdefgh']);
    shown.close();
  });

  test('default: any other failure can be tried again', async () => {
    const shown = show(h(Failed, { failure: { code: 'SOURCE_TIMEOUT', message: 'It took too long.', retryable: true }, onAgain: () => undefined }));
    await settle();
    expect(shown.text()).toBe('It took too long. SOURCE_TIMEOUT Try again');
    shown.close();
  });
});

describe(KeyField, () => {
  test('behavior: a key that does not do is called another one', () => {
    keepApiKey('plk_abcdefgh');
    const shown = show(h(KeyField, { onKey: () => undefined }));
    expect(shown.text()).toMatch(/^Another API key/);
    expect(failureWords(LOCKED)).toBe('The service does not know this API key, or no longer.');
    shown.close();
  });
});

describe(pageWords, () => {
  test.each([
    ['Mend the gaps, or add --accept-gaps to sign in spite of them.', 'Mend the gaps, or tick “in spite of gaps” to sign nevertheless.'],
    ['The time budget ended before a plan was found or excluded. Raise --budget-ms.', 'The time budget ended before a plan was found or excluded. Ask again, with a lower target or a smaller shock.'],
    ['It takes 70 rows. Prove about fewer chains (--chain).', 'It takes 70 rows. Prove about fewer chains.'],
    ['It is old. Raise --max-price-age or check the oracle. Then go on.', 'It is old. Then go on.'],
    ['--target-native belongs to --view self.', 'That cannot be done in this way here.'],
    ['A debt of 5 -- no flag -- stays.', 'A debt of 5 -- no flag -- stays.'],
  ])('behavior: no flag of the command line is advised: %s', (message, words) => {
    expect(pageWords(message)).toBe(words);
  });
});
