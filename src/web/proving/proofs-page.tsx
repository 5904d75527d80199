import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { pageWords } from '../data/page-words.ts';
import { Panel } from '../shell/panel.tsx';
import { ChecksList } from './checks-list.tsx';
import { FileField } from './file-field.tsx';
import type { Judged } from './messages.ts';
import { askProver } from './prover-client.ts';
import { ProvingRun, useProving } from './proving-run.tsx';
import { firstTerms, TermsFields } from './terms-form.tsx';

/** Proofs from files, and about files: neither needs a wallet to be looked at. */
export function ProofsPage(): VNode {
  return (
    <>
      <h1>Proofs</h1>
      <FromFiles />
      <VerifyFile />
    </>
  );
}

function FromFiles(): VNode {
  const [attestation, setAttestation] = useState<string | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [terms, setTerms] = useState(() => firstTerms('breach'));
  const { state, start } = useProving();
  const prove = (event: Event): void => {
    event.preventDefault();
    if (attestation !== null && secret !== null) start({ kind: 'attested', attestation, secret }, terms);
  };
  return (
    <Panel id="prove" title="Prove from an attestation" lead="Both files stay in this browser’s prover: they are read there, and go nowhere.">
      <form class="form" onSubmit={prove}>
        <FileField label="Attestation (attestation.json)" onText={setAttestation} />
        <FileField label="Secret (secret.json)" onText={setSecret} />
        <TermsFields terms={terms} scopes={[]} onChange={setTerms} />
        <button type="submit" class="button button-first" disabled={attestation === null || secret === null || state.phase === 'running'}>
          Prove
        </button>
      </form>
      <ProvingRun state={state} />
    </Panel>
  );
}

interface Verdict {
  readonly judged: Judged | null;
  readonly failure: string | null;
}

function VerifyFile(): VNode {
  const [proof, setProof] = useState<string | null>(null);
  const [policy, setPolicy] = useState<string | null>(null);
  const newest = useRef('');
  const [at, setAt] = useState('');
  const [{ judged, failure }, setVerdict] = useState<Verdict>({ judged: null, failure: null });
  const open = async (text: string): Promise<void> => {
    newest.current = text;
    setProof(text);
    setPolicy(null);
    setVerdict({ judged: null, failure: null });
    const reply = await askProver({ kind: 'policy', proof: text });
    if (newest.current !== text) return;
    if (reply.kind === 'policy') setPolicy(reply.policy);
    if (reply.kind === 'failed') setVerdict({ judged: null, failure: reply.message });
  };
  const verify = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (proof === null || policy === null) return;
    const moment = at.trim() === '' ? Date.now() : Date.parse(at);
    if (Number.isNaN(moment)) return setVerdict({ judged: null, failure: 'The moment is not a time. Write it as in 2026-03-24T00:05:00Z, or leave it empty for now.' });
    const reply = await askProver({ kind: 'verify', proof, policy, now: Math.floor(moment / 1000) });
    if (reply.kind === 'verified') setVerdict({ judged: reply.judged, failure: null });
    if (reply.kind === 'failed') setVerdict({ judged: null, failure: reply.message });
  };
  return (
    <Panel id="verify" title="Verify a proof" lead="Every rule that the contract applies is applied here, in this browser, and shown with what was found.">
      <form class="form form-tall" onSubmit={(event) => void verify(event)}>
        <FileField label="Proof (proof.json)" onText={(text) => void open(text)} />
        <label for="verify-at">
          Judged at
          <input id="verify-at" type="text" placeholder="now" value={at} onInput={(event) => setAt(event.currentTarget.value)} />
        </label>
        {policy === null ? null : (
          <label class="wide" for="verify-policy">
            <span>
              What you accept. Every line stands here as the proof has it: <strong>put your own in their place</strong>, above all the attestors.
            </span>
            <textarea id="verify-policy" rows={16} spellcheck={false} value={policy} onInput={(event) => setPolicy(event.currentTarget.value)} />
          </label>
        )}
        <button type="submit" class="button button-first" disabled={policy === null}>
          Verify
        </button>
      </form>
      <div aria-live="polite">
        {failure === null ? null : <p class="notice notice-inline">{pageWords(failure)}</p>}
        {judged === null ? null : <ChecksList judged={judged} />}
      </div>
    </Panel>
  );
}
