import type { VNode } from 'preact';
import { useId, useState } from 'preact/hooks';
import { keepApiKey, readApiKey } from '../data/api-key.ts';

/** Where an API key is typed. It stays in this tab. */
export function KeyField({ onKey }: { readonly onKey: () => void }): VNode {
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const id = useId();
  const submit = (event: Event): void => {
    event.preventDefault();
    const found = keepApiKey(text);
    setFault(found);
    if (found === null) onKey();
  };
  return (
    <form class="form key-field" onSubmit={submit} noValidate>
      <label for={id}>
        {readApiKey() === null ? 'API key' : 'Another API key'}
        <input
          id={id}
          class="address"
          type="password"
          autoComplete="off"
          spellcheck={false}
          placeholder="plk_…"
          value={text}
          aria-invalid={fault !== null}
          aria-describedby={`${id}-more`}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button button-first">
        Use it
      </button>
      <p id={`${id}-more`} class={fault === null ? 'soft wide' : 'fault wide'} role={fault === null ? undefined : 'alert'}>
        {fault ?? 'Kept until this tab is closed, and sent to this service alone. Whoever runs the service makes one with “plimsoll serve keys create”.'}
      </p>
    </form>
  );
}
