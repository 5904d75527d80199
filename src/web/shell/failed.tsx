import type { ComponentChildren, VNode } from 'preact';
import { asksForKey } from '../data/api-key.ts';
import { failureWords } from '../data/page-words.ts';
import type { Failure } from '../data/request.ts';
import { Later } from './later.tsx';

const loadKeyField = () => import('./key-field.tsx').then(({ KeyField }) => KeyField);

interface FailedProps {
  readonly failure: Failure;
  readonly onAgain: () => void;
  /** Above what the service says. */
  readonly title?: string;
  /** Below it. */
  readonly children?: ComponentChildren;
}

/** Why something is not there, and what can be done: for want of a key, the field for one. */
export function Failed({ failure, onAgain, title, children }: FailedProps): VNode {
  const isLocked = asksForKey(failure.code);
  return (
    <section class="notice notice-failed" role={isLocked ? undefined : 'alert'}>
      {title === undefined ? null : <h1>{title}</h1>}
      <p role={isLocked ? 'status' : undefined}>
        {failureWords(failure)} <code class="soft">{failure.code}</code>
      </p>
      {isLocked ? <Later load={loadKeyField} props={{ onKey: onAgain }} what="the field for a key" /> : null}
      {children}
      {isLocked ? null : (
        <p class="row">
          <button type="button" class="button button-first" onClick={onAgain}>
            Try again
          </button>
        </p>
      )}
    </section>
  );
}
