import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { pageWords } from '../data/page-words.ts';
import { ChecksList } from './checks-list.tsx';
import type { ProofStage, ProofSubject, ProofTerms, WorkerReply } from './messages.ts';
import { askProver, cancelProver } from './prover-client.ts';

type Proved = Extract<WorkerReply, { kind: 'proved' }>;

/** How a run stands. */
export type RunState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly stage: ProofStage; readonly share: number }
  | { readonly phase: 'failed'; readonly code: string; readonly message: string }
  | { readonly phase: 'done'; readonly proved: Proved };

/** Of the whole bar, where a stage begins and how long it is. */
const PLACES: Readonly<Record<ProofStage, readonly [from: number, length: number]>> = {
  attest: [0, 0.05],
  keys: [0.05, 0.25],
  check: [0.3, 0.05],
  witness: [0.35, 0.05],
  prove: [0.35, 0.6],
  verify: [0.95, 0.05],
};
const STAGE_WORDS: Readonly<Record<ProofStage, string>> = {
  attest: 'Reading what is vouched for',
  keys: 'Fetching the proving keys',
  check: 'Checking the proving keys',
  witness: 'Computing the witness',
  prove: 'Proving',
  verify: 'Judging the proof by every rule',
};

/** Runs proofs in the page's worker. */
export function useProving(): { readonly state: RunState; readonly start: (subject: ProofSubject, terms: ProofTerms) => void } {
  const [state, setState] = useState<RunState>({ phase: 'idle' });
  useEffect(() => () => cancelProver(), []);
  const start = (subject: ProofSubject, terms: ProofTerms): void => {
    setState({ phase: 'running', stage: 'attest', share: 0 });
    const request = { kind: 'prove', subject, terms, now: Math.floor(Date.now() / 1000) } as const;
    void askProver(request, ({ stage, share }) => setState({ phase: 'running', stage, share })).then((reply) => {
      if (reply.kind === 'proved') setState({ phase: 'done', proved: reply });
      if (reply.kind === 'failed') setState({ phase: 'failed', code: reply.code, message: reply.message });
    });
  };
  return { state, start };
}

/** Progress, then the proof with its verdict and its file. */
export function ProvingRun({ state }: { readonly state: RunState }): VNode | null {
  if (state.phase === 'idle') return null;
  if (state.phase === 'failed') {
    return (
      <p class="notice notice-inline" role="alert">
        {pageWords(state.message)} <code class="soft">{state.code}</code>
      </p>
    );
  }
  if (state.phase === 'running') return <Running stage={state.stage} share={state.share} />;
  return <Done proved={state.proved} />;
}

function Running({ stage, share }: { readonly stage: ProofStage; readonly share: number }): VNode {
  const [from, length] = PLACES[stage];
  const all = Math.round((from + length * share) * 100);
  return (
    <div class="running">
      <label>
        <span role="status">{STAGE_WORDS[stage]}</span> <progress max="100" value={all} aria-label={STAGE_WORDS[stage]} />
      </label>
      <button type="button" class="button" onClick={cancelProver}>
        Cancel
      </button>
    </div>
  );
}

function Done({ proved }: { readonly proved: Proved }): VNode {
  const { proof, judged, milliseconds } = proved;
  return (
    <div class="proved">
      <p class="row">
        <strong role="status">Proved in {((milliseconds['all'] ?? 0) / 1000).toFixed(1)} s, in this browser.</strong>
        <button type="button" class="button" onClick={() => download('proof.json', proof)}>
          Download proof
        </button>
      </p>
      <p class="soft">
        The document has {proof.length.toLocaleString('en-US')} characters; none of them tells the wallet, what it holds, owes, or where. Keys {seconds(milliseconds['keys'])}, witness and proof{' '}
        {seconds(milliseconds['prove'])}, verification {seconds(milliseconds['verify'])}.
      </p>
      <ChecksList judged={judged} />
    </div>
  );
}

/** Saves a text as a file of this machine. */
export function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function seconds(milliseconds = 0): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
