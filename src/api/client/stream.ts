import { PlimsollError } from '../../core/errors.ts';
import type { Clock, Fetch } from '../../sources/clock.ts';
import type { Answer, Query } from '../contract/operations.ts';
import { asFailure, readProblem, unreachable } from './problem.ts';
import { createMessageParser } from './stream-messages.ts';

/** One event, with the sequence to resume after. */
export type StreamedEvent = Answer<'streamEvents'>;

/** Whether events are heard: what was known before a `broken` line is as old as that line. */
export type StreamState = 'live' | 'broken';

/** Which events, and from where. */
export interface StreamInput {
  readonly query?: Query<'streamEvents'>;
  /** The `sequence` that was seen last: what came after it is told first. From now on where it is absent. */
  readonly after?: string;
  /** Told whenever it changes. */
  readonly onState?: (state: StreamState) => void;
  /** Ends the stream without an error. */
  readonly signal?: AbortSignal;
}

interface StreamMeans {
  readonly url: string;
  readonly origin: string;
  readonly fetch: Fetch;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

interface Place {
  last: string | null;
  retryMs: number;
  failures: number;
}

const RETRY_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
/** The service says something every 15 seconds: a line that is silent for longer is dead, though nobody said so. */
const SILENCE_MS = 40_000;

/** Reads the stream of events, connection after connection, until its signal ends it. */
export async function* readStream(input: StreamInput, means: StreamMeans): AsyncGenerator<StreamedEvent, void, undefined> {
  const { signal, onState } = input;
  const place: Place = { last: input.after ?? null, retryMs: RETRY_MS, failures: 0 };
  const isEnded = (): boolean => signal?.aborted === true;
  while (!isEnded()) {
    const waitMs = yield* readConnection(place, input, means);
    if (isEnded()) return;
    onState?.('broken');
    await means.clock.sleep(waitMs, signal);
  }
}

/** One connection. @returns milliseconds to wait before the next */
async function* readConnection(place: Place, { signal, onState }: StreamInput, { url, origin, fetch, headers, clock }: StreamMeans): AsyncGenerator<StreamedEvent, number, undefined> {
  const line = new AbortController();
  const end = (): void => line.abort();
  signal?.addEventListener('abort', end, { once: true });
  try {
    const resumed = place.last === null ? {} : { 'last-event-id': place.last };
    const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers, ...resumed }, cache: 'no-store', signal: line.signal });
    if (!response.ok || response.body === null) return await waitAfter(response, place);
    place.failures = 0;
    onState?.('live');
    const parser = createMessageParser();
    for await (const text of chunksOf(response.body, clock)) {
      for (const message of parser.take(text)) {
        place.last = message.id ?? place.last;
        place.retryMs = message.retryMs ?? place.retryMs;
        if (message.data !== null) yield parseEvent(message.data);
      }
    }
    return place.retryMs;
  } catch (error) {
    const failure = unreachable(error, origin, undefined);
    if (failure === error) throw error;
    return backOff(place);
  } finally {
    signal?.removeEventListener('abort', end);
    line.abort();
  }
}

function parseEvent(data: string): StreamedEvent {
  try {
    return JSON.parse(data) as StreamedEvent;
  } catch (cause) {
    throw new PlimsollError('MALFORMED_RESPONSE', 'An event of the stream is not JSON. Check what stands before the service.', {}, { cause });
  }
}

/** What to do about an answer that is no stream. @throws {PlimsollError} where repeating it will not help */
async function waitAfter(response: Response, place: Place): Promise<number> {
  const problem = readProblem(await response.text(), response);
  if (!problem.retryable) throw asFailure(problem, response.status);
  return Math.max(backOff(place), (problem.retryAfterSeconds ?? 0) * 1_000);
}

function backOff(place: Place): number {
  place.failures += 1;
  return Math.min(place.retryMs * 2 ** (place.failures - 1), LONGEST_WAIT_MS);
}

/** Ends where nothing was heard for too long; whoever opened the line then cuts it off. */
async function* chunksOf(body: ReadableStream<Uint8Array>, clock: Clock): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const heard = new AbortController();
    const silence = clock.sleep(SILENCE_MS, heard.signal).then(() => null);
    const part = await Promise.race([reader.read(), silence]).finally(() => heard.abort());
    if (part === null || part.done) return;
    yield decoder.decode(part.value, { stream: true });
  }
}
