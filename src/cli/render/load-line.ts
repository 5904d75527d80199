import { styleText } from 'node:util';
import type { Decimal } from '../../core/decimal.ts';
import type { Report, Status } from '../../engine/report.ts';

const WIDTH = 60;
/** The gauge runs from 0.5 to 2.0: below lies what is long lost, above what needs no look. */
const FROM = 0.5;
const TO = 2;

const COLOURS = {
  safe: 'green',
  warning: 'yellow',
  critical: 'red',
  liquidatable: 'red',
  insolvent: 'red',
  incomplete: 'magenta',
} as const satisfies Readonly<Record<Status, string>>;

/** Colours a text as its status; a stream that is no terminal, or NO_COLOR, stays plain. */
export function paint(status: Status, text: string): string {
  return styleText([COLOURS[status], 'bold'], text, { stream: process.stdout });
}

/**
 * Draws the load line: how deep the wallet lies. ▼ is the weakest account, ▽ the unified health factor, ┃ the line at 1 below which a protocol
 * liquidates.
 */
export function drawLoadLine(report: Report): string[] {
  const { weakest, health } = report.wallet;
  const weakestAt = weakest === null || weakest.health === null ? null : cellOf(weakest.health);
  const unifiedAt = health === null ? null : cellOf(health);
  const one = cellOfNumber(1);
  const marks = Array.from({ length: WIDTH }, () => ' ');
  if (unifiedAt !== null) marks[unifiedAt] = '▽';
  if (weakestAt !== null) marks[weakestAt] = '▼';
  const scale = Array.from({ length: WIDTH }, (_, at) => (at === one ? '┃' : at < one ? '░' : '─'));
  const numbers = Array.from({ length: WIDTH }, () => ' ');
  write(numbers, 0, '0.5');
  write(numbers, one - 1, '1.0');
  write(numbers, cellOfNumber(1.5) - 1, '1.5');
  write(numbers, WIDTH - 4, '2.0+');
  return [`  ${paint(report.status, marks.join(''))}`, `  ${scale.join('')}`, `  ${numbers.join('')}`, '  ▼ weakest account   ▽ unified   ┃ liquidation'];
}

function cellOf(health: Decimal): number {
  return cellOfNumber(health.gt(TO) ? TO : health.toNumber());
}

function cellOfNumber(value: number): number {
  const share = (Math.min(Math.max(value, FROM), TO) - FROM) / (TO - FROM);
  return Math.min(WIDTH - 1, Math.floor(share * WIDTH));
}

function write(cells: string[], at: number, text: string): void {
  [...text].forEach((character, offset) => {
    cells[at + offset] = character;
  });
}
