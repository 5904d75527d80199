import type { SyncEvent, SyncResult } from '../../service/sync/sync-options.ts';

const BAR_WIDTH = 20;

/** A line of progress. */
export function syncLine(event: SyncEvent): string {
  const line = (text: string): string => `${event.deployment.padEnd(22)} ${text}`;
  switch (event.kind) {
    case 'started':
      return line(`${event.resumed ? 'going on with' : 'reading'} ${event.mode === 'full' ? 'everything' : 'what changed'} at block ${event.block}`);
    case 'page':
      return line(`${bar(event.read, event.known)}${event.read.toLocaleString('en-US')} rows, now ${event.rows}`);
    case 'rolled-back':
      return line(event.to === null ? 'no block of the mirror is on the chain any more' : `a block vanished: back to ${event.to}`);
    case 'again':
      return line(`beginning anew: ${event.reason}`);
    case 'accounts':
      return line(`${event.made.toLocaleString('en-US')} owners' accounts made`);
    case 'near':
      return line(nearLine(event.refreshed, event.near));
    case 'gap':
      return line(`${event.gap.code}: ${event.gap.message}`);
  }
}

function nearLine(refreshed: number, near: number): string {
  const whom = near === refreshed ? '' : `, the nearest of ${near.toLocaleString('en-US')}; the others wait`;
  return `${refreshed.toLocaleString('en-US')} owners near their threshold valued by the chain${whom}`;
}

/** A bar where it is known how much there is to read; nothing else. */
function bar(read: number, known: number): string {
  if (known < read || known === 0) return '';
  const filled = Math.round((read / known) * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} `;
}

/** A round as a few lines. */
export function renderSync(results: readonly SyncResult[]): string {
  const lines = results.map((result) => {
    const at = result.block === null ? '' : ` at block ${result.block.number}`;
    const read = `${result.rowsRead.toLocaleString('en-US')} rows read in ${result.requests} requests, ${result.rowsChanged.toLocaleString('en-US')} changed`;
    const accounts = `${result.accountsChanged.toLocaleString('en-US')} accounts changed, ${result.valued.toLocaleString('en-US')} owners valued by the chain`;
    return [`${result.deployment.padEnd(22)} ${result.status}${at}: ${read}; ${accounts}`, ...result.gaps.map((gap) => `${''.padEnd(22)} ${gap.code}: ${gap.message}`)].join('\n');
  });
  return `${lines.join('\n')}\n`;
}
