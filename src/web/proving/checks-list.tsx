import type { VNode } from 'preact';
import { plain } from '../data/format.ts';
import type { Judged } from './messages.ts';
import { verdictText } from './prover-client.ts';

/** Every rule of the policy with its finding. */
export function ChecksList({ judged }: { readonly judged: Judged }): VNode {
  return (
    <section class={`verdict ${judged.accepted ? 'verdict-good' : 'verdict-bad'} ${judged.isDevelopment ? 'verdict-dev' : ''}`} aria-labelledby="verdict-title">
      <h4 id="verdict-title">{verdictText(judged)}</h4>
      <p>
        It says: <strong>{plain(judged.claim)}</strong>; {plain(judged.scope)}.
      </p>
      {judged.isDevelopment ? <p class="dev-note">Development keys or attestation: it proves nothing to anybody outside this machine.</p> : null}
      <ul class="checks">
        {judged.checks.map(({ rule, holds, finding }) => (
          <li key={rule} class={holds ? 'check-holds' : 'check-fails'}>
            <span class="check-mark" aria-hidden="true">
              {holds ? '✓' : '✕'}
            </span>
            <span class="unseen">{holds ? 'holds: ' : 'fails: '}</span>
            <strong>{rule}</strong> <span>{plain(finding)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
