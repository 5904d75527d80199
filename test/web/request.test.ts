import { afterEach, describe, expect, test, vi } from 'vitest';
import { describeProblem, requestJson, UNREACHABLE } from '../../src/web/data/request.ts';

afterEach(() => vi.unstubAllGlobals());

describe(requestJson, () => {
  test('default: the document', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ a: 1 }));
    expect(await requestJson('/v1/x')).toEqual({ ok: true, value: { a: 1 } });
  });

  test('behavior: a body is sent as JSON', async () => {
    const sent: unknown[] = [];
    vi.stubGlobal('fetch', async (...call: unknown[]) => {
      sent.push(call);
      return Response.json({});
    });
    await requestJson('/v1/plan', { body: { target: '1.5' } });
    expect(sent).toEqual([['/v1/plan', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"target":"1.5"}' }]]);
  });

  test('error: a problem is told with its code and advice', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ code: 'INVALID_WALLET', detail: 'Write an address.', retryable: false }, { status: 400 }));
    expect(await requestJson('/v1/x')).toEqual({ ok: false, failure: { code: 'INVALID_WALLET', message: 'Write an address.', retryable: false } });
  });

  test('error: nothing answers, or what answers is no JSON', async () => {
    vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('failed')));
    expect(await requestJson('/v1/x')).toEqual({ ok: false, failure: UNREACHABLE });
    vi.stubGlobal('fetch', async () => new Response('<html>'));
    expect(await requestJson('/v1/x')).toEqual({ ok: false, failure: UNREACHABLE });
  });
});

describe(describeProblem, () => {
  test.each([null, 'text', [], { detail: 7 }])('bad input: %j still says something', (document) => {
    expect(describeProblem(document, 502)).toEqual({ code: 'HTTP 502', message: 'The service answered with status 502 and no reason.', retryable: false });
  });
});
