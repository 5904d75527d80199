import type { VNode } from 'preact';
import type { Status } from '../../engine/report.ts';
import { STATUS_WORD } from '../load-line/status-words.ts';

/** A shape for each status, so that no colour has to be told from another. */
const SHAPES: Readonly<Record<Status, string>> = {
  safe: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm-1 9.6 4.4-4.5-1-1L7 8.5 5.5 7l-1 1L7 10.6Z',
  warning: 'M8 1.2 15.4 14.4H.6L8 1.2ZM7.2 6v4.2h1.6V6H7.2Zm0 5.3v1.6h1.6v-1.6H7.2Z',
  critical: 'M8 .6 15.4 8 8 15.4.6 8 8 .6ZM7.2 4.4v4.6h1.6V4.4H7.2Zm0 5.7v1.6h1.6v-1.6H7.2Z',
  liquidatable: 'M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1L5.1 1Zm-.6 6.2v1.6h7V7.2h-7Z',
  insolvent: 'M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1L5.1 1Zm.2 5.4L6.9 8l-1.6 1.6 1.1 1.1L8 9.1l1.6 1.6 1.1-1.1L9.1 8l1.6-1.6-1.1-1.1L8 6.9 6.4 5.3 5.3 6.4Z',
  incomplete:
    'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm-.8 9.9v1.6h1.6v-1.6H7.2ZM8 3.5c-1.6 0-2.7 1-2.7 2.5h1.6c0-.7.4-1.1 1.1-1.1.6 0 1.1.4 1.1 1 0 .6-.3.9-.9 1.3-.7.5-1 1-1 2v.5h1.6v-.4c0-.6.2-.8.8-1.2.7-.5 1.1-1.2 1.1-2.1 0-1.5-1.1-2.5-2.7-2.5Z',
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
