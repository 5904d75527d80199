import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type EventStream, followStream, type StreamState } from '../../src/web/market/live-stream.ts';
import { type OpportunityRow, readRow, sortRows } from '../../src/web/market/rows.ts';

const PLANNED = { jointProfitUsd: '12.500000', place: 1, plannedAt: 1_700_000_000, repricedSince: false };
const ENTRY = { id: '1', owner: '0xabc', profitUsd: '12.5', ...PLANNED, precision: 'estimate', openedAt: null, seenAt: 1_700_000_000 };

describe(readRow, () => {
  test('default: what the table shows', () => {
    const detail = {
      confidence: 'low',
      breakEvenGasUsd: '13.000000',
      paidUsd: '100.000000',
      liquidations: [
        { label: 'Aave v3', confidence: { precision: 'exact', reasons: ['thin market'] } },
        { label: 'Morpho', confidence: { precision: 'accrued', reasons: ['thin market', 'old price'] } },
      ],
    };
    expect(readRow({ ...ENTRY, detail })).toEqual({
      id: '1',
      owner: '0xabc',
      profitUsd: 12.5,
      together: null,
      breakEvenGasUsd: 13,
      paidUsd: 100,
      places: ['Aave v3', 'Morpho'],
      confidence: 'low',
      reasons: ['thin market', 'old price'],
      precision: 'accrued',
      seenAt: 1_700_000_000,
    });
  });

  test.each([
    ['what is left after the others is told', { jointProfitUsd: '4.25' }, 'after those that pay better: $4.25'],
    ['so is that nothing is', { jointProfitUsd: null, place: null }, 'after those that pay better: nothing'],
    ['and that it is of an older price', { jointProfitUsd: '4.25', repricedSince: true }, 'after those that pay better: $4.25, by an older price'],
    ['what reads the same is not told twice', { jointProfitUsd: '12.499999', repricedSince: true }, null],
    ['nor what was never planned', { jointProfitUsd: null, place: null, plannedAt: null }, null],
  ])('behavior: %s', (_, changes, words) => {
    expect(readRow({ ...ENTRY, ...changes, detail: null }).together).toBe(words);
  });

  test.each([null, 'text', { liquidations: 7, confidence: [] }, { liquidations: [null, { label: 4, confidence: 1 }] }])('bad input: a detail of %j is left empty, never guessed', (detail) => {
    expect(readRow({ ...ENTRY, detail })).toMatchObject({ places: [], confidence: 'unknown', reasons: [], precision: 'estimate', paidUsd: null, breakEvenGasUsd: null });
  });
});

describe(sortRows, () => {
  const row = (id: string, paidUsd: number | null): OpportunityRow => ({ ...readRow({ ...ENTRY, id, detail: null }), paidUsd });

  test('behavior: both ways, and what is not known comes last either way', () => {
    const rows = [row('none', null), row('two', 2), row('one', 1)];
    expect(sortRows(rows, 'paidUsd', 'ascending').map(({ id }) => id)).toEqual(['one', 'two', 'none']);
    expect(sortRows(rows, 'paidUsd', 'descending').map(({ id }) => id)).toEqual(['two', 'one', 'none']);
  });
});

describe(followStream, () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function fakeStream(): { readonly opened: (EventStream & { readyState: number; emit: (kind: string, data: string) => void; isClosed: boolean })[]; readonly open: () => EventStream } {
    const opened: ReturnType<typeof fakeStream>['opened'] = [];
    return {
      opened,
      open: () => {
        const listeners = new Map<string, (event: MessageEvent) => void>();
        const stream = {
          onopen: null,
          onerror: null,
          readyState: 0,
          isClosed: false,
          addEventListener: (kind: string, listener: (event: MessageEvent) => void) => void listeners.set(kind, listener),
          emit: (kind: string, data: string) => listeners.get(kind)?.(new MessageEvent(kind, { data })),
          close() {
            this.isClosed = true;
          },
        };
        opened.push(stream);
        return stream;
      },
    };
  }

  test('behavior: live, then stale since the moment the line was lost, then live again', () => {
    const states: StreamState[] = [];
    const { opened, open } = fakeStream();
    let time = 1_000;
    followStream({ onState: (state) => void states.push(state), onEvent: () => undefined }, { open, now: () => time });
    opened[0]?.onopen?.(new Event('open'));
    opened[0]?.onerror?.(new Event('error'));
    time = 9_000;
    opened[0]?.onerror?.(new Event('error'));
    opened[0]?.onopen?.(new Event('open'));
    expect(states).toEqual([{ kind: 'connecting' }, { kind: 'live' }, { kind: 'reconnecting', since: 1_000 }, { kind: 'reconnecting', since: 1_000 }, { kind: 'live' }]);
  });

  test('behavior: where the browser gives up it is opened anew, and never after the end', () => {
    const { opened, open } = fakeStream();
    const stop = followStream({ onState: () => undefined, onEvent: () => undefined }, { open, now: () => 0 });
    const [first] = opened;
    if (first !== undefined) first.readyState = 2;
    first?.onerror?.(new Event('error'));
    vi.advanceTimersByTime(3_000);
    expect(opened.length).toBe(2);
    stop();
    opened[1]?.onerror?.(new Event('error'));
    vi.advanceTimersByTime(10_000);
    expect([opened.length, opened[1]?.isClosed]).toEqual([2, true]);
  });

  test('behavior: events by their kind; what is no JSON is null', () => {
    const events: unknown[] = [];
    const { opened, open } = fakeStream();
    followStream({ onState: () => undefined, onEvent: (kind, data) => void events.push([kind, data]) }, { open, now: () => 0 });
    opened[0]?.emit('opportunity.closed', '{"data":{"id":"4"}}');
    opened[0]?.emit('opportunity.opened', 'broken');
    expect(events).toEqual([
      ['opportunity.closed', { data: { id: '4' } }],
      ['opportunity.opened', null],
    ]);
  });
});
