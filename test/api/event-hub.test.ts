import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EventFrame } from '../../src/api/stream/event-frame.ts';
import { type EventHub, openEventHub } from '../../src/api/stream/event-hub.ts';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/open-database.ts';

let database: Database;
let hub: EventHub | null = null;
beforeAll(() => {
  database = openDatabase({ kind: 'memory' });
});
afterAll(() => database.close());
afterEach(async () => {
  await hub?.close();
  await database.query('delete from plimsoll.events');
});

/** A hub that is told of nothing: it knows what it was made to look at. */
async function openDeaf(): Promise<EventHub> {
  hub = await openEventHub({ ...database, listen: async () => async () => {} }, (error) => {
    throw error;
  });
  return hub;
}

async function write(count: number): Promise<readonly bigint[]> {
  const rows = await database.query(
    `insert into plimsoll.events (key, kind, subject, body, at, audience) select gen_random_uuid()::text, 'opportunity.changed', 's', '{}'::jsonb, 1, 'anyone' from generate_series(1, $1::int) returning sequence::text as sequence`,
    [count],
  );
  return rows.map((row) => BigInt(String(row['sequence'])));
}

describe(openEventHub, () => {
  test('behavior: one look reads all that is there, however many pages that takes', async () => {
    const opened = await openDeaf();
    const heard: EventFrame[] = [];
    opened.subscribe({ heard: (frame) => void heard.push(frame), missed: () => {} });
    const written = await write(1_200);
    await opened.refresh();
    expect(heard.map(({ sequence }) => sequence)).toEqual(written);
    expect(opened.newest()).toBe(written.at(-1));
  });

  test('behavior: a page out of the table ends with what was handed out: what comes behind it is heard, not paged', async () => {
    const known = await write(3);
    const opened = await openDeaf();
    const unheard = await write(2);
    const [first = 0n] = known;
    const page = await opened.after(first - 1n);
    expect([page.frames.map(({ sequence }) => sequence), page.missedUpTo]).toEqual([known, null]);
    await opened.refresh();
    expect((await opened.after(first - 1n)).frames.map(({ sequence }) => sequence)).toEqual([...known, ...unheard]);
  });
});
