import type { VNode } from 'preact';
import type { Report } from '../../engine/report.ts';
import { chainName } from '../data/driver-name.ts';
import { count, instant, plain } from '../data/format.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Panel } from '../shell/panel.tsx';

/** Where the numbers are from: blocks, what was looked at, where subgraph and chain differ. */
export function SourcesPanel({ report }: { readonly report: Report }): VNode {
  const { asOf, coverage, discrepancies } = report;
  return (
    <Panel id="sources" title="Sources">
      <dl class="facts">
        {asOf.blocks.map((block) => (
          <div key={`${block.chain} ${block.number}`}>
            <dt>{chainName(block.chain)}</dt>
            <dd>
              block {Number(block.number).toLocaleString('en-US')}, {instant(block.timestamp)}
            </dd>
          </div>
        ))}
        <div>
          <dt>Looked at</dt>
          <dd>
            {coverage.length === 0
              ? 'no market'
              : `${count(coverage.length, 'market')}: ${coverage.every(({ status }) => status === 'read') ? 'read' : `${coverage.filter(({ status }) => status === 'read').length} read`}`}
          </dd>
        </div>
      </dl>
      {coverage.length === 0 ? null : (
        <details>
          <summary>Every market that was looked at</summary>
          <ul class="columns">
            {coverage.map((entry) => (
              <li key={entry.deployment}>
                {plain(entry.deployment)} {entry.status === 'read' ? '' : <strong>not read</strong>} <span class="soft">{entry.rule ?? ''}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {discrepancies.length === 0 ? null : (
        <details>
          <summary>{discrepancies.length === 1 ? '1 value of a subgraph differs' : `${discrepancies.length} values of subgraphs differ`} from the chain; the chain is used</summary>
          <DataTable label="Discrepancies" columns={['Where', 'What', 'Subgraph', 'Chain', 'Note']}>
            {discrepancies.map((entry, at) => (
              <tr key={at}>
                <td>{plain(entry.deployment)}</td>
                <td>{plain(entry.field)}</td>
                <td class="number">{plain(entry.subgraph)}</td>
                <td class="number">{plain(entry.chain)}</td>
                <td>{plain(entry.note)}</td>
              </tr>
            ))}
          </DataTable>
        </details>
      )}
    </Panel>
  );
}
