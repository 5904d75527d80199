import type { VNode } from 'preact';
import type { FirstLiquidation } from '../../engine/liquidation-price.ts';
import type { Report } from '../../engine/report.ts';
import { driverName } from '../data/driver-name.ts';
import { NOTHING, percent, plain, price } from '../data/format.ts';
import { Panel } from '../shell/panel.tsx';
import { Scroll } from '../shell/scroll.tsx';

/** At which price of what the first account goes. */
export function LiquidationPricesPanel({ report }: { readonly report: Report }): VNode {
  const grouped = new Set(report.drivers.filter((driver) => driver.kind === 'group').flatMap((driver) => driver.assets));
  const rows = report.liquidationPrices.wallet.filter(
    ({ driver, first }) => (first.down !== null || first.up !== null) && !(driver.kind === 'asset' && driver.assets.some((asset) => grouped.has(asset))),
  );
  const all = rows.map(({ driver }) => driver);
  return (
    <Panel id="prices" title="Liquidation prices" lead="Prices by each protocol’s own oracle, one moving while the others stand still. The first account that goes is named.">
      {rows.length === 0 ? (
        <p>No single price move liquidates an account that is not liquidatable now.</p>
      ) : (
        <Scroll label="Liquidation prices">
          <table>
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
                  <td class="number">{pointText(first.down)}</td>
                  <td class="number">{pointText(first.up)}</td>
                  <td>{plain((first.down ?? first.up)?.account.account.marketEntry.label ?? '')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function pointText(first: FirstLiquidation | null): string {
  if (first === null) return NOTHING;
  const [shown] = first.point.prices;
  return `${shown === undefined ? '' : `${price(shown.priceUsd)} `}(${percent(first.point.move)})`;
}
