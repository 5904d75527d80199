import Table from 'cli-table3';
import { Decimal } from '../../core/decimal.ts';
import { toChecksum } from '../../core/ids.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { OwnerOpportunity, RankedLiquidation } from '../../path/opportunities/owner-opportunities.ts';
import type { ScanChanges } from '../../service/scan/changes.ts';
import type { DrillAnswer } from '../../service/scan/drill.ts';
import type { ScanAnswer } from '../../service/scan/scan-book.ts';
import { instant, percent, plain, ratio, short, usd } from './format.ts';

const CHARS = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
const STYLE = { head: [], border: [], compact: true };
const OUTCOMES = [
  ['differs', 'went through with other amounts'],
  ['failed', 'were refused by the chain'],
  ['not-possible', 'could not be tried'],
] as const;
/** Rows of gaps and reasons that are printed; the rest is counted. */
const MAX_ROWS = 8;

/** A scan as a page of text. */
export function renderScan(answer: ScanAnswer): string {
  const lines = [
    ...renderHead(answer),
    ...renderOpportunities(answer),
    ...renderLeft(answer),
    ...renderWatched(answer),
    ...renderEffect(answer),
    ...renderAssumptions(answer),
    ...renderGaps(answer.gaps),
  ];
  return `${lines.join('\n')}\n`;
}

/** What changed since the last look, as lines. */
export function renderChanges({ opened, moved, closed, liquidatable, unseen }: ScanChanges, { book }: ScanAnswer): string {
  const [newest] = book.asOf;
  const count = (what: string, { added, removed }: ScanChanges['liquidatable']): string[] => (added.length + removed.length === 0 ? [] : [`  ${what}: ${added.length} more, ${removed.length} fewer`]);
  return [
    `${newest === undefined ? instant(book.now) : `${instant(newest.timestamp)}, block ${newest.number}`}`,
    ...opened.map((entry) => `  + ${toChecksum(entry.owner)}  ${money(entry.profitUsd)}  ${plain(entry.liquidations[0]?.opportunity.label ?? '')}`),
    ...moved.map(({ now, wasUsd }) => `  ~ ${toChecksum(now.owner)}  ${money(wasUsd)} → ${money(now.profitUsd)}`),
    ...closed.map((entry) => `  − ${toChecksum(entry.owner)}  was ${money(entry.profitUsd)}`),
    ...count('liquidatable accounts', liquidatable),
    ...count('accounts that cannot be seen', unseen),
    '',
  ].join('\n');
}

/** A drill as a page of text: what cannot be liquidated, and why. */
export function renderDrill({ results, untried, assumptions, gaps }: DrillAnswer): string {
  const counts = Map.groupBy(results, ({ outcome }) => outcome);
  const lines = [
    `Drill: ${counts.get('as-planned')?.length ?? 0} of ${results.length} accounts were liquidated as planned, to the integer${untried === 0 ? '' : `; ${untried} were not tried (--limit)`}`,
    ...OUTCOMES.flatMap(([outcome, words]) => {
      const list = counts.get(outcome) ?? [];
      return list.length === 0 ? [] : [`${list.length} ${words}`, ...list.map(({ owner, label, reason }) => `  ${short(owner)}  ${plain(label)}: ${plain(reason ?? '')}`)];
    }),
    '',
    'What a drill takes for granted',
    ...assumptions.map((assumption) => `  ${assumption}`),
    ...renderGaps(gaps),
  ];
  return `${lines.join('\n')}\n`;
}

function renderHead({ book, screened, gaps, liquidatableDebtUsd }: ScanAnswer): string[] {
  const { accounts, indebted, liquidatable } = screened;
  const source = book.recorded === null ? instant(book.now) : `recorded: ${plain(book.recorded)}`;
  const unseen = unseenOf(gaps);
  return [
    `Book ${plain(book.name)}`,
    source,
    '',
    `${accounts} ${accounts === 1 ? 'account' : 'accounts'}, ${indebted} with debt that could be judged, ${liquidatable.length} liquidatable with debts of ${usd(new Decimal(liquidatableDebtUsd))}${unseen === 0 ? '' : `, ${unseen} NOT JUDGED`}`,
  ];
}

function renderOpportunities({ owners, ownersFound, request, calldata, sequences }: ScanAnswer): string[] {
  if (owners.length === 0) return ['', `No opportunity of ${money(request.minProfitUsd)} or more.`];
  const table = new Table({ head: ['#', 'owner', 'where', 'profit', 'break-even gas', 'pays', 'gets', 'confidence'], chars: CHARS, style: STYLE });
  for (const [at, owner] of owners.entries()) {
    for (const [index, entry] of owner.liquidations.entries()) table.push(rowOf(owner, entry, { rank: at + 1, isFirst: index === 0 }));
  }
  const encoded = owners.flatMap(({ liquidations }) => liquidations.map((entry) => calldata.get(entry)));
  const refusals = [...new Set(encoded.flatMap((entry) => (entry?.kind === 'none' ? [entry.reason] : [])))];
  return [
    '',
    `Opportunities of ${money(request.minProfitUsd)} or more, by owner: ${ownersFound}${ownersFound > owners.length ? `, the first ${owners.length}` : ''}`,
    table.toString(),
    ...reasonsOf(owners).map((reason) => `  confidence: ${plain(reason)}`),
    `  calldata for ${encoded.filter((entry) => entry?.kind === 'complete').length} of ${encoded.length}${encoded.some((entry) => entry?.kind === 'complete') ? ' (--json)' : ''}`,
    ...refusals.slice(0, MAX_ROWS).map((reason) => `    none: ${plain(reason)}`),
    ...(sequences[0] === undefined ? [] : [`  ${sequences[0].method}`]),
  ];
}

