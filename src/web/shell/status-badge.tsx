import type { VNode } from 'preact';
import type { Status } from '../../engine/report.ts';
import { STATUS_WORD } from '../load-line/status-words.ts';

/** A shape for each status, so that no colour has to be told from another. */
const SHAPES: Readonly<Record<Status, string>> = {
  safe: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm-1 9.6 4.4-4.5-1-1L7 8.5 5.5 7l-1 1L7 10.6Z',
  warning: 'M8 1.2 15.4 14.4H.6L8 1.2ZM7.2 6v4.2h1.6V6H7.2Zm0 5.3v1.6h1.6v-1.6H7.2Z',
  critical: 'M8 .6 15.4 8 8 15.4.6 8 8 .6ZM7.2 4.4v4.6h1.6V4.4H7.2Zm0 5.7v1.6h1.6v-1.6H7.2Z',
  liquidatable: 'M5.1 1h5.8L15 5.1v5.8L10.900 15H5.1L1 10.900V5.1L5.1 1Zm-.6 6.200v1.600h7V7.200h-7Z',
  insolvent:
    'M5.100 1h5.800L15 5.100v5.800L10.900 15H5.100L1 10.900V5.100L5.100 1Zm.2 5.400L6.900 8l-1.600 1.600 1.100 1.100L8 9.100l1.600 1.600 1.100-1.100L9.100 8l1.600-1.600-1.100-1.100L8 6.900 6.400 5.300 5.300 6.400Z',
  incomplete:
    'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm-.8 9.900v1.600h1.600v-1.600H7.200ZM8 3.500c-1.600 0-2.700 1-2.700 2.500h1.600c0-.7.4-1.100 1.100-1.100.6 0 1.100.4 1.100 1 0 .6-.3.9-.9 1.300-.7.500-1 1-1 2v.5h1.600v-.4c0-.6.2-.8.8-1.200.7-.500 1.100-1.200 1.100-2.100 0-1.500-1.100-2.500-2.700-2.500Z',
};

/** A status as word and shape. */
export function StatusBadge({ status, word = STATUS_WORD[status], large }: { readonly status: Status; readonly word?: string; readonly large?: true }): VNode {
  return (
    <span class={`badge status-${status} ${large ? 'badge-large' : ''}`}>
      <StatusShape status={status} />
      {word}
    </span>
  );
}

/** The shape alone; beside it must stand a word. */
export function StatusShape({ status }: { readonly status: Status }): VNode {
  return (
    <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path fill="currentColor" fill-rule="evenodd" d={SHAPES[status]} />
    </svg>
  );
}
