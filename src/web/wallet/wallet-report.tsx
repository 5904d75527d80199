import type { VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Report } from '../../engine/report.ts';
import { AccountsPanel } from '../accounts/accounts-panel.tsx';
import { LiquidationPricesPanel } from '../accounts/liquidation-prices.tsx';
import { MarketPanel } from '../accounts/market-panel.tsx';
import { driverName } from '../data/driver-name.ts';
import { percent } from '../data/format.ts';
import { carryMove, type DriverMove, viewMoved, viewToday, type WalletModel } from '../data/wallet-model.ts';
import { OutlookPanel } from '../outlook/outlook-panel.tsx';
import { ShockBar } from '../outlook/shock-bar.tsx';
import { PlanPanel } from '../planning/plan-panel.tsx';
import { ProofPanel } from '../proving/proof-panel.tsx';
import { GapsPanel } from '../shell/gaps-panel.tsx';
import type { Reading } from './freshness.ts';
import { Hero } from './hero.tsx';
import type { WalletRoute } from './load-wallet.ts';
import { SourcesPanel } from './sources-panel.tsx';

/** What a wallet's report is made of. */
export interface WalletReportProps {
  readonly model: WalletModel;
  /** Those of the document itself. */
  readonly gaps: Report['gaps'];
  readonly route: WalletRoute;
  readonly reading: Reading;
  /** Since when it is too old to be stood by, Unix milliseconds; null where it is not. */
  readonly staleAt: number | null;
  readonly isReading: boolean;
  readonly onRefresh: () => void;
}

/** Everything about one wallet; the price slider moves the picture on top. */
export function WalletReport(props: WalletReportProps): VNode {
  const { model, gaps, route } = props;
  const [picked, setMoved] = useState<DriverMove | null>(null);
  const moved = useMemo(() => carryMove(picked, model), [picked, model]);
  const today = useMemo(() => viewToday(model), [model]);
  const shown = useMemo(() => (moved === null || moved.move === 0 ? today : viewMoved(model, [moved])), [model, moved]);
  const hasDebt = today.wallet.weakest !== null;
  return (
    <>
      <GapsPanel gaps={gaps} meaning="this report is not a statement of safety. An account may be hidden behind each." />
      <Hero {...props} today={today} shown={shown} moveText={moveText(moved, model)} />
      {hasDebt ? <ShockBar model={model} today={today} shown={shown} moved={moved} onMove={setMoved} /> : null}
      {model.report.accounts.length === 0 ? null : <Sections hasDebt={hasDebt} />}
      <AccountsPanel model={model} shown={shown} moved={moved} />
      {hasDebt ? <LiquidationPricesPanel report={model.report} /> : null}
      <MarketPanel report={model.report} />
      {hasDebt ? <PlanPanel model={model} route={route} /> : null}
      {hasDebt ? <OutlookPanel model={model} moved={moved} onMove={setMoved} /> : null}
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
          ['plan', 'Way back'],
          ['outlook', 'What if'],
          ['proof', 'Proof'],
        ]
      : []),
    ['sources', 'Sources'],
  ];
  const jump = (event: Event, id: string): void => {
    event.preventDefault();
    const section = document.getElementById(id);
    const fold = section?.querySelector<HTMLDetailsElement>('.fold');
    if (fold) fold.open = true;
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
