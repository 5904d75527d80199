import { type Decimal, fromFixed, toText } from '../../core/decimal.ts';
import type { Json } from '../../core/json.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { ValuedAmount } from '../../path/forced/liquidation-state.ts';
import type { LiquidatorCall } from '../../path/liquidator/liquidator-opportunity.ts';
import type { OwnerOpportunity, RankedLiquidation } from '../../path/opportunities/owner-opportunities.ts';
import type { PriceEffect } from '../../path/opportunities/price-effect.ts';
import type { WatchedAccount } from '../../path/opportunities/watch-list.ts';
import type { LiquidationCalldata } from './calldata.ts';
import type { ScanChanges } from './changes.ts';
import type { DrillAnswer } from './drill.ts';
import type { ScanAnswer } from './scan-book.ts';

const USD_PLACES = 6;
const RATIO_PLACES = 18;

/** A scan as one JSON document: amounts `{ raw, decimals, amount, usd }` and USD as decimal strings, health as a string or null. */
export function scanToJson(answer: ScanAnswer): Json {
  const { book, request, screened, owners, ownersFound, sequences, watched, effect, means, gaps } = answer;
  return {
    book: book.name,
    recorded: book.recorded,
    status: gaps.length > 0 ? 'incomplete' : 'complete',
    asOf: { blocks: book.asOf.map((block) => ({ ...block })), prices: book.prices.map((price) => ({ ...price })) },
    minProfitUsd: usd(request.minProfitUsd),
    accounts: { seen: screened.accounts, indebted: screened.indebted, liquidatable: screened.liquidatable.length, unseen: unseenOf(gaps), liquidatableDebtUsd: answer.liquidatableDebtUsd },
    profitUsd: usd(sequences.reduce((total, { profitUsd }) => total + profitUsd, 0)),
    method: sequences[0]?.method ?? null,
    ended: sequences.some(({ ended }) => ended === 'capped') ? 'capped' : 'done',
    opportunitiesFound: ownersFound,
    opportunities: owners.map((owner) => ownerToJson(owner, answer)),
    left: sequences.flatMap(({ left }) =>
      left.map(({ account, kind, reason, best }) => ({ account: account.entry.id, owner: account.entry.owner, kind, reason, bestUsd: best === null ? null : usd(best.profitUsd) })),
    ),
    watched: watched.map(watchedToJson),
    move: effect === null ? null : effectToJson(effect, request.move),
    means: means.map(({ chain, flashLender, flashFeeBps, isGasAssumed }) => ({ chain, flashLender, flashFeeBps, gasAssumed: isGasAssumed })),
    gaps: gaps.map((gap) => ({ ...gap })),
  };
}

/** What changed since the last look, as one JSON document. */
export function changesToJson(changes: ScanChanges, answer: ScanAnswer): Json {
  return {
    book: answer.book.name,
    asOf: { blocks: answer.book.asOf.map((block) => ({ ...block })) },
    opened: changes.opened.map((owner) => ownerToJson(owner, answer)),
    moved: changes.moved.map(({ now, wasUsd }) => ({ ...ownerToJson(now, answer), wasUsd: usd(wasUsd) })),
    closed: changes.closed.map(({ owner, profitUsd }) => ({ owner, wasUsd: usd(profitUsd) })),
    liquidatable: { added: [...changes.liquidatable.added], removed: [...changes.liquidatable.removed] },
    unseen: { added: [...changes.unseen.added], removed: [...changes.unseen.removed] },
  };
}

/** One owner's opportunity: what a store keeps and a stream sends. */
export function ownerToJson(owner: OwnerOpportunity, { calldata }: Pick<ScanAnswer, 'calldata'>): { readonly [key: string]: Json } {
  return {
    owner: owner.owner,
    profitUsd: usd(owner.profitUsd),
    gasUsd: usd(owner.gasUsd),
    breakEvenGasUsd: usd(owner.breakEvenGasUsd),
    paidUsd: usd(owner.paidUsd),
    confidence: owner.level,
    chains: [...owner.chains],
    protocols: [...owner.protocols],
    liquidations: owner.liquidations.map((entry) => liquidationToJson(entry, calldata.get(entry))),
  };
}