function rowOf(owner: OwnerOpportunity, { opportunity, confidence }: RankedLiquidation, { rank, isFirst }: { readonly rank: number; readonly isFirst: boolean }): string[] {
  const { label, kind, profitUsd, breakEvenGasUsd, calls } = opportunity;
  const how = kind === 'two-step' ? ', two calls' : kind === 'absorb-and-buy' ? ', absorb and buy' : '';
  const sumOf = (side: 'paid' | 'received'): string => {
    const amounts = calls.flatMap((call) => call[side]);
    const [first] = amounts;
    const value = amounts.reduce((total, { usd: worth }) => total.plus(worth), new Decimal(0));
    return first === undefined ? '' : `${plain(first.symbol)} ${usd(value)}`;
  };
  return [isFirst ? String(rank) : '', isFirst ? short(owner.owner) : '', `${plain(label)}${how}`, money(profitUsd), money(breakEvenGasUsd), sumOf('paid'), sumOf('received'), confidence.level];
}

function reasonsOf(owners: readonly OwnerOpportunity[]): string[] {
  const counts = new Map<string, number>();
  const all = owners.flatMap(({ liquidations }) => liquidations);
  for (const reason of all.flatMap(({ confidence }) => confidence.reasons)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MAX_ROWS)
    .map(([reason, count]) => `${count === all.length ? 'all' : count}: ${reason}`);
}

function renderLeft({ sequences }: ScanAnswer): string[] {
  const counts = new Map<string, number>();
  for (const { reason } of sequences.flatMap(({ left }) => left)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a).flatMap(([reason, count], at) => [...(at === 0 ? ['', 'Liquidatable accounts that offer nothing'] : []), `  ${count}  ${plain(reason)}`]);
}

function renderWatched({ watched }: ScanAnswer): string[] {
  if (watched.length === 0) return [];
  const table = new Table({ head: ['owner', 'where', 'adverse move', 'health A/L', 'debt'], chars: CHARS, style: STYLE });
  for (const { account, move, health, debtUsd } of watched.slice(0, MAX_ROWS)) {
    table.push([short(account.entry.owner), plain(account.marketEntry.label), move === null ? 'no move' : percent(move, 2).replace('+', ''), ratio(health), usd(debtUsd)]);
  }
  return ['', 'Nearest to liquidation', table.toString(), ...(watched.length > MAX_ROWS ? [`  and ${watched.length - MAX_ROWS} more (--json lists all)`] : [])];
}

function renderEffect({ effect, request }: ScanAnswer): string[] {
  if (effect === null) return [];
  const { added, removed, total } = effect;
  return [
    '',
    `At ${plain(request.move ?? '')}: ${added.count} more liquidatable with debts of ${usd(added.debtUsd)}, which offer ${money(added.profitUsd)}${removed === 0 ? '' : `; ${removed} no more`}`,
    `  then in all ${total.count} with debts of ${usd(total.debtUsd)}, ${money(total.profitUsd)}`,
  ];
}

function renderAssumptions({ means }: ScanAnswer): string[] {
  if (means.length === 0) return [];
  return [
    '',
    ...means.map(
      ({ chain, flashLender, flashFeeBps, isGasAssumed, gasUsd }) =>
        `${chain}: debt ${flashLender === null ? 'from own funds' : `by a flash loan of ${plain(flashLender)}, fee ${flashFeeBps} bps`}; gas ${money(gasUsd(chain))} a liquidation with its sale${isGasAssumed ? ', assumed' : ''}`,
    ),
  ];
}

function renderGaps(gaps: readonly Gap[]): string[] {
  if (gaps.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { message } of gaps) counts.set(message, (counts.get(message) ?? 0) + 1);
  const rows = [...counts].toSorted(([, a], [, b]) => b - a);
  return [
    '',
    'NOT SEEN: nothing is said about the safety of these',
    ...rows.slice(0, MAX_ROWS).map(([message, count]) => `  ${count} × ${plain(message)}`),
    ...(rows.length > MAX_ROWS ? [`  and ${rows.length - MAX_ROWS} other reasons (--json lists all)`] : []),
  ];
}

function unseenOf(gaps: readonly Gap[]): number {
  return new Set(gaps.flatMap(({ account }) => account ?? [])).size;
}

function money(value: number): string {
  return usd(new Decimal(value));
}
