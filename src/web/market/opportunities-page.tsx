import type { VNode } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { count, instant, NOTHING, plain, usd, usdShort } from '../data/format.ts';
import { followStream, type StreamState } from '../data/live-stream.ts';
import { type Failure, isRecord, requestJson } from '../data/request.ts';
import { Failed } from '../shell/failed.tsx';
import { GapsPanel } from '../shell/gaps-panel.tsx';
import { Scroll } from '../shell/scroll.tsx';
import { clock, emptyWords, judgeLiveness, type LiveSign } from './live-sign.ts';
import { Owner } from './owner.tsx';
import { countUnseen, type OpportunitiesDocument, type OpportunityRow, readRow, type SortKey, sortRows } from './rows.ts';
import { WatchList } from './watch-list.tsx';

/** After an event the ranking is asked for again this much later, milliseconds: events come in crowds. */
const SETTLE = 400;
/** It is asked for again this often also where no event comes, milliseconds: that nobody watches is no event. */
const ASK_AGAIN = 30_000;

interface Shown {
  readonly document: OpportunitiesDocument;
  readonly rows: readonly OpportunityRow[];
  readonly at: number;
}

/** Who can be liquidated now, by profit, live. */
export function OpportunitiesPage(): VNode {
  const [shown, setShown] = useState<Shown | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [stream, setStream] = useState<StreamState>({ kind: 'connecting' });
  const timer = useRef(0);
  const newest = useRef(0);
  const refresh = useCallback(async () => {
    newest.current += 1;
    const own = newest.current;
    const answer = await requestJson('/v1/opportunities?limit=50');
    if (own !== newest.current) return;
    setFailure(answer.ok ? null : answer.failure);
    if (!answer.ok) return;
    const document = answer.value as OpportunitiesDocument;
    setShown({ document, rows: document.opportunities.map(readRow), at: Date.now() });
  }, []);
  useEffect(() => {
    void refresh();
    const stop = followStream('/v1/stream', {
      onState: (state) => {
        setStream(state);
        if (state.kind === 'live') soon();
      },
      onEvent: (kind, data) => {
        if (kind === 'opportunity.closed') setShown((before) => before && { ...before, rows: withoutClosed(before.rows, data) });
        soon();
      },
    });
    const again = window.setInterval(() => void refresh(), ASK_AGAIN);
    return () => {
      clearInterval(again);
      clearTimeout(timer.current);
      stop();
    };
  }, []);
  const soon = (): void => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void refresh(), SETTLE);
  };
  return (
    <>
      <section class="panel" aria-labelledby="opportunities-title">
        <div class="row row-apart">
          <h1 id="opportunities-title">Opportunities</h1>
          <Sign sign={judgeLiveness({ stream, document: shown?.document ?? null, at: shown?.at ?? 0, hasFailed: failure !== null })} />
        </div>
        <p class="panel-lead">
          Accounts that their protocol would liquidate at the next block, after slippage, gas and flash fee. Owners who sell into one pool lower the price for one another: what then is left of a
          profit stands below it. The order is greedy, not proven optimal.
        </p>
        {failure === null ? null : <Failed failure={failure} onAgain={() => void refresh()} />}
        {shown !== null ? <Ranking shown={shown} onRefresh={() => void refresh()} /> : failure === null ? <p class="waiting">Looking at the book …</p> : null}
      </section>
      {shown === null ? null : <WatchList document={shown.document} />}
    </>
  );
}

/** Whether what is shown is live, and if not, what it is. */
function Sign({ sign: { kind, words } }: { readonly sign: LiveSign }): VNode {
  return (
    <p class={`stream stream-${kind}`} role="status">
      <span class="stream-dot" aria-hidden="true" /> {words}
    </p>
  );
}

