import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keepApiKey } from '../../src/web/data/api-key.ts';
import { followStream, type StreamState } from '../../src/web/data/live-stream.ts';

interface FakeLine {
  readonly headers: Readonly<Record<string, string>>;
  readonly path: string;
  readonly say: (text: string) => void;
  readonly hangUp: () => void;
  readonly signal: AbortSignal;
}

describe(followStream, () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    keepApiKey(null);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  /** A service that takes every line, or answers with a status. */
  function stubLines(statusOf: (line: number) => number = () => 200): FakeLine[] {
    const lines: FakeLine[] = [];
    vi.stubGlobal('fetch', async (path: string, { headers, signal }: { readonly headers: Record<string, string>; readonly signal: AbortSignal }) => {
      let pipe: ReadableStreamDefaultController<Uint8Array> | undefined;
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          pipe = controller;
          signal.addEventListener('abort', () => controller.error(signal.reason));
        },
      });
      lines.push({ path, headers, signal, say: (text) => pipe?.enqueue(new TextEncoder().encode(text)), hangUp: () => pipe?.close() });
      return new Response(body, { status: statusOf(lines.length - 1) });
    });
    return lines;
  }

  function follow(now: () => number = () => 0): { readonly states: StreamState[]; readonly heard: unknown[]; readonly stop: () => void } {
    const [states, heard]: [StreamState[], unknown[]] = [[], []];
    const stop = followStream('/v1/stream', { onState: (state) => void states.push(state), onEvent: (kind, data) => void heard.push([kind, data]) }, now);
    return { states, heard, stop };
  }

  const turn = (milliseconds = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

  test('behavior: live, then stale since the moment the line was lost, then live again after the last event', async () => {
    const lines = stubLines((at) => (at === 1 ? 503 : 200));
    let time = 1_000;
    const { states, stop } = follow(() => time);
    await turn();
    lines[0]?.say('retry: 500\nid: 41\n: from here on\n\nid: 42\nevent: alert\ndata: {}\n\n');
    await turn();
    lines[0]?.hangUp();
    await turn();
    time = 9_000;
    await turn(500);
    expect(states).toEqual([{ kind: 'connecting' }, { kind: 'live' }, { kind: 'reconnecting', since: 1_000 }, { kind: 'reconnecting', since: 1_000 }]);
    await turn(30_000);
    expect(states.at(-1)).toEqual({ kind: 'live' });
    expect(lines.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '42', '42']);
    stop();
  });

  test('behavior: a line that is silent for longer than heartbeats allow is given up', async () => {
    const lines = stubLines();
    const { states, stop } = follow();
    await turn();
    await turn(30_000);
    lines[0]?.say(': still here\n\n');
    await turn(39_000);
    expect(states.at(-1)).toEqual({ kind: 'live' });
    await turn(2_000);
    expect(states.at(-1)).toMatchObject({ kind: 'reconnecting' });
    stop();
  });

  test('behavior: nothing is asked or told after the end', async () => {
    const lines = stubLines();
    const { states, stop } = follow();
    await turn();
    stop();
    await turn(100_000);
    expect([lines.length, lines[0]?.signal.aborted, states.at(-1)]).toEqual([1, true, { kind: 'live' }]);
  });

  test('behavior: events by their kind, in whatever pieces they come; what is no JSON is null', async () => {
    const lines = stubLines();
    const { heard, stop } = follow();
    await turn();
    lines[0]?.say('id: 1\nevent: opportunity.closed\nda');
    await turn();
    lines[0]?.say('ta: {"data":{"id":"4"}}\n\nevent: reset\ndata: broken\n\n');
    await turn();
    expect(heard).toEqual([
      ['opportunity.closed', { data: { id: '4' } }],
      ['reset', null],
    ]);
    stop();
  });

  test('behavior: the key travels in a header, never in the address; one that is typed is tried at once', async () => {
    const lines = stubLines((at) => (at === 0 ? 401 : 200));
    const { states, stop } = follow();
    await turn();
    expect([lines.length, states.at(-1)?.kind]).toEqual([1, 'reconnecting']);
    keepApiKey('plk_of-a-test');
    await turn();
    expect([states.at(-1), lines[1]?.headers['authorization'], lines.map(({ path }) => path)]).toEqual([{ kind: 'live' }, 'Bearer plk_of-a-test', ['/v1/stream', '/v1/stream']]);
    stop();
  });
});
