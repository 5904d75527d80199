import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepAnswers } from '../../src/api/client/answer-store.ts';
import { createClient, isPlimsollError, type StreamedEvent } from '../../src/api/client/index.ts';
import { createMessageParser } from '../../src/api/client/stream-messages.ts';
import { addEvent } from '../../src/store/events.ts';
import { DEMO, startTestService, type TestService } from './serving.ts';

let running: TestService;
beforeAll(async () => {
  running = await startTestService();
});
afterAll(() => running.close());

const never = { now: () => 0, sleep: (_ms: number, signal?: AbortSignal) => new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true })) };

describe('createClient', () => {
  test('default: the answer, with the types of the contract', async () => {
    const report = await createClient({ origin: running.origin }).request('getWallet', { params: { wallet: DEMO }, query: { shock: 'ETH=-10%' } });
    expect([report.status, report.gaps.length, report.shocked?.shock[0]?.target]).toEqual(['critical', 0, 'ETH']);
  });

  test('behavior: an answer that still stands is not sent again, and who changes his copy changes no other', async () => {
    const sent: (string | null)[] = [];
    const client = createClient({
      origin: running.origin,
      fetch: (input, init) => {
        sent.push(new Headers(init?.headers).get('if-none-match'));
        return fetch(input, init);
      },
    });
    const first = await client.call('listProtocols');
    if (!first.ok) throw new TypeError('no answer');
    const copy = structuredClone(first.data);
    first.data.protocols.length = 0;
    const second = await client.call('listProtocols');
    expect([first.status, second.status, second.ok && second.data, sent[0]]).toEqual([200, 304, copy, null]);
    expect(sent[1]).toBe(first.etag);
    const forgetful = createClient({ origin: running.origin, mostKept: 0 });
    expect([(await forgetful.call('listProtocols')).status, (await forgetful.call('listProtocols')).status]).toEqual([200, 200]);
  });

  test('behavior: the key of a repetition and the API key are sent as the service reads them', async () => {
    const seen: Headers[] = [];
    const client = createClient({
      origin: 'http://service.example',
      apiKey: 'plk_x',
      fetch: async (_input, init) => {
        seen.push(new Headers(init?.headers));
        return Response.json({ webhooks: [] }, { status: 201 });
      },
    });
    await client.call('createWebhook', { body: { url: 'https://example.org/hook', kinds: ['alert'] }, idempotencyKey: 'order-12345' });
    expect([seen[0]?.get('idempotency-key'), seen[0]?.get('authorization'), seen[0]?.get('content-type')]).toEqual(['order-12345', 'Bearer plk_x', 'application/json']);
  });

  test('error: a failure of the service is an error of its table, with the request id', async () => {
    const failed = await createClient({ origin: running.origin })
      .request('getWallet', { params: { wallet: '0x12' } })
      .catch((error: unknown) => error);
    expect(isPlimsollError(failed, 'INVALID_ARGUMENT') && [failed.retryable, failed.fields['httpStatus'], failed.fields['requestId']]).toEqual([false, 400, expect.stringMatching(/.{8,}/)]);
  });

  test('error: nobody answers, an abort, and an answer of somebody else', async () => {
    await expect(createClient({ origin: 'http://127.0.0.1:9' }).request('listProtocols')).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      retryable: true,
      message: expect.stringContaining('http://127.0.0.1:9'),
    });
    await expect(createClient({ origin: running.origin }).request('listProtocols', { signal: AbortSignal.abort(new RangeError('enough')) })).rejects.toThrow('enough');
    for (const text of ['<html>Bad Gateway</html>', '{"code":"__proto__"}', '[]', '{"code":"toString","fields":7}']) {
      const client = createClient({ origin: 'http://service.example', fetch: async () => new Response(text, { status: 502, headers: { 'retry-after': '7' } }) });
      await expect(client.request('listProtocols')).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', fields: { httpStatus: 502, retryAfterSeconds: 7 } });
    }
  });
});

