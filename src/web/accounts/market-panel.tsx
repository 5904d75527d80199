import type { VNode } from 'preact';
import type { Report } from '../../engine/report.ts';
import { health, plain, usd } from '../data/format.ts';
import { Panel } from '../shell/panel.tsx';
import { Scroll } from '../shell/scroll.tsx';

/** The same sums by market prices beside those by the protocols' oracles. Nothing where no market price is known. */
export function MarketPanel({ report }: { readonly report: Report }): VNode | null {
  const { wallet, accounts } = report;
  if (wallet.market === null) return null;
  const rows = accounts.filter((account) => !account.debtFree && account.market !== null);
  const fooled = rows.filter(({ health: oracle, market }) => oracle?.gte(1) === true && market?.health?.lt(1) === true);
  return (
    <Panel id="market" title="Oracle and market" lead="Liquidation goes by each protocol’s oracle. What the collateral would really bring goes by the market.">
      {fooled.length === 0 ? null : (
        <p class="notice notice-inline">
          <strong>The oracle calls {fooled.map(({ account }) => plain(account.marketEntry.label)).join(', ')} healthy; the market does not.</strong> What stands against that debt is worth less than
          the debt allows.
        </p>
      )}
      <Scroll label="Health by oracle and by market prices">
        <table>
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col">By oracle</th>
              <th scope="col">By market</th>
              <th scope="col">Shortfall by market</th>
              <th scope="col">Without market price</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((account) => (
              <tr key={account.account.entry.id}>
                <th scope="row">{plain(account.account.marketEntry.label)}</th>
                <td class="number">{health(account.health)}</td>
                <td class="number">{health(account.market?.health ?? null)}</td>
                <td class="number">{account.market === null ? '' : usd(account.market.shortfall)}</td>
                <td>{account.market === null || account.market.atOraclePrice.length === 0 ? 'none' : symbolsOf(account.legs, account.market.atOraclePrice)}</td>
              </tr>
            ))}
            <tr class="total">
              <th scope="row">Unified</th>
              <td class="number">{health(wallet.health)}</td>
              <td class="number">{health(wallet.market.health)}</td>
              <td class="number">{usd(wallet.market.shortfall)}</td>
              <td />
            </tr>
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

function symbolsOf(legs: readonly { readonly asset: string; readonly symbol: string }[], assets: readonly string[]): string {
  return [...new Set(assets.map((asset) => plain(legs.find((leg) => leg.asset === asset)?.symbol ?? asset)))].join(', ');
}
