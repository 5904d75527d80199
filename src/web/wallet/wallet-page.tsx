import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { short } from '../data/format.ts';
import { failureWords } from '../data/page-words.ts';
import type { Route } from '../data/route.ts';
import { viewToday } from '../data/wallet-model.ts';
import { wordOf } from '../load-line/words.ts';
import { Failed } from '../shell/failed.tsx';
import { titleOf } from '../shell/title.ts';
import { asStale } from './freshness.ts';
import type { WalletRoute, WalletState } from './load-wallet.ts';
import { useNews, useStaleness, useWallet } from './use-wallet.ts';
import { WalletReport } from './wallet-report.tsx';

/** A wallet, from the service or from a file that was opened. */
export function WalletPage({ route }: { readonly route: Route }): VNode {
  // Another file that is opened has the same address, and is a route anew.
  const walletRoute = useMemo<WalletRoute>(() => (route.view === 'wallet' ? route : { view: 'file' }), [route]);
  const { state, again } = useWallet(walletRoute);
  const name = walletRoute.view === 'wallet' ? walletRoute.wallet.split(',').map(short).join(', ') : 'the document';
  if (state.phase === 'ready') return <Ready state={state} route={walletRoute} onRefresh={again} />;
  if (state.phase === 'failed') {
    return (
      <Failed title={state.failure.code === 'UNREACHABLE' ? 'The service does not answer' : `${name} could not be read`} failure={state.failure} onAgain={again}>
        <p class="soft">
          Nothing is known about this wallet now: that is not the same as safe. <a href="#/">Another wallet</a>
        </p>
      </Failed>
    );
  }
  return (
    <section class="hero hero-waiting" aria-busy="true">
      <p role="status">Reading {name}: accounts, prices and parameters of every protocol at one block …</p>
      <div class="skeleton" aria-hidden="true" />
    </section>
  );
}

interface ReadyProps {
  readonly state: Extract<WalletState, { phase: 'ready' }>;
  readonly route: WalletRoute;
  readonly onRefresh: () => void;
}

/** What was read, for as long as it may be stood by. */
function Ready({ state: { reading, isReading, failure }, route, onRefresh }: ReadyProps): VNode {
  const staleAt = useStaleness(reading);
  useNews(reading, onRefresh);
  const isStale = staleAt !== null;
  const model = useMemo(() => (isStale ? asStale(reading.model) : reading.model), [reading, isStale]);
  const word = isStale ? 'Stale' : wordOf(viewToday(model));
  useEffect(() => {
    document.title = titleOf(route, word);
  }, [route, word]);
  return (
    <>
      {failure === null ? null : (
        <p class="notice notice-failed" role="alert">
          It could not be read again: {failureWords(failure)} What is shown is what was read before. <code class="soft">{failure.code}</code>
        </p>
      )}
      <WalletReport model={model} gaps={reading.model.report.gaps} route={route} reading={reading} staleAt={staleAt} isReading={isReading} onRefresh={onRefresh} />
    </>
  );
}
