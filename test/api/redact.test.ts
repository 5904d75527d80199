import { describe, expect, test } from 'vitest';
import { problemOf, refuseByContract } from '../../src/api/http/problem.ts';
import { collectSent, fieldsWithoutSent, plainPath, withoutSent } from '../../src/api/http/redact.ts';
import { InvalidArgument, PlimsollError } from '../../src/core/errors.ts';
import { ask, DEMO, startTestService } from './serving.ts';

const ROUTE = '/v1/wallets/{wallet}/plan';
const sentOf = (body: unknown, url = '/v1/wallets/Vitalik.eth/plan?shock=%3Cb%3EX9%3D-12.5%25') => collectSent({ url, route: ROUTE, body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('withoutSent', () => {
  test.each([
    ['a name, in whatever case', 'The name vitalik.eth is not set.', 'The name … is not set.'],
    ['a value in quotation marks, also a short one', '"X9" is not an asset of the wallet.', '"…" is not an asset of the wallet.'],
    ['a value that was shortened', '"aVeryLongValueThatSome..." is not known.', '"…" is not known.'],
    ['a value within a word', 'at x=aVeryLongValueThatSomebodySent, nothing', 'at …, nothing'],
    ['a number', 'A target of 98.60 cannot be reached with 12345678 units, at 12.5%.', 'A target of … cannot be reached with … units, at ….'],
    ['a number as it is read', 'It has $12,345,678.', 'It has ….'],
    ['a share in percent', 'A tolerance of 12.345 % is not below 50 %.', 'A tolerance of … % is not below 50 %.'],
    ['a number within a word', 'Nothing is known on eip155:4321.', 'Nothing is known on ….'],
    ['a key of the body', '"myOwnKey1" is not known.', '"…" is not known.'],
  ])('default: takes out %s', (_, message, expected) => {
    expect(withoutSent(message, sentOf({ tolerance: '0.12345', half: '0.5', chain: 4_321, target: '98.6', units: 12_345_678, value: 'aVeryLongValueThatSomebodySent', myOwnKey1: 1 }))).toBe(expected);
  });

  test.each([
    ['prose', 'The wallet has no plan.'],
    ['the address of an operation', 'Ask /v1/wallets again.'],
    ['names of fields and choices', 'The field budgetMs is for the view "forced", with targetNative.'],
    ['variables', 'Set RPC_URL_1, or PLIMSOLL_SEAL_KEY and DATABASE_URL.'],
    ['rules, deployments, chains and codes', 'aave-v3/1/core on eip155:42161 is valued by aave-v3@3.5: UNKNOWN_RULE.'],
    ['small counts', 'There are 7 of 12.'],
    ['numbers that nobody sent', 'It takes 2000000 bytes.'],
  ])('behavior: keeps %s, whatever was sent', (_, message) => {
    const body = {
      budgetMs: 7,
      view: 'forced',
      targetNative: true,
      rule: 'aave-v3@3.5',
      in: 'aave-v3/1/core',
      code: 'UNKNOWN_RULE',
      chain: '1',
      on: '42161',
      note: 'RPC_URL_1 wallet plan',
      count: 12,
      raw: '920000001',
    };
    expect(withoutSent(message, sentOf(body))).toBe(message);
  });

  test('behavior: signs of comparison stay, what could be markup does not', () => {
    expect(withoutSent('It is <= 5 and >= 3, 1 < 2; <script>`x`</script>\u0000', sentOf(''))).toBe('It is ≤ 5 and ≥ 3, 1 < 2; scriptx/script');
  });

  test('bad input: a body that is no JSON, or a very large one, counts as a whole', () => {
    expect(withoutSent('secretValue7 stands there.', sentOf('{"a":"secretValue7'))).toBe('… stands there.');
    expect(withoutSent('secretValue7 stands there.', sentOf(Array.from({ length: 30_000 }, (_, at) => `v${at}`).concat('secretValue7')))).toBe('… stands there.');
  });
});

describe('fieldsWithoutSent', () => {
  test('default: keeps the contract’s own and drops what was sent', () => {
    const fields = { scope: 'webhooks', in: 'body', wallet: 'vitalik.eth', symbol: 'X9', amount: 12_345_678, limitBytes: 2_000_000, at: 3, ok: true, path: 'accounts[0].myOwnKey_.legs' };
    const sent = sentOf({ amount: 12_345_678, at: 3, myOwnKey_: 'webhooks' });
    expect(fieldsWithoutSent(fields, sent)).toEqual({ scope: 'webhooks', in: 'body', limitBytes: 2_000_000, at: 3, ok: true, path: 'accounts[0].….legs' });
    expect([plainPath(''), plainPath('[0].a')]).toEqual(['', '[0].a']);
  });
});

describe('problemOf', () => {
  const request = { url: '/v1/wallets/a.eth/plan', route: ROUTE, body: '{"budgetMs":7000}' };

  test('default: what may hold a value is redacted, what is the contract’s own is not', () => {
    expect(problemOf(new InvalidArgument('It is 7000, at most 7000.', { value: 7_000 }), 'id', request).body).toMatchObject({ detail: 'It is …, at most ….', fields: {} });
    expect(problemOf(refuseByContract('Expected at most 7000.', { in: 'body' }), 'id', request).body).toMatchObject({ detail: 'Expected at most 7000.', fields: { in: 'body' } });
  });

  test('error: what is no failure of Plimsoll is told without a word of it', () => {
    expect(JSON.stringify(problemOf(new RangeError('a.eth 7000'), 'id', request))).not.toMatch(/a\.eth|7000/);
  });
});

test('behavior: refusals of a running service say what is expected, and nothing of what was sent', async () => {
  const running = await startTestService();
  try {
    const path = `/v1/wallets/${DEMO}/plan`;
    const detailOf = async (body: unknown, at = path): Promise<unknown> => (await ask(running.origin, at, { body })).json['detail'];
    expect(await detailOf({ budgetMs: 5_001 })).toBe('The body, at budgetMs, is not understood: expected at most 5000.');
    expect(await detailOf({ budgetMs: 49 })).toBe('The body, at budgetMs, is not understood: expected at least 50.');
    expect(await detailOf({ budgetMs: '50' })).toBe('The body, at budgetMs, is not understood: expected a number.');
    expect(await detailOf({ view: 'sideways' })).toBe('The body, at view, is not understood: expected one of self, forced, liquidator.');
    expect(await detailOf({ shock: 'x'.repeat(401) })).toBe('The body, at shock, is not understood: expected at most 400 characters.');
    expect(await detailOf({ sideways: 1 })).toBe('The body has a field that is not known.');
    expect(await detailOf([], path)).toBe('The body is not understood: expected an object.');
    expect(await detailOf({ url: 'https://example.org/x', kinds: [] }, '/v1/webhooks')).toBe('The body, at kinds, is not understood: expected at least 1 entries.');
    const alerts = [{ owner: DEMO, kind: 'sideways' }];
    expect(await detailOf({ url: 'https://example.org/x', kinds: ['alert'], alerts }, '/v1/webhooks')).toBe(
      'The body, at alerts[0].kind, is not understood: expected one of health, liquidation-price, shortfall.',
    );
    expect(await detailOf({ kinds: ['alert'] }, '/v1/webhooks')).toBe('The body, at url, is missing.');
    const target = await ask(running.origin, path, { body: { target: '0.4321' } });
    expect([target.status, target.json['code']]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(target.text).not.toContain('0.4321');
    const name = await ask(running.origin, '/v1/wallets/somebody-7.eth');
    expect([name.status, name.text.includes('somebody-7')]).toEqual([400, false]);
    expect(name.json['detail']).toBe('ENS names can only be looked up on Ethereum. Set RPC_URL_1, or write the address.');
  } finally {
    await running.close();
  }
});

test('behavior: a scope that a key lacks is named', () => {
  const request = { url: '/v1/webhooks', route: '/v1/webhooks', body: '' };
  const missing = new PlimsollError('FORBIDDEN', 'The API key does not have the scope webhooks.', { scope: 'webhooks' });
  expect(problemOf(missing, 'id', request).body).toMatchObject({ detail: 'The API key does not have the scope webhooks.', fields: { scope: 'webhooks' } });
});
