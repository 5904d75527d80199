import type { Database } from '../../store/database.ts';
import { EVENT_CHANNEL, findNewestSequence, readEventPage } from '../../store/events.ts';
import { type EventFrame, frameOf } from './event-frame.ts';

/** What a subscriber hears. */
export interface Subscriber {
  heard(frame: EventFrame): void;
  /** Events up to `horizon` were deleted before this process had read all of them. */
  missed(horizon: bigint): void;
}

/** Events after a sequence. */
export interface FramePage {
  readonly frames: readonly EventFrame[];
  /** Up to here events may have been deleted; null where nothing after the sequence was. */
  readonly missedUpTo: bigint | null;
}

/** Events as they are committed, heard once for all clients. */
export interface EventHub {
  /** Sequence of the newest event that was handed out. */
  readonly newest: () => bigint;
  /** Hears every frame from now on. @returns how to stop */
  subscribe(subscriber: Subscriber): () => void;
  /** Events after a sequence, oldest first, at most a page; out of memory where they are there. */
  after(sequence: bigint): Promise<FramePage>;
  /** Reads up to what is committed by now. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Frames kept for clients that come back. */
const KEPT_FRAMES = 2_000;
const PAGE = 500;
/** What was sent while the connection to the database was broken is lost, so that the table is looked at as well. */
const LOOK_MS = 5_000;

/**
 * Opens the hub: one listener on the database, however many clients there are.
 *
 * @param failed called where the database could not be asked; the next look tries again
 * @throws {PlimsollError} STORE_*
 */
export async function openEventHub(database: Database, failed: (error: unknown) => void): Promise<EventHub> {
  const subscribers = new Set<Subscriber>();
  const recent: EventFrame[] = [];
  let last = await findNewestSequence(database);
  /** Everything after this that was not deleted before it was read is in `recent`. */
  let first = last;
  /** What was deleted up to here, unread, was told. */
  let lost = last;
  let looking: Promise<void> | null = null;
  let again = false;

  function look(): Promise<void> {
    again = true;
    looking ??= drain()
      .catch(failed)
      .finally(() => {
        looking = null;
      });
    return looking;
  }

  async function drain(): Promise<void> {
    while (again) {
      again = false;
      const { events, horizon } = await readEventPage(database, last, PAGE);
      if (horizon > last && horizon > lost) lose(horizon);
      for (const event of events) handOut(frameOf(event));
      if (events.length === PAGE) again = true;
    }
  }

  /** Who asks for what came before is sent to the table, which says the same. */
  function lose(horizon: bigint): void {
    recent.length = 0;
    [first, lost] = [horizon, horizon];
    for (const subscriber of subscribers) subscriber.missed(horizon);
  }

  function handOut(frame: EventFrame): void {
    last = frame.sequence;
    recent.push(frame);
    const forgotten = recent.length > KEPT_FRAMES ? recent.shift() : undefined;
    if (forgotten !== undefined && forgotten.sequence > first) first = forgotten.sequence;
    for (const subscriber of subscribers) subscriber.heard(frame);
  }

  const stop = await database.listen(EVENT_CHANNEL, () => void look());
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return {
    newest: () => last,
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    async after(sequence) {
      if (sequence >= first) return { frames: recent.filter((frame) => frame.sequence > sequence).slice(0, PAGE), missedUpTo: null };
      const { events, horizon } = await readEventPage(database, sequence, PAGE);
      return { frames: events.filter((event) => event.sequence <= last).map(frameOf), missedUpTo: horizon > sequence ? horizon : null };
    },
    refresh: look,
    async close() {
      clearInterval(timer);
      subscribers.clear();
      await stop();
      await looking;
    },
  };
}
