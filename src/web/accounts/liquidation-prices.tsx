import type { VNode } from 'preact';
import type { FirstLiquidation } from '../../engine/liquidation-price.ts';
import type { PriceDriver } from '../../engine/moves.ts';
import type { Report } from '../../engine/report.ts';
import { driverName, pointText, withoutGrouped } from '../data/driver-name.ts';
import { NOTHING, plain } from '../data/format.ts';
import { DataTable } from '../shell/data-table.tsx';
import { useFirstRows } from '../shell/first-rows.tsx';
import { useNarrow } from '../shell/fold.tsx';
import { Panel } from '../shell/panel.tsx';

/** Rows that a phone shows before all are asked for. */
const FIRST = 2;

/** At which price of what the first account goes, the nearest first. */
export function LiquidationPricesPanel({ report }: { readonly report: Report }): VNode {
  const rows = withoutGrouped(report.liquidationPrices.wallet, report.drivers)
    .filter(({ first }) => first.down !== null || first.up !== null)
    .toSorted((a, b) => nearestMove(a.first) - nearestMove(b.first));
  const all = rows.map(({ driver }) => driver);
  const [shown, more] = useFirstRows(rows, useNarrow() ? FIRST : rows.length);
  return (
    <Panel id="prices" title="Liquidation prices" lead="Prices by each protocol’s own oracle, one moving while the others stand still; the nearest first.">
      {rows.length === 0 ? (
        <p>No single price move liquidates an account that is not liquidatable now.</p>
      ) : (
        <DataTable label="Liquidation prices" class="reflow reflow-two" columns={['If the price of', 'falls to', 'then goes first', 'or rises to', 'then goes first']}>
          {shown.map(({ driver, first }) => (
            <tr key={driver.assets.join()}>
              <th scope="row">{driverName(driver, all)}</th>
              <Side driver={driver} found={first.down} label="falls to" />
              <Side driver={driver} found={first.up} label="rises to" />
            </tr>
          ))}
        </DataTable>
      )}
      {more}
    </Panel>
  );
}

function nearestMove({ down, up }: { readonly down: FirstLiquidation | null; readonly up: FirstLiquidation | null }): number {
  return Math.min(...[down, up].map((found) => found?.point.move.abs().toNumber() ?? Number.POSITIVE_INFINITY));
}

/** One way that a price can go, and the account that it takes first. */
function Side({ driver, found, label }: { readonly driver: PriceDriver; readonly found: FirstLiquidation | null; readonly label: string }): VNode {
  const empty = found === null ? 'nothing' : '';
  return (
    <>
      <td class={`number ${empty}`} data-label={label}>
        {found === null ? NOTHING : pointText(driver, found.point)}
      </td>
      <td class={empty} data-label="then goes first">
        {found === null ? NOTHING : plain(found.account.account.marketEntry.label)}
      </td>
    </>
  );
}
