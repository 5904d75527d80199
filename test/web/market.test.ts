import { h } from 'preact';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { emptyWords, judgeLiveness } from '../../src/web/market/live-sign.ts';
import { OpportunitiesPage } from '../../src/web/market/opportunities-page.tsx';
import { type OpportunitiesDocument, type OpportunityRow, readRow, sortRows } from '../../src/web/market/rows.ts';
import { moveWords } from '../../src/web/market/watch-list.tsx';
import { settle, show } from './tiny-dom.ts';

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

const GAP = { code: 'STALE_BLOCK', message: 'Nobody has looked at the book for 3 min.', retryable: true, chain: null, deployment: null, account: 'eip155:1:a' } as const;
const WATCHED: OpportunitiesDocument = {
  source: 'store',
  book: null,
  recorded: null,
  status: 'complete',
  asOf: { blocks: [], prices: [] },
  method: null,
  watched: [],
  opportunities: [],
  nextCursor: null,
  gaps: [],
};
const INCOMPLETE: OpportunitiesDocument = { ...WATCHED, status: 'incomplete', gaps: [GAP] };

describe(judgeLiveness, () => {
  const at = 1_700_000_000_000;
  const facts = { stream: { kind: 'live' }, document: WATCHED, at, hasFailed: false } as const;

  test('default: live is what is watched as a whole while the line is open', () => {
    expect(judgeLiveness(facts)).toEqual({ kind: 'live', words: 'Live' });
  });

  test.each([
    ['nothing was answered yet', { document: null }, 'waiting', 'Connecting …'],
    ['nothing was ever answered', { document: null, hasFailed: true }, 'lost', 'Nothing is known'],
    ['the line is not open yet', { stream: { kind: 'connecting' } }, 'waiting', 'Connecting …'],
    ['the line was lost', { stream: { kind: 'reconnecting', since: at } }, 'lost', 'Reconnecting; stale since 22:13:20 UTC'],
    ['the newest question failed', { hasFailed: true }, 'lost', 'Not answered; stale since 22:13:20 UTC'],
    ['nobody watches', { document: INCOMPLETE }, 'partial', 'Incomplete: 1 gap'],
    ['it says so without a gap', { document: { ...WATCHED, status: 'incomplete' } }, 'partial', 'Incomplete'],
    ['it is one look', { document: { ...WATCHED, source: 'scan' } }, 'partial', 'Nobody watches: one look, 22:13:20 UTC'],
    ['it is recorded', { document: { ...WATCHED, source: 'scan', recorded: 'a book' } }, 'recorded', 'Recorded'],
    ['it is recorded, and the service is gone', { document: { ...WATCHED, recorded: 'a book' }, hasFailed: true }, 'recorded', 'Recorded; the service does not answer'],
  ] as const)('behavior: where %s it is not called live', (_, change, kind, words) => {
    expect(judgeLiveness({ ...facts, ...change })).toEqual({ kind, words });
  });
});

describe(emptyWords, () => {
  test('behavior: that there is nothing is only said of what was seen', () => {
    expect(emptyWords(WATCHED)).toBe('Nothing can be liquidated at a profit now.');
    expect(emptyWords(INCOMPLETE)).toBe('Nothing was found in what could be seen.');
    expect(emptyWords({ ...WATCHED, status: 'incomplete' })).toBe('Nothing was found in what could be seen.');
    expect(emptyWords({ ...WATCHED, recorded: 'a book' })).toBe('Nothing in this recorded book can be liquidated at a profit.');
  });
});

describe(moveWords, () => {
  test.each([
    ['0.039999', '3.99 %'],
    ['0.29', '29.00 %'],
    ['0.000639', '0.06 %'],
    ['0.000049', '< 0.01 %'],
    ['0', '< 0.01 %'],
    [null, 'none below 100 %'],
  ])('behavior: %s is %s: cut, never rounded up', (move, words) => {
    expect(moveWords(move)).toBe(words);
  });
});

