import type { VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { AccountsPanel } from '../accounts/accounts-panel.tsx';
import { LiquidationPricesPanel } from '../accounts/liquidation-prices.tsx';
import { MarketPanel } from '../accounts/market-panel.tsx';
import { driverName } from '../data/driver-name.ts';
import { percent } from '../data/format.ts';
import type { Route } from '../data/route.ts';
import { type DriverMove, viewMoved, viewToday, type WalletModel } from '../data/wallet-model.ts';
import { OutlookPanel } from '../outlook/outlook-panel.tsx';
import { ShockBar } from '../outlook/shock-bar.tsx';
import { PlanPanel } from '../planning/plan-panel.tsx';
import { ProofPanel } from '../proving/proof-panel.tsx';
import { GapsPanel } from './gaps-panel.tsx';
import { Hero } from './hero.tsx';
import { SourcesPanel } from './sources-panel.tsx';

/** What a wallet's report is made of. */
export interface WalletReportProps {
  readonly model: WalletModel;
  readonly route: Extract<Route, { view: 'wallet' | 'file' }>;
  readonly onRefresh: () => void;
}

/** Everything about one wallet; the price slider moves the picture on top. */
export function WalletReport({ model, route, onRefresh }: WalletReportProps): VNode {
  const [moved, setMoved] = useState<DriverMove | null>(null);
  const today = useMemo(() => viewToday(model), [model]);
  const shown = useMemo(() => (moved === null || moved.move === 0 ? today : viewMoved(model, [moved])), [model, moved]);
  const hasDebt = today.wallet.weakest !== null;
  return (
    <>
      <GapsPanel gaps={model.report.gaps} />
      <Hero model={model} today={today} shown={shown} route={route} moveText={moveText(moved, model)} onRefresh={onRefresh} />
      {hasDebt ? <ShockBar model={model} today={today} shown={shown} moved={moved} onMove={setMoved} /> : null}
      {model.report.accounts.length === 0 ? null : <Sections hasDebt={hasDebt} />}
      <AccountsPanel model={model} shown={shown} moved={moved} />
      {hasDebt ? <LiquidationPricesPanel report={model.report} /> : null}
      {hasDebt ? <OutlookPanel model={model} moved={moved} onMove={setMoved} /> : null}
      <MarketPanel report={model.report} />
      {hasDebt ? <PlanPanel model={model} isFile={route.view === 'file'} /> : null}
      {hasDebt ? <ProofPanel portfolio={model.portfolio} today={today} /> : null}
      <SourcesPanel report={model.report} />
    </>
  );
}

function moveText(moved: DriverMove | null, { drivers }: WalletModel): string {
  return moved === null ? '' : `if ${driverName(moved.driver, drivers)} moves ${percent(moved.move, 0)}`;
}

function Sections({ hasDebt }: { readonly hasDebt: boolean }): VNode {
  const places = [
    ['accounts', 'Accounts'],
    ...(hasDebt
      ? [
          ['prices', 'Liquidation prices'],
          ['outlook', 'What if'],
          ['plan', 'Way back'],
          ['proof', 'Proof'],
        ]
      : []),
    ['sources', 'Sources'],
  ];
  const jump = (event: Event, id: string): void => {
    event.preventDefault();
    const section = document.getElementById(id);
    section?.scrollIntoView();
    section?.focus({ preventScroll: true });
  };
  return (
    <nav class="sections" aria-label="Parts of this report">
      {places.map(([id = '', name]) => (
        <a key={id} href={`#${id}`} onClick={(event) => jump(event, id)}>
          {name}
        </a>
      ))}
    </nav>
  );
}