describe('stream', () => {
  const write = (subject: string): Promise<unknown> =>
    running.database.transaction((queries) => addEvent(queries, { key: subject, kind: 'opportunity.opened', subject, body: { owner: DEMO }, at: 5n }));

  async function take(count: number, events: AsyncGenerator<StreamedEvent, void, undefined>): Promise<readonly StreamedEvent[]> {
    const taken: StreamedEvent[] = [];
    while (taken.length < count) {
      const { value } = await events.next();
      if (value === undefined) throw new TypeError('it ended');
      taken.push(value);
    }
    return taken;
  }

  test('behavior: a line that breaks after each event is taken up again: none is lost, none told twice', async () => {
    const states: string[] = [];
    const asked: (string | null)[] = [];
    const later = ['b', 'c', 'd'];
    const end = new AbortController();
    const events = createClient({
      origin: running.origin,
      // What happens while the line is broken is what resuming is for.
      clock: { now: () => 0, sleep: async (ms, signal) => (ms > 35_000 ? never.sleep(ms, signal) : void (await write(later.shift() ?? 'over'))) },
      fetch: async (input, init) => {
        asked.push(new Headers(init?.headers).get('last-event-id'));
        const response = await fetch(input, init);
        return new Response(response.body?.pipeThrough(cutAfterFirstEvent()), response);
      },
    }).stream({ onState: (state) => states.push(state), signal: end.signal });
    const taking = take(4, events);
    await expect.poll(() => states, { timeout: 30_000 }).toContain('live');
    await write('a');
    const taken = await taking;
    expect(taken.map(({ subject }) => subject)).toEqual(['a', 'b', 'c', 'd']);
    expect(asked).toEqual([null, ...taken.slice(0, 3).map(({ sequence }) => sequence)]);
    expect(states).toEqual(['live', 'broken', 'live', 'broken', 'live', 'broken', 'live']);
    end.abort();
    expect((await events.next()).done).toBe(true);
  });

  test('behavior: after a sequence, what came since is told first', async () => {
    await write('e');
    await write('f');
    const end = new AbortController();
    const client = createClient({ origin: running.origin });
    const [first] = await take(1, client.stream({ after: '0', signal: end.signal }));
    const [again] = await take(1, client.stream({ after: first?.sequence ?? '', query: { kind: 'opportunity.opened' }, signal: end.signal }));
    expect(BigInt(again?.sequence ?? 0)).toBeGreaterThan(BigInt(first?.sequence ?? 0));
    end.abort();
  });

  test('behavior: a line that says nothing for too long is given up; a busy service is asked again when it says', async () => {
    const slept: number[] = [];
    const end = new AbortController();
    let connections = 0;
    const lines: (AbortSignal | null | undefined)[] = [];
    const silent = { now: () => 0, sleep: async (ms: number) => void slept.push(ms) };
    const events = createClient({
      origin: 'http://service.example',
      clock: silent,
      fetch: async (_input, init) => {
        connections += 1;
        lines.push(init?.signal);
        if (connections === 1) return Response.json({ code: 'OVERLOADED', detail: 'x' }, { status: 503, headers: { 'retry-after': '9' } });
        if (connections === 2) return new Response(new ReadableStream());
        if (connections === 3) throw new TypeError('fetch failed');
        return new Response('id: 7\nevent: alert\ndata: {"sequence":"7","subject":"x"}\n\n');
      },
    }).stream({ signal: end.signal });
    expect((await events.next()).value).toMatchObject({ sequence: '7' });
    expect([slept[0], connections]).toEqual([9_000, 4]);
    expect(slept).toContain(40_000);
    // Those that were given up are cut off, so that none of them stays open unheard.
    expect(lines.map((signal) => signal?.aborted)).toEqual([true, true, true, false]);
    await events.return();
    expect(lines[3]?.aborted).toBe(true);
  });

  test('error: what repeating will not help ends it', async () => {
    await expect(createClient({ origin: running.origin }).stream({ after: 'not-a-sequence' }).next()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const odd = createClient({ origin: 'http://service.example', fetch: async () => new Response('data: {not json\n\n') });
    await expect(odd.stream().next()).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' });
  });
});

describe(keepAnswers, () => {
  const answer = (text: string) => ({ etag: `"${text}"`, text, isJson: false });

  test('behavior: what was not asked for the longest is forgotten first', () => {
    const store = keepAnswers(2);
    store.keep('a', answer('a'));
    store.keep('b', answer('b'));
    expect(store.find('a')?.text).toBe('a');
    store.keep('c', answer('c'));
    expect(['a', 'b', 'c'].map((url) => store.find(url)?.text ?? null)).toEqual(['a', null, 'c']);
    store.keep('a', answer('a again'));
    store.keep('d', answer('d'));
    expect(['a', 'c', 'd'].map((url) => store.find(url)?.text ?? null)).toEqual(['a again', null, 'd']);
  });

  test('behavior: none is kept where none may be', () => {
    const store = keepAnswers(0);
    store.keep('a', answer('a'));
    expect(store.find('a')).toBeNull();
  });
});

describe(createMessageParser, () => {
  test('default: messages in any pieces, with any ends of lines', () => {
    const text = 'retry: 2000\nid: 3\n: from here on\n\nid: 4\r\nevent: alert\r\ndata: {"a":\r\ndata: 1}\r\n\r\n: still here\n\ndata\n\n';
    const whole = createMessageParser().take(text);
    expect(whole).toEqual([
      { id: '3', data: null, retryMs: 2_000 },
      { id: '4', data: '{"a":\n1}', retryMs: null },
      { id: null, data: null, retryMs: null },
      { id: null, data: '', retryMs: null },
    ]);
    for (const size of [1, 2, 3, 7]) {
      const parser = createMessageParser();
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
      expect(pieces.flatMap((piece) => parser.take(piece))).toEqual(whole);
    }
  });
});

/** Ends a stream as soon as an event has passed. */
function cutAfterFirstEvent(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      if (new TextDecoder().decode(chunk).includes('data:')) controller.terminate();
    },
  });
}
