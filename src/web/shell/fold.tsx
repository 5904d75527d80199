import type { ComponentChildren } from 'preact';
import { useMedia } from './use-media.ts';

/** Tells whether the screen is a phone's; the style sheets change at the same width. */
export function useNarrow(): boolean {
  return useMedia('(max-width: 640px)');
}

/** What a phone folds away under a few words, and a wide screen shows as it is. */
export function Fold({ summary, isOpen, children }: { readonly summary: string; readonly isOpen?: boolean; readonly children: ComponentChildren }): ComponentChildren {
  return useNarrow() ? (
    <details class="fold" open={isOpen}>
      <summary>{summary}</summary>
      {children}
    </details>
  ) : (
    children
  );
}
