import type { VNode } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { short } from '../data/format.ts';
import type { Failure } from '../data/request.ts';
import type { Route } from '../data/route.ts';
import type { WalletModel } from '../data/wallet-model.ts';
import { rememberWallet } from '../shell/recent-wallets.ts';
import { loadWalletModel } from './load-wallet.ts';
import { WalletReport } from './wallet-report.tsx';

type WalletRoute = Extract<Route, { view: 'wallet' | 'file' }>;
type State = { readonly phase: 'loading' } | { readonly phase: 'failed'; readonly failure: Failure } | { readonly phase: 'ready'; readonly model: WalletModel };

/** A wallet, from the service or from a file that was opened. */
export function WalletPage({ route }: { readonly route: Route }): VNode {
  const [state, setState] = useState<State>({ phase: 'loading' });
  const [attempt, setAttempt] = useState(0);
  const walletRoute: WalletRoute = route.view === 'wallet' ? route : { view: 'file' };
  useEffect(() => {
    const stop = new AbortController();
    setState({ phase: 'loading' });
    void loadWalletModel(walletRoute, stop.signal).then((answer) => {
      if (stop.signal.aborted) return;
      if (answer.ok && walletRoute.view === 'wallet') rememberWallet(walletRoute.wallet);
      setState(answer.ok ? { phase: 'ready', model: answer.value } : { phase: 'failed', failure: answer.failure });
    });
    return () => stop.abort();
    // Another file that is opened has the same address, and is a route anew.
  }, [attempt, route]);
  const again = useCallback(() => setAttempt((number) => number + 1), []);
  const name = walletRoute.view === 'wallet' ? walletRoute.wallet.split(',').map(short).join(', ') : 'the document';
  if (state.phase === 'ready') return <WalletReport model={state.model} route={walletRoute} onRefresh={again} />;
  if (state.phase === 'failed') return <Failed name={name} failure={state.failure} onAgain={again} />;
  return (
    <section class="hero hero-waiting" aria-busy="true">
      <p role="status">Reading {name}: accounts, prices and parameters of every protocol at one block …</p>
      <div class="skeleton" aria-hidden="true" />
    </section>
  );
}

function Failed({ name, failure, onAgain }: { readonly name: string; readonly failure: Failure; readonly onAgain: () => void }): VNode {
  return (
    <section class="notice notice-failed" role="alert">
      <h1>{failure.code === 'UNREACHABLE' ? 'The service does not answer' : `${name} could not be read`}</h1>
      <p>{failure.message}</p>
      <p class="soft">
        Nothing is known about this wallet now: that is not the same as safe. <code>{failure.code}</code>
      </p>
      <p class="row">
        <button type="button" class="button button-first" onClick={onAgain}>
          Try again
        </button>
        <a class="button" href="#/">
          Another wallet
        </a>
      </p>
    </section>
  );
}
