import { integerOf } from '../../store/columns.ts';
import type { Database } from '../../store/database.ts';
import { EVENT_CHANNEL, listEvents, type StoredEvent } from '../../store/events.ts';

/** An event as the stream sends it, written once for all clients. */
export interface EventFrame {
  readonly sequence: bigint;
  readonly kind: string;
  /** Lower-case addresses that it is about. */
  readonly about: ReadonlySet<string>;
  readonly bytes: Buffer;
}

/** Events as they are committed, heard once for all clients. */
export interface EventHub {
  /** Sequence of the newest event that was handed out. */
  readonly newest: () => bigint;
  /** Hears every frame from now on. @returns how to stop */
  subscribe(heard: (frame: EventFrame) => void): () => void;
  /** Events after a sequence, oldest first, at most a page; out of memory where they are there. */
  after(sequence: bigint): Promise<readonly EventFrame[]>;
  close(): Promise<void>;
}

/** Frames kept for clients that come back. */
const KEPT_FRAMES = 2_000;
const PAGE = 500;
/** What was sent while the connection to the database was broken is lost, so that the table is looked at as well. */
const LOOK_MS = 5_000;
const ADDRESS = /0x[0-9a-f]{40}/g;

/**
 * Opens the hub: one listener on the database, however many clients there are.
 *
 * @param failed called where the database could not be asked; the next look tries again
 * @throws {PlimsollError} STORE_*
 */
export async function openEventHub(database: Database, failed: (error: unknown) => void): Promise<EventHub> {
  const subscribers = new Set<(frame: EventFrame) => void>();
  const recent: EventFrame[] = [];
  let last = await newestSequence(database);
  let first = last;
  let looking: Promise<void> | null = null;
  let again = false;

  function look(): void {
    again = true;
    looking ??= drain()
      .catch(failed)
      .finally(() => {
        looking = null;
      });
  }

  async function drain(): Promise<void> {
    while (again) {
      again = false;
      const events = await listEvents(database, last, PAGE);
      for (const event of events) handOut(frameOf(event));
      if (events.length === PAGE) again = true;
    }
  }

  function handOut(frame: EventFrame): void {
    last = frame.sequence;
    recent.push(frame);
    if (recent.length > KEPT_FRAMES) first = recent.shift()?.sequence ?? first;
    for (const heard of subscribers) heard(frame);
  }

  const stop = await database.listen(EVENT_CHANNEL, look);
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return {
    newest: () => last,
    subscribe(heard) {
      subscribers.add(heard);
      return () => subscribers.delete(heard);
    },
    async after(sequence) {
      if (sequence >= first) return recent.filter((frame) => frame.sequence > sequence).slice(0, PAGE);
      return (await listEvents(database, sequence, PAGE)).filter((event) => event.sequence <= last).map(frameOf);
    },
    async close() {
      clearInterval(timer);
      subscribers.clear();
      await stop();
      await looking;
    },
  };
}

async function newestSequence(database: Database): Promise<bigint> {
  const [row] = await database.query('select coalesce(max(sequence), 0)::text as newest from plimsoll.events');
  return row === undefined ? 0n : integerOf(row, 'newest');
}

function frameOf({ sequence, kind, subject, body, at }: StoredEvent): EventFrame {
  const seconds = Number(at);
  const data = JSON.stringify({ sequence: sequence.toString(), kind, subject, at: seconds, atIso: new Date(seconds * 1000).toISOString(), data: body });
  const about = new Set([...subject.toLowerCase().matchAll(ADDRESS), ...namesOf(body).matchAll(ADDRESS)].map(([address]) => address));
  return { sequence, kind, about, bytes: Buffer.from(`id: ${sequence}\nevent: ${kind.replaceAll(/[^a-z.-]/g, '')}\ndata: ${data}\n\n`) };
}

/** Whose event it is, as bodies say it. */
function namesOf(body: unknown): string {
  if (body === null || typeof body !== 'object') return '';
  return Object.entries(body)
    .flatMap(([name, value]) => (typeof value === 'string' && (name === 'wallet' || name === 'owner') ? value.toLowerCase() : []))
    .join(' ');
}