function Ranking({ shown, onRefresh }: { readonly shown: Shown; readonly onRefresh: () => void }): VNode {
  const { document, rows, at } = shown;
  const unseen = countUnseen(document.gaps);
  return (
    <>
      <GapsPanel gaps={document.gaps} meaning={`${unseen > 0 ? `${count(unseen, 'account')} not judged; ` : ''}nothing is said about the safety of what was not seen.`} />
      <p class="soft row">
        {document.recorded === null ? null : <span>Recorded: {plain(document.recorded)}.</span>}
        <span>
          {document.source === 'scan' ? 'One look at the book' : 'Kept by workers that watch'}, asked for at {clock(at)}.
        </span>
        <button type="button" class="link" onClick={onRefresh}>
          Ask again
        </button>
      </p>
      {rows.length === 0 ? <p class="empty">{emptyWords(document)}</p> : <Table rows={rows} isRecorded={document.recorded !== null} />}
      {document.nextCursor === null ? null : <p class="soft">The first {rows.length} are shown. The API has the rest, page by page.</p>}
    </>
  );
}

const COLUMNS: readonly { readonly key: SortKey; readonly title: string }[] = [
  { key: 'profitUsd', title: 'Profit' },
  { key: 'paidUsd', title: 'Pays' },
  { key: 'breakEvenGasUsd', title: 'Break-even gas' },
  { key: 'confidence', title: 'Confidence' },
  { key: 'seenAt', title: 'Seen' },
];

function Table({ rows, isRecorded }: { readonly rows: readonly OpportunityRow[]; readonly isRecorded: boolean }): VNode {
  const [sort, setSort] = useState<{ readonly key: SortKey; readonly direction: 'ascending' | 'descending' }>({ key: 'profitUsd', direction: 'descending' });
  const turn = (key: SortKey): void => setSort({ key, direction: sort.key === key && sort.direction === 'descending' ? 'ascending' : 'descending' });
  return (
    <Scroll label="Opportunities">
      <table class="ranking reflow">
        <caption class="unseen">Opportunities, by {COLUMNS.find(({ key }) => key === sort.key)?.title}</caption>
        <thead>
          <tr>
            <th scope="col">Owner</th>
            <th scope="col">Where</th>
            {COLUMNS.map(({ key, title }) => (
              <th key={key} scope="col" aria-sort={sort.key === key ? sort.direction : 'none'}>
                <button type="button" class="sort" onClick={() => turn(key)}>
                  {title} <span aria-hidden="true">{sort.key === key ? (sort.direction === 'descending' ? '▾' : '▴') : '·'}</span>
                </button>
              </th>
            ))}
            <th scope="col">Precision</th>
          </tr>
        </thead>
        <tbody>
          {sortRows(rows, sort.key, sort.direction).map((row) => (
            <tr key={row.id}>
              <th scope="row">
                <Owner wallet={row.owner} isRecorded={isRecorded} />
              </th>
              <td class="across" data-label="Where">
                {plain(row.places[0] ?? NOTHING)}
                {row.places.length > 1 ? <span class="soft"> and {row.places.length - 1} more</span> : null}
              </td>
              <td class="number strong" data-label="Profit">
                {usdShort(row.profitUsd)}
                {row.together === null ? null : <small class="together soft">{row.together}</small>}
              </td>
              <td class="number" data-label="Pays">
                {row.paidUsd === null ? NOTHING : usdShort(row.paidUsd)}
              </td>
              <td class="number" data-label="Break-even gas">
                {row.breakEvenGasUsd === null ? NOTHING : usd(row.breakEvenGasUsd)}
              </td>
              <td data-label="Confidence">
                <span class={`confidence confidence-${plain(row.confidence)}`}>{plain(row.confidence)}</span>
                {row.reasons.length === 0 ? null : (
                  <details>
                    <summary>why</summary>
                    <ul>
                      {row.reasons.map((reason) => (
                        <li key={reason}>{plain(reason)}</li>
                      ))}
                    </ul>
                  </details>
                )}
              </td>
              <td class="soft" data-label="Seen">
                {instant(row.seenAt)}
              </td>
              <td data-label="Precision">{plain(row.precision)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function withoutClosed(rows: readonly OpportunityRow[], event: unknown): readonly OpportunityRow[] {
  const data = isRecord(event) && isRecord(event['data']) ? event['data'] : {};
  return rows.filter(({ id, owner }) => id !== data['id'] && owner !== data['owner']);
}
