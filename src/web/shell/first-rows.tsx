import type { VNode } from 'preact';
import { useState } from 'preact/hooks';

/** The first rows of a long list, and the button that shows them all; null where there is no need of one. */
export function useFirstRows<Row>(rows: readonly Row[], most: number): [readonly Row[], VNode | null] {
  const [isWhole, setWhole] = useState(false);
  if (rows.length <= most) return [rows, null];
  return [
    isWhole ? rows : rows.slice(0, most),
    <button type="button" class="button" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
      {isWhole ? `Show the nearest ${most}` : `Show all ${rows.length}`}
    </button>,
  ];
}
