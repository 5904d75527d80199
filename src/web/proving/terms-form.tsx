import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import type { ProofTerms } from './messages.ts';

/** A market that a proof may be about. */
export interface ScopeChoice {
  readonly value: string;
  readonly label: string;
}

/** What a proof is to say, for whom. */
export function TermsFields({ terms, scopes, onChange }: { readonly terms: ProofTerms; readonly scopes: readonly ScopeChoice[]; readonly onChange: (terms: ProofTerms) => void }): VNode {
  const id = useId();
  const set = (part: Partial<ProofTerms>): void => onChange({ ...terms, ...part });
  const isBreach = terms.statement === 'breach';
  return (
    <>
      <label for={`${id}-statement`}>
        Prove that it is
        <select id={`${id}-statement`} value={terms.statement} onChange={(event) => set({ statement: event.currentTarget.value === 'solvent' ? 'solvent' : 'breach' })}>
          <option value="solvent">solvent: at or above</option>
          <option value="breach">in breach: below</option>
        </select>
      </label>
      <label class="half" for={`${id}-threshold`}>
        health
        <input id={`${id}-threshold`} type="text" inputMode="decimal" required value={terms.threshold} onInput={(event) => set({ threshold: event.currentTarget.value })} />
      </label>
      {isBreach ? (
        <label class="half" for={`${id}-deficit`}>
          by at least USD
          <input id={`${id}-deficit`} type="text" inputMode="decimal" placeholder="any" value={terms.minDeficit} onInput={(event) => set({ minDeficit: event.currentTarget.value })} />
        </label>
      ) : null}
      <label for={`${id}-scope`}>
        about
        <select id={`${id}-scope`} value={terms.scope} onChange={(event) => set({ scope: event.currentTarget.value })}>
          <option value="unified">all accounts together</option>
          <option value="hidden">one account, not said which</option>
          {scopes.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <details class="form-more">
        <summary>For whom it counts</summary>
        <div class="form">
          <label for={`${id}-chain`}>
            Chain id
            <input id={`${id}-chain`} type="text" inputMode="numeric" value={terms.chainId} onInput={(event) => set({ chainId: event.currentTarget.value })} />
          </label>
          <label for={`${id}-consumer`}>
            Contract that consumes it
            <input id={`${id}-consumer`} class="address" type="text" spellcheck={false} value={terms.consumer} onInput={(event) => set({ consumer: event.currentTarget.value })} />
          </label>
          <label for={`${id}-recipient`}>
            Recipient
            <input id={`${id}-recipient`} class="address" type="text" spellcheck={false} value={terms.recipient} onInput={(event) => set({ recipient: event.currentTarget.value })} />
          </label>
          <label for={`${id}-minutes`}>
            Counts for minutes
            <input id={`${id}-minutes`} type="text" inputMode="numeric" value={terms.minutes} onInput={(event) => set({ minutes: event.currentTarget.value })} />
          </label>
        </div>
      </details>
    </>
  );
}

/** Terms to begin with: a local chain, where development keys count. */
export function firstTerms(statement: ProofTerms['statement']): ProofTerms {
  return {
    statement,
    threshold: '1.0',
    minDeficit: '',
    scope: 'unified',
    chainId: '31337',
    consumer: `0x${'0'.repeat(36)}c0de`,
    recipient: `0x${'0'.repeat(36)}beef`,
    minutes: '30',
  };
}
