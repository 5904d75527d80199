import { authorization, onApiKey } from './api-key.ts';

/** How the stream stands. */
export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The line was lost; what is shown is as of then. Unix milliseconds. */
  | { readonly kind: 'reconnecting'; readonly since: number };

/** What the stream tells a view. */
export interface StreamEvents {
  readonly onState: (state: StreamState) => void;
  /** Something happened, or `reset`: events may be missing, so that only asking again tells. */
  readonly onEvent: (kind: string, data: unknown) => void;
}

/** One line to the service, and what is to be gone on with after it. */
interface Line {
  readonly path: string;
  readonly events: StreamEvents;
  readonly end: AbortSignal;
  last: string | null;
  retryMs: number;
}

const RETRY_MS = 2_000;
/** Where the service refuses, it is asked again this much later: a key may have been made, or a place become free. */
const REFUSED_MS = 30_000;
/** The service says something every 15 seconds: a line that is silent for longer is dead, though nobody said so. */
const SILENCE_MS = 40_000;

/**
 * Follows events of the service, by `fetch`: an EventSource cannot say who asks. A lost line is taken up again after its last event.
 *
 * @param path as in `/v1/stream`
 * @param now unix milliseconds
 * @returns what ends it
 */
export function followStream(path: string, events: StreamEvents, now: () => number = Date.now): () => void {
  const end = new AbortController();
  events.onState({ kind: 'connecting' });
  void keepLine({ path, events, end: end.signal, last: null, retryMs: RETRY_MS }, now);
  return () => end.abort();
}

async function keepLine(line: Line, now: () => number): Promise<void> {
  let lostAt: number | null = null;
  while (!line.end.aborted) {
    const { isHeard, waitMs } = await holdLine(line);
    if (line.end.aborted) return;
    lostAt = isHeard || lostAt === null ? now() : lostAt;
    line.events.onState({ kind: 'reconnecting', since: lostAt });
    await pause(waitMs, line.end);
  }
}

/** One connection, until it ends. @returns whether it was one, and how long to wait before the next */
async function holdLine(line: Line): Promise<{ readonly isHeard: boolean; readonly waitMs: number }> {
  const silence = new AbortController();
  let isHeard = false;
  try {
    const resumed = line.last === null ? {} : { 'last-event-id': line.last };
    const headers = { accept: 'text/event-stream', ...authorization(), ...resumed };
    const { ok, body } = await fetch(line.path, { headers, cache: 'no-store', signal: AbortSignal.any([line.end, silence.signal]) });
    if (!ok || body === null) return { isHeard, waitMs: REFUSED_MS };
    isHeard = true;
    line.events.onState({ kind: 'live' });
    await readBody(line, body.getReader(), silence);
  } catch {
    // It broke, or was ended: either way it is over.
  }
  return { isHeard, waitMs: line.retryMs };
}

async function readBody(line: Line, reader: ReadableStreamDefaultReader<Uint8Array>, silence: AbortController): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    const messages = `${rest}${decoder.decode(value, { stream: true })}`.split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) readMessage(line, message);
  }
}

function readMessage(line: Line, message: string): void {
  const fields = new Map(message.split('\n').map((row) => [row.slice(0, row.indexOf(':')), row.slice(row.indexOf(':') + 1).trim()]));
  line.last = fields.get('id') ?? line.last;
  line.retryMs = Number(fields.get('retry') ?? line.retryMs);
  const data = fields.get('data');
  if (data !== undefined) line.events.onEvent(fields.get('event') ?? '', parse(data));
}

/** Waits; a key that is typed meanwhile is tried at once. */
function pause(milliseconds: number, end: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const leave = onApiKey(resolve);
  end.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    leave();
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
