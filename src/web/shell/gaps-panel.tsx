import type { VNode } from 'preact';
import { count, plain } from '../data/format.ts';
import { StatusShape } from './status-badge.tsx';

/** A gap as the page tells it. */
export interface ToldGap {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** How many reasons are shown before the rest is folded away. */
const SHOWN = 4;

/** What could not be seen, on top of everything else. Nothing where there is no gap. */
export function GapsPanel({ gaps, meaning }: { readonly gaps: readonly ToldGap[]; readonly meaning: string }): VNode | null {
  if (gaps.length === 0) return null;
  const unique = [...Map.groupBy(gaps, ({ code, message }) => `${code} ${message}`).values()].flatMap((same) => (same[0] === undefined ? [] : [{ gap: same[0], times: same.length }]));
  return (
    <section class="notice notice-incomplete" aria-labelledby="gaps">
      <h2 id="gaps">
        <StatusShape status="incomplete" /> What could not be seen
      </h2>
      <p>
        {count(gaps.length, 'gap')}: {meaning}
      </p>
      <GapList list={unique.slice(0, SHOWN)} />
      {unique.length <= SHOWN ? null : (
        <details>
          <summary>{count(unique.length - SHOWN, 'more reason')}</summary>
          <GapList list={unique.slice(SHOWN)} />
        </details>
      )}
    </section>
  );
}

function GapList({ list }: { readonly list: readonly { readonly gap: ToldGap; readonly times: number }[] }): VNode {
  return (
    <ul class="gap-list">
      {list.map(({ gap, times }) => (
        <li key={`${gap.code} ${gap.message}`}>
          {plain(gap.message)} {times > 1 ? <span class="soft">({times} times)</span> : null} <code class="soft">{gap.code}</code>
          {gap.retryable ? <span class="soft"> Reading again may help.</span> : null}
        </li>
      ))}
    </ul>
  );
}
