import type { VNode } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatPortfolio, type Portfolio } from '../../core/portfolio.ts';
import { plain } from '../data/format.ts';
import { isRecord } from '../data/request.ts';
import type { WalletView } from '../data/wallet-model.ts';
import { Fold } from '../shell/fold.tsx';
import { Panel } from '../shell/panel.tsx';
import { askProver } from './prover-client.ts';
import { ProvingRun, useProving } from './proving-run.tsx';
import { firstTerms, TermsFields } from './terms-form.tsx';

/** Proves something about this wallet in the browser: over recorded data with an attestor made for the occasion. */
export function ProofPanel({ portfolio, today }: { readonly portfolio: Portfolio; readonly today: WalletView }): VNode {
  const [terms, setTerms] = useState(() => firstTerms(today.wallet.health?.lt(1) === true ? 'breach' : 'solvent'));
  const { state, start } = useProving();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => warmWhenSeen(form.current), []);
  const scopes = useMemo(
    () => portfolio.coverage.filter((entry) => entry.rule !== null).map((entry) => ({ value: `${entry.chain}/${entry.protocol}/${entry.market}`, label: `one account in ${plain(entry.deployment)}` })),
    [portfolio],
  );
  const prove = (event: Event): void => {
    event.preventDefault();
    start({ kind: 'development', portfolio: formatPortfolio(portfolio) }, terms);
  };
  return (
    <Panel
      id="proof"
      title="Prove it without showing it"
      lead="A zero-knowledge proof says how a wallet stands, and nothing of what it holds. It is made in this browser: positions are sent to nobody."
    >
      {portfolio.recorded === null ? (
        <p>
          An attestor has to vouch for a live wallet: run <code>plimsoll attest</code>, then <a href="#/proofs">open its files here</a>.
        </p>
      ) : (
        <Fold summary="Make a proof">
          <p class="dev-note">
            <strong>Development attestor.</strong> These are recorded data, so this page makes an attestor for the occasion and uses development keys. The proof is a real one; whom it convinces is
            nobody. With an attestation of your own: <a href="#/proofs">open its files</a>.
          </p>
          <form ref={form} class="form" onSubmit={prove} onFocusIn={warmOnce}>
            <TermsFields terms={terms} scopes={scopes} onChange={setTerms} />
            <button type="submit" class="button button-first" disabled={state.phase === 'running'}>
              Prove
            </button>
          </form>
          <ProvingRun state={state} />
        </Fold>
      )}
    </Panel>
  );
}

let isWarm = false;

/** Whoever has the form before them may soon ask for a proof: the worker takes in its keys meanwhile, six megabytes, unless the browser is told to save data. */
function warmWhenSeen(form: HTMLFormElement | null): (() => void) | undefined {
  if (form === null || savesData()) return undefined;
  const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && warmOnce());
  observer.observe(form);
  return () => observer.disconnect();
}

function savesData(): boolean {
  const connection: unknown = 'connection' in navigator ? navigator.connection : null;
  return isRecord(connection) && connection['saveData'] === true;
}

function warmOnce(): void {
  if (isWarm) return;
  isWarm = true;
  void askProver({ kind: 'warm' });
}
