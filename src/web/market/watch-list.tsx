import type { VNode } from 'preact';
import { count, healthText, instant, plain, usdShort } from '../data/format.ts';
import { DataTable } from '../shell/data-table.tsx';
import { useFirstRows } from '../shell/first-rows.tsx';
import { Panel } from '../shell/panel.tsx';
import { Owner } from './owner.tsx';
import { countUnseen, type OpportunitiesDocument } from './rows.ts';

/** Rows that are shown before all are asked for. */
const FIRST = 10;
/** The service writes a move to this part of a price. */
const MICROS = 1_000_000;

/** Who is not liquidatable yet, by how far prices have to go for it. */
export function WatchList({ document }: { readonly document: OpportunitiesDocument }): VNode {
  const { watched } = document;
  const [rows, more] = useFirstRows(watched, FIRST);
  return (
    <Panel id="watched" title="Nearest to liquidation" lead="Accounts that are not liquidatable yet. The move is how far all prices together have to go against an account to make it so.">
      {watched.length === 0 ? <p class="empty">{noneWords(document)}</p> : <Rows document={document} rows={rows} />}
      {more}
    </Panel>
  );
}

function Rows({ document, rows }: { readonly document: OpportunitiesDocument; readonly rows: readonly OpportunitiesDocument['watched'][number][] }): VNode {
  return (
    <DataTable label="Nearest to liquidation" class="watched reflow reflow-four" caption={captionWords(document)} columns={['Owner', 'Where', 'Move', 'Health', 'Owes', 'Holds', 'Seen', 'Precision']}>
      {rows.map((row) => (
        <tr key={row.account}>
          <th scope="row">
            <Owner wallet={row.owner} isRecorded={document.recorded !== null} />
          </th>
          <td class="across">{plain(row.label)}</td>
          <td class="number strong" data-label="Move">
            {moveWords(row.move)}
          </td>
          <td class="number" data-label="Health">
            {healthText(row.health)}
          </td>
          <td class="number" data-label="Owes">
            {usdShort(row.debtUsd, 1e3)}
          </td>
          <td class="number" data-label="Holds">
            {usdShort(row.collateralUsd, 1e3)}
          </td>
          <td class="soft half" data-label="Seen">
            {instant(row.seenAt)}
          </td>
          <td class="half" data-label="Precision">
            {plain(row.precision)}
          </td>
        </tr>
      ))}
    </DataTable>
  );
}

/** An adverse move as the service writes it, in percent: cut, so that no account looks farther from its line than it is. */
export function moveWords(move: string | null): string {
  if (move === null) return 'none below 100 %';
  const hundredths = Math.floor(Math.round(Number(move) * MICROS) / 100);
  return hundredths === 0 ? '< 0.01 %' : `${(hundredths / 100).toFixed(2)} %`;
}

/** What the table is, and what may be missing from it. */
function captionWords({ gaps }: Pick<OpportunitiesDocument, 'gaps'>): string {
  const unseen = countUnseen(gaps);
  if (gaps.length === 0) return 'The nearest first.';
  return `The nearest first, of what could be seen${unseen === 0 ? '' : `: ${count(unseen, 'account')} not judged may be nearer`}.`;
}

/** What an empty list means. */
function noneWords({ gaps, status }: Pick<OpportunitiesDocument, 'gaps' | 'status'>): string {
  return gaps.length > 0 || status !== 'complete' ? 'No account was found in what could be seen.' : 'No account with debt is left to watch.';
}
