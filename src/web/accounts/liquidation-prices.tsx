import type { VNode } from 'preact';
import type { FirstLiquidation } from '../../engine/liquidation-price.ts';
import type { Report } from '../../engine/report.ts';
import { driverName } from '../data/driver-name.ts';
import { NOTHING, percent, plain, price } from '../data/format.ts';
import { Panel } from '../shell/panel.tsx';
import { Scroll } from '../shell/scroll.tsx';

/** At which price of what the first account goes, the nearest first. */
export function LiquidationPricesPanel({ report }: { readonly report: Report }): VNode {
  const grouped = new Set(report.drivers.filter((driver) => driver.kind === 'group').flatMap((driver) => driver.assets));
  const rows = report.liquidationPrices.wallet
    .filter(({ driver, first }) => (first.down !== null || first.up !== null) && !(driver.kind === 'asset' && driver.assets.some((asset) => grouped.has(asset))))
    .toSorted((a, b) => nearestMove(a.first) - nearestMove(b.first));
  const all = rows.map(({ driver }) => driver);
  return (
    <Panel id="prices" title="Liquidation prices" lead="Prices by each protocol’s own oracle, one moving while the others stand still; the nearest first.">
      {rows.length === 0 ? (
        <p>No single price move liquidates an account that is not liquidatable now.</p>
      ) : (
        <Scroll label="Liquidation prices">
          <table class="reflow">
            <thead>
              <tr>
                <th scope="col">If the price of</th>
                <th scope="col">falls to</th>
                <th scope="col">or rises to</th>
                <th scope="col">then goes first</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ driver, first }) => (
                <tr key={driver.assets.join()}>
                  <th scope="row">{driverName(driver, all)}</th>
                  <td class={`number half ${first.down === null ? 'nothing' : ''}`} data-label="falls to">
                    {pointText(first.down)}
                  </td>
                  <td class={`number half ${first.up === null ? 'nothing' : ''}`} data-label={first.down === null ? 'rises to' : 'or rises to'}>
                    {pointText(first.up)}
                  </td>
                  <td class="across" data-label="then goes first">
                    {plain((first.down ?? first.up)?.account.account.marketEntry.label ?? '')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function nearestMove({ down, up }: { readonly down: FirstLiquidation | null; readonly up: FirstLiquidation | null }): number {
  return Math.min(...[down, up].map((found) => found?.point.move.abs().toNumber() ?? Number.POSITIVE_INFINITY));
}

function pointText(first: FirstLiquidation | null): string {
  if (first === null) return NOTHING;
  const [shown] = first.point.prices;
  return `${shown === undefined ? '' : `${price(shown.priceUsd)} `}(${percent(first.point.move)})`;
}