/** A drill as one JSON document. */
export function drillToJson({ results, untried, assumptions, gaps }: DrillAnswer): Json {
  return {
    accounts: results.length,
    untried,
    asPlanned: results.filter(({ outcome }) => outcome === 'as-planned').length,
    results: results.map(({ account, owner, label, outcome, reason, move, opportunity }) => ({
      account,
      owner,
      label,
      outcome,
      reason,
      move: move === null ? null : toText(move, 6),
      kind: opportunity?.kind ?? null,
      calls: opportunity?.calls.map(callToJson) ?? [],
    })),
    assumptions: [...assumptions],
    gaps: gaps.map((gap) => ({ ...gap })),
  };
}

function liquidationToJson({ place, opportunity, aloneUsd, gasUsd, flashFeeUsd, confidence }: RankedLiquidation, calldata: LiquidationCalldata | undefined): Json {
  const { account, label, chain, kind, collateral, debt, calls, profitUsd, breakEvenGasUsd, optimalSize, cap, breakEvenSize } = opportunity;
  return {
    place,
    account,
    label,
    chain,
    kind,
    collateral,
    debt,
    profitUsd: usd(profitUsd),
    aloneUsd: aloneUsd === null ? null : usd(aloneUsd),
    gasUsd: usd(gasUsd),
    flashFeeUsd: usd(flashFeeUsd),
    breakEvenGasUsd: usd(breakEvenGasUsd),
    optimalSize: optimalSize === null ? null : amountToJson(optimalSize),
    rulesCap: cap === null ? null : amountToJson(cap),
    breakEvenSize: breakEvenSize === null ? null : amountToJson(breakEvenSize),
    confidence: {
      level: confidence.level,
      precision: confidence.precision,
      ageSeconds: confidence.ageSeconds,
      marketAgainstOracle: confidence.marketAgainstOracle === null ? null : toText(confidence.marketAgainstOracle, RATIO_PLACES),
      reasons: [...confidence.reasons],
    },
    calls: calls.map(callToJson),
    calldata: calldata === undefined ? null : calldataToJson(calldata),
  };
}

function callToJson({ kind, paid, received, proceedsUsd, profitUsd, curve, healthAfter }: LiquidatorCall): Json {
  return {
    kind,
    paid: paid.map(amountToJson),
    received: received.map(amountToJson),
    proceedsUsd: usd(proceedsUsd),
    profitUsd: usd(profitUsd),
    curve: curve === null ? null : { ...curve },
    healthAfter: ratio(healthAfter.exposure),
    liquidatableAfter: healthAfter.liquidatable,
  };
}

function calldataToJson(calldata: LiquidationCalldata): Json {
  if (calldata.kind === 'none') return { status: 'none', reason: calldata.reason };
  return { status: 'complete', calls: calldata.calls.map(({ to, data, value, chain, description }) => ({ to, data, value: value.toString(), chainId: chain, description })) };
}

/** A watched account: what a store keeps. */
export function watchedToJson({ account, health, nativeHealthFactor, move, collateralUsd, debtUsd }: WatchedAccount) {
  return {
    account: account.entry.id,
    owner: account.entry.owner,
    label: account.marketEntry.label,
    health: toText(health, RATIO_PLACES),
    nativeHealthFactor: ratio(nativeHealthFactor),
    move: move === null ? null : toText(move, 6),
    collateralUsd: toText(collateralUsd, USD_PLACES),
    debtUsd: toText(debtUsd, USD_PLACES),
    precision: account.entry.precision,
  };
}

function effectToJson({ added, removed, total }: PriceEffect, move: string | null): Json {
  return {
    move,
    added: { accounts: added.count, debtUsd: toText(added.debtUsd, USD_PLACES), profitUsd: usd(added.profitUsd), ids: added.accounts.map(({ entry }) => entry.id) },
    removed,
    total: { accounts: total.count, debtUsd: toText(total.debtUsd, USD_PLACES), profitUsd: usd(total.profitUsd) },
  };
}

function amountToJson({ asset, symbol, decimals, amount, usd: worth }: ValuedAmount): Json {
  return { asset, symbol, raw: amount.toString(), decimals, amount: fromFixed(amount, decimals).toString(), usd: toText(worth, USD_PLACES) };
}

/** Accounts that could not be judged. */
function unseenOf(gaps: readonly Gap[]): number {
  return new Set(gaps.flatMap(({ account }) => account ?? [])).size;
}

function usd(value: number): string {
  return value.toFixed(USD_PLACES);
}

function ratio(value: Decimal | null): string | null {
  return value === null ? null : toText(value, RATIO_PLACES);
}
