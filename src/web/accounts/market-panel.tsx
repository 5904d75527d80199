import type { VNode } from 'preact';
import type { AccountEvaluation } from '../../engine/evaluate.ts';
import type { Report } from '../../engine/report.ts';
import type { WalletHealth } from '../../engine/wallet.ts';
import { health, percent, plain, usdShort } from '../data/format.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Panel } from '../shell/panel.tsx';

/** Where oracle and market differ by no more than this, the table is folded away. */
const CALM = 0.01;

const LEAD = 'Liquidation goes by each protocol’s oracle. What the collateral would really bring goes by the market.';

/** The same sums by market prices beside those by the protocols' oracles. Nothing where no market price is known. */
export function MarketPanel({ report }: { readonly report: Report }): VNode | null {
  const { wallet, accounts } = report;
  if (wallet.market === null) return null;
  const rows = accounts.filter((account) => !account.debtFree && account.market !== null);
  const fooled = rows.filter(({ health: oracle, market }) => oracle?.gte(1) === true && market?.health?.lt(1) === true);
  const isCalm = rows.length > 0 && rows.every(isAlike);
  return (
    <Panel id="market" title="Oracle and market" lead={isCalm ? undefined : LEAD}>
      {fooled.length === 0 ? null : (
        <p class="notice notice-inline">
          <strong>The oracle calls {fooled.map(({ account }) => plain(account.marketEntry.label)).join(', ')} healthy; the market does not.</strong> What stands against that debt is worth less than
          the debt allows.
        </p>
      )}
      {isCalm ? (
        <details>
          <summary>
            By market prices the unified health is {health(wallet.market.health)}; no account differs by more than {percent(CALM, 0).replace('+', '')}
          </summary>
          <p class="panel-lead">{LEAD}</p>
          <MarketTable rows={rows} wallet={wallet} market={wallet.market} />
        </details>
      ) : (
        <MarketTable rows={rows} wallet={wallet} market={wallet.market} />
      )}
    </Panel>
  );
}

interface MarketTableProps {
  readonly rows: readonly AccountEvaluation[];
  readonly wallet: WalletHealth;
  readonly market: NonNullable<WalletHealth['market']>;
}

function MarketTable({ rows, wallet, market }: MarketTableProps): VNode {
  return (
    <DataTable label="Health by oracle and by market prices" class="reflow" columns={['Account', 'By oracle', 'By market', 'Shortfall by market', 'Without market price']}>
      {rows.map((account) => (
        <tr key={account.account.entry.id}>
          <th scope="row">{plain(account.account.marketEntry.label)}</th>
          <td class="number" data-label="By oracle">
            {health(account.health)}
          </td>
          <td class="number" data-label="By market">
            {health(account.market?.health ?? null)}
          </td>
          <td class="number" data-label="Shortfall by market">
            {account.market === null ? '' : usdShort(account.market.shortfall)}
          </td>
          <td data-label="Without market price">{account.market === null || account.market.atOraclePrice.length === 0 ? 'none' : symbolsOf(account.legs, account.market.atOraclePrice)}</td>
        </tr>
      ))}
      <tr class="total">
        <th scope="row">Unified</th>
        <td class="number" data-label="By oracle">
          {health(wallet.health)}
        </td>
        <td class="number" data-label="By market">
          {health(market.health)}
        </td>
        <td class="number" data-label="Shortfall by market">
          {usdShort(market.shortfall)}
        </td>
        <td />
      </tr>
    </DataTable>
  );
}

/** Tells whether the market says of an account what the oracle does. */
function isAlike({ health: oracle, market }: AccountEvaluation): boolean {
  if (oracle === null || market === null || market.health === null) return false;
  return market.shortfall.isZero() && market.health.minus(oracle).abs().lte(oracle.times(CALM));
}

function symbolsOf(legs: readonly { readonly asset: string; readonly symbol: string }[], assets: readonly string[]): string {
  return [...new Set(assets.map((asset) => plain(legs.find((leg) => leg.asset === asset)?.symbol ?? asset)))].join(', ');
}
