import type { VNode } from 'preact';
import { count } from '../data/format.ts';
import type { DriverMove, WalletModel, WalletView } from '../data/wallet-model.ts';
import { Panel } from '../shell/panel.tsx';
import { AccountCard } from './account-card.tsx';

interface AccountsPanelProps {
  readonly model: WalletModel;
  readonly shown: WalletView;
  readonly moved: DriverMove | null;
}

/** Every account, the weakest first: each is what its protocol liquidates as a whole. */
export function AccountsPanel({ model, shown, moved }: AccountsPanelProps): VNode {
  const { report } = model;
  if (report.accounts.length === 0) return <Empty report={report} />;
  const accounts = shown.accounts.toSorted((a, b) => (a.health === null ? 1 : b.health === null ? -1 : a.health.cmp(b.health)));
  const isMoved = moved !== null && moved.move !== 0;
  return (
    <Panel
      id="accounts"
      title="Accounts"
      lead={`${count(accounts.length, 'account')}, the weakest first. Health, adjusted collateral over adjusted debt, compares across protocols; native health does not.${isMoved ? ' Shown at the moved prices.' : ''}`}
    >
      <ul class="cards">
        {accounts.map((account, at) => (
          <li key={account.account.entry.id}>
            <AccountCard account={account} model={model} isMoved={isMoved} isWeakest={at === 0} />
          </li>
        ))}
      </ul>
      {shown.unseen === 0 ? null : <p class="notice notice-inline">{count(shown.unseen, 'account')} cannot be computed at these prices.</p>}
    </Panel>
  );
}

function Empty({ report }: Pick<WalletModel, 'report'>): VNode {
  return (
    <Panel id="accounts" title="Accounts">
      <p>
        {report.gaps.length > 0
          ? 'No account could be read. Whether there are any is not known.'
          : report.coverage.length === 1
            ? 'None in the one market that was looked at.'
            : `None in the ${report.coverage.length} markets that were looked at.`}
      </p>
      {report.recorded === null ? null : (
        <p class="soft">
          These are recorded data, which know a few wallets only: <a href="#/">choose one of them</a>, or set GRAPH_API_KEY and RPC_URL_1 for live data.
        </p>
      )}
    </Panel>
  );
}
