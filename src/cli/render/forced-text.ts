import { Decimal } from '../../core/decimal.ts';
import type { ForcedAccount } from '../../path/forced/forced.ts';
import type { LiquidatorView } from '../../path/liquidator/liquidator.ts';
import type { ForcedAnswer } from '../../service/plan/forward.ts';
import { percent, plain, ratio, usd } from './format.ts';

const MAX_ROWS = 12;

/** What the protocols' own rules would do, as lines. */
export function renderForced({ view, at, move }: ForcedAnswer): string[] {
  const when =
    at === 'now'
      ? 'If nothing is done, at these prices'
      : at === 'shock'
        ? 'At the shocked prices'
        : `If nothing is done: once prices have moved ${move === null ? '' : percent(move, 2).replace('+', '')} against the first account`;
  const gone = view.accounts.filter((account) => account.status === 'liquidatable');
  if (gone.length === 0) return ['', `${when} no account is liquidated.`];
  return ['', `${when}`, ...gone.flatMap(renderAccount), `  together: ${range(view)}`];
}

function renderAccount(account: ForcedAccount): string[] {
  if (account.status !== 'liquidatable') return [];
  const toxic = account.pairs.some((pair) => pair.toxicity?.lowersHealth === true);
  return [
    `  ${plain(account.label)} is liquidated (${account.kind === 'whole' ? 'all at once' : `${account.rational.liquidations.length} ${account.rational.liquidations.length === 1 ? 'call' : 'calls'}`}): ${range(account)}`,
    ...(toxic ? ['    toxic: a liquidation lowers the health of this account further'] : []),
  ];
}

function range({ best, rational, worst }: Record<'best' | 'rational' | 'worst', { readonly costUsd: Decimal; readonly badDebtUsd: Decimal }>): string {
  const bad = worst.badDebtUsd.gt(0) ? `, bad debt up to ${usd(worst.badDebtUsd)}` : '';
  return best.costUsd.eq(worst.costUsd)
    ? `costs ${usd(worst.costUsd)}${bad}`
    : `costs ${usd(best.costUsd)} at best, ${usd(rational.costUsd)} by a profit-maximiser, ${usd(worst.costUsd)} at worst${bad}`;
}

/** What a liquidator could earn, as lines. */
export function renderLiquidator(view: LiquidatorView): string[] {
  const { sequence, closed, opportunities } = view;
  const lines = sequence
    .slice(0, MAX_ROWS)
    .map(
      ({ label, kind, profitUsd, breakEvenGasUsd, calls }, at) =>
        `  ${at + 1}. ${plain(label)}: ${kind === 'two-step' ? 'two calls' : kind === 'absorb-and-buy' ? 'absorb, then buy' : 'one call'}, profit ${usd(new Decimal(profitUsd))} (break-even gas ${usd(new Decimal(breakEvenGasUsd))}); health after ${ratio(calls.at(-1)?.healthAfter.exposure ?? null)}`,
    );
  return [
    '',
    sequence.length === 0
      ? `No opportunity: ${opportunities.length === 0 ? 'no account is liquidatable at these prices' : 'nothing earns its gas'}.`
      : `A liquidator earns ${usd(new Decimal(view.profitUsd))} with ${sequence.length} ${sequence.length === 1 ? 'liquidation' : 'liquidations'}`,
    ...lines,
    ...(sequence.length > MAX_ROWS ? [`  and ${sequence.length - MAX_ROWS} more (--json lists all)`] : []),
    ...closed.map(({ label, reason }) => `  – ${plain(label)}: ${plain(reason)}`),
    ...(sequence.length === 0 ? [] : [`  ${view.method}`]),
  ];
}