describe(OpportunitiesPage, () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  /** A service whose stream stays open and says nothing. */
  function stubService(answer: () => Response): string[] {
    const asked: string[] = [];
    vi.stubGlobal('window', globalThis);
    vi.stubGlobal('fetch', async (path: string) => {
      asked.push(path);
      return path.startsWith('/v1/stream') ? new Response(new ReadableStream()) : answer();
    });
    return asked;
  }

  test('behavior: gaps are listed with their messages, and an empty table is no word of safety', async () => {
    stubService(() => Response.json(INCOMPLETE));
    const shown = show(h(OpportunitiesPage, {}));
    await settle();
    expect(shown.text()).toMatch(/What could not be seen 1 gap: 1 account not judged; nothing is said about the safety of what was not seen\. Nobody has looked at the book for 3 min\. STALE_BLOCK/);
    expect(shown.all('.empty')[0]).toBe('Nothing was found in what could be seen.');
    expect([shown.all('.stream-live'), shown.all('.stream-partial')]).toEqual([[], ['Incomplete: 1 gap']]);
    shown.close();
  });

  const near = (at: number): OpportunitiesDocument['watched'][number] => ({
    account: `eip155:1:near ${at}`,
    owner: `0x${String(at).padStart(40, '0')}`,
    label: 'Aave v3 Ethereum',
    health: '1.019999',
    nativeHealthFactor: null,
    move: '0.019608',
    collateralUsd: '254855.26',
    debtUsd: '172144.94',
    precision: 'accrued',
    seenAt: 1_700_000_000,
    ageSeconds: 3,
  });
  const list = (length: number) => Array.from({ length }, (_, at) => near(at));

  test('behavior: who is nearest to liquidation is told beneath, with the way to its page', async () => {
    stubService(() => Response.json({ ...WATCHED, watched: list(2) }));
    const shown = show(h(OpportunitiesPage, {}));
    await settle();
    expect(shown.text()).toMatch(
      /Nothing can be liquidated .* Nearest to liquidation .* The nearest first\. Owner Where Move Health Owes Holds Seen Precision 0x0000…0000 Aave v3 Ethereum 1\.96 % 1\.0199 \$172\.1 k \$254\.9 k 2023-11-14 22:13 UTC accrued 0x0000…0001 Aave/,
    );
    expect([shown.all('tr').length, shown.attribute('a', 'href'), shown.all('.button')]).toEqual([3, `#/wallet/0x${'0'.repeat(40)}`, []]);
    shown.close();
  });

  test('behavior: a recorded book’s owners are no links, and a long list shows its nearest until all are asked for', async () => {
    stubService(() => Response.json({ ...INCOMPLETE, recorded: 'of a test', watched: list(12) }));
    const shown = show(h(OpportunitiesPage, {}));
    await settle();
    expect([shown.all('tr').length, shown.all('a'), shown.all('caption')]).toEqual([11, [], ['The nearest first, of what could be seen: 1 account not judged may be nearer.']]);
    shown.fire('button', 'click', {}, 'Show all 12');
    await settle();
    expect([shown.all('tr').length, shown.all('.button')]).toEqual([13, ['Show the nearest 10']]);
    shown.close();
  });

  test('behavior: that nobody is near is only said of what was seen', async () => {
    for (const [document, words] of [
      [WATCHED, 'No account with debt is left to watch.'],
      [{ ...WATCHED, gaps: [GAP] }, 'No account was found in what could be seen.'],
      [{ ...WATCHED, status: 'incomplete' }, 'No account was found in what could be seen.'],
    ] as const) {
      stubService(() => Response.json(document));
      const shown = show(h(OpportunitiesPage, {}));
      await settle();
      expect(shown.all('.empty')[1]).toBe(words);
      shown.close();
    }
  });

  test('behavior: the list is of the same answer as the table', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let watched = list(3);
    stubService(() => Response.json({ ...WATCHED, watched }));
    const shown = show(h(OpportunitiesPage, {}));
    await settle();
    expect(shown.all('tr').length).toBe(4);
    watched = list(1);
    vi.advanceTimersByTime(30_000);
    await settle();
    expect(shown.all('tr').length).toBe(2);
    shown.close();
  });

  test('behavior: live only while the line is open, and asked for again where no event comes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const asked = stubService(() => Response.json(WATCHED));
    const shown = show(h(OpportunitiesPage, {}));
    await settle();
    expect(shown.all('.stream-live')).toEqual(['Live']);
    const before = asked.filter((path) => path.startsWith('/v1/opportunities')).length;
    vi.advanceTimersByTime(30_000);
    await settle();
    expect(asked.filter((path) => path.startsWith('/v1/opportunities')).length).toBe(before + 1);
    shown.close();
    await settle();
    vi.advanceTimersByTime(90_000);
    expect(asked.filter((path) => path.startsWith('/v1/opportunities')).length).toBe(before + 1);
  });

  test('error: a failure is said, and what was shown before stays and is called stale', async () => {
    let isGone = false;
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    stubService(() => (isGone ? Response.json({ code: 'STORE_UNREACHABLE', detail: 'The database does not answer.' }, { status: 503 }) : Response.json(WATCHED)));
    const shown = show(h(OpportunitiesPage, {}));
    await settle();
    isGone = true;
    vi.advanceTimersByTime(30_000);
    await settle();
    expect(shown.text()).toMatch(/Not answered; stale since .* The database does not answer\. STORE_UNREACHABLE .* Nothing can be liquidated/);
    shown.close();
  });
});
