import type { VNode } from 'preact';
import { useState } from 'preact/hooks';

/** Copies a text; says so. */
export function CopyButton({ text, what, label }: { readonly text: string; readonly what: string; readonly label?: string }): VNode {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
    } catch {
      setState('refused');
    }
    setTimeout(() => setState('idle'), 2_000);
  };
  const words = state === 'copied' ? 'Copied' : state === 'refused' ? 'Not allowed' : (label ?? 'Copy');
  return (
    <button type="button" class="copy" onClick={() => void copy()} aria-label={`${words} ${what}`}>
      <span aria-live="polite">{words}</span>
    </button>
  );
}
