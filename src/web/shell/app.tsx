import { Component, type ComponentChildren, type VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { keepApiKey } from '../data/api-key.ts';
import { formatRoute, type Route } from '../data/route.ts';
import { Home } from './home.tsx';
import { Later } from './later.tsx';
import { applyTheme, readTheme, type Theme } from './theme.ts';
import { titleOf } from './title.ts';
import { useApiKey } from './use-api-key.ts';
import { useRoute } from './use-route.ts';
import { WalletBox } from './wallet-box.tsx';

const loadWallet = () => import('../wallet/wallet-page.tsx').then(({ WalletPage }) => WalletPage);
const loadOpportunities = () => import('../market/opportunities-page.tsx').then(({ OpportunitiesPage }) => OpportunitiesPage);
const loadProofs = () => import('../proving/proofs-page.tsx').then(({ ProofsPage }) => ProofsPage);

/** The whole page. */
export function App(): VNode {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const place = formatRoute(route);
  useEffect(() => {
    document.title = titleOf(route);
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    if (!isFirst.current) scrollTo(0, 0);
    isFirst.current = false;
  }, [place]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Masthead route={route} />
      <main id="main" ref={main} tabIndex={-1}>
        <Guard key={place}>
          <View route={route} />
        </Guard>
      </main>
      <footer class="colophon">
        <KeptKey />
        <p>
          Numbers are computed in this browser from one document. <a href="/docs">API</a> · <a href="/healthz">Service</a> · Proofs by snarkjs (GPL-3.0), in a worker of its own ·{' '}
          <a href="/licences.txt">Licences</a>
        </p>
      </footer>
    </>
  );
}

function View({ route }: { readonly route: Route }): VNode {
  switch (route.view) {
    case 'wallet':
    case 'file':
      return <Later load={loadWallet} props={{ route }} what="the wallet" />;
    case 'opportunities':
      return <Later load={loadOpportunities} props={{}} what="opportunities" />;
    case 'proofs':
      return <Later load={loadProofs} props={{}} what="proofs" />;
    default:
      return <Home />;
  }
}

/** A key of the service can be forgotten at any time, and with it what it let this page see. */
function KeptKey(): VNode | null {
  const key = useApiKey();
  const forget = (): void => {
    keepApiKey(null);
    location.reload();
  };
  if (key === null) return null;
  return (
    <p>
      An API key of this service is kept until this tab is closed.{' '}
      <button type="button" class="link" onClick={forget}>
        Forget it now
      </button>
    </p>
  );
}

function Masthead({ route }: { readonly route: Route }): VNode {
  return (
    <header class="masthead">
      <a class="brand" href="#/" aria-label="Plimsoll, home">
        <svg viewBox="0 0 40 24" aria-hidden="true" focusable="false">
          <circle cx="20" cy="12" r="8.5" />
          <path d="M2 12h36" />
        </svg>
        Plimsoll
      </a>
      {route.view === 'home' ? null : <WalletBox size="small" />}
      <nav aria-label="Pages">
        <a href="#/opportunities" aria-current={route.view === 'opportunities' ? 'page' : undefined}>
          Opportunities
        </a>
        <a href="#/proofs" aria-current={route.view === 'proofs' ? 'page' : undefined}>
          Proofs
        </a>
        <ThemeSwitch />
      </nav>
    </header>
  );
}

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'dark', dark: 'light', light: 'system' };
const THEME_WORDS: Readonly<Record<Theme, string>> = { system: 'Auto', dark: 'Dark', light: 'Light' };

function ThemeSwitch(): VNode {
  const [theme, setTheme] = useState(readTheme);
  const choose = (): void => {
    const next = NEXT[theme];
    applyTheme(next);
    setTheme(next);
  };
  return (
    <button type="button" class="theme" onClick={choose} aria-label={`Theme: ${THEME_WORDS[theme]}. Change to ${THEME_WORDS[NEXT[theme]]}.`}>
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d="M8 1a7 7 0 1 0 0 14V1Z" fill="currentColor" />
        <circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" stroke-width="1.2" />
      </svg>
      <span>{THEME_WORDS[theme]}</span>
    </button>
  );
}

/** A defect of one view is said there; the rest of the page goes on. */
class Guard extends Component<{ readonly children: ComponentChildren }, { readonly isBroken: boolean }> {
  override state = { isBroken: false };

  static override getDerivedStateFromError(): { readonly isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ComponentChildren {
    if (!this.state.isBroken) return this.props.children;
    return (
      <section class="notice notice-failed" role="alert">
        <h1>This view broke</h1>
        <p>That is a defect of Plimsoll, not of your wallet. Nothing was sent or lost. Load the page again; if it happens again, please report it.</p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Load again
        </button>
      </section>
    );
  }
}
