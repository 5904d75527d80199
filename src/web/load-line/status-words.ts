import type { Status } from '../../engine/report.ts';

/** The status as one word for a reader. */
export const STATUS_WORD: Readonly<Record<Status, string>> = {
  safe: 'Safe',
  warning: 'Warning',
  critical: 'Critical',
  liquidatable: 'Liquidatable',
  insolvent: 'Insolvent',
  incomplete: 'Incomplete',
};
