import type { Address, AssetId } from '../../core/ids.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import type { Opportunity } from '../liquidator/liquidator-opportunity.ts';
import { type Confidence, type ConfidenceInputs, judgeConfidence } from './confidence.ts';
import type { JointLiquidations, TakenLiquidation } from './joint-liquidations.ts';

/** One liquidation of an owner. USD as floats. */
export interface RankedLiquidation {
  /** Its place in the joint sequence, from 1: it was priced after all with a smaller one on its chain. */
  readonly place: number;
  readonly opportunity: Opportunity;
  readonly account: OpenedAccount;
  readonly gasUsd: number;
  readonly flashFeeUsd: number;
  readonly aloneUsd: number | null;
  readonly confidence: Confidence;
}

/** Everything that one owner's accounts, of all protocols together, offer. USD as floats. */
export interface OwnerOpportunity {
  readonly owner: Address;
  /** After slippage, gas and flash fee. */
  readonly profitUsd: number;
  readonly gasUsd: number;
  /** Gas of all its calls at which nothing is earned. */
  readonly breakEvenGasUsd: number;
  /** What the liquidator pays in debt assets in all. */
  readonly paidUsd: number;
  readonly chains: readonly string[];
  readonly protocols: readonly string[];
  readonly liquidations: readonly RankedLiquidation[];
  /** The least of its liquidations' levels. */
  readonly level: Confidence['level'];
}

/** How owners are ranked. */
export interface RankingOptions {
  /** Owners whose liquidations earn less together are left out, USD. */
  readonly minProfitUsd: number;
  readonly inputsOf: (account: OpenedAccount) => ConfidenceInputs;
}

const LEVELS: readonly Confidence['level'][] = ['low', 'medium', 'high'];

/**
 * Puts a joint sequence together by owner, over all chains and protocols, the most profitable first. What an owner's accounts share with those of others is in the sequence: its later entries are
 * worth what is shown only if the earlier ones were taken, or nobody else took them.
 */
export function rankByOwner(sequences: readonly JointLiquidations[], options: RankingOptions): readonly OwnerOpportunity[] {
  const ranked = sequences.flatMap(({ taken }) => taken.map((entry, at) => rank(entry, at + 1, options)));
  const owners = Map.groupBy(ranked, ({ account }) => account.entry.owner as Address);
  return [...owners]
    .map(([owner, liquidations]) => summarize(owner, liquidations))
    .filter(({ profitUsd }) => profitUsd >= options.minProfitUsd)
    .toSorted((a, b) => b.profitUsd - a.profitUsd || (a.owner < b.owner ? -1 : 1));
}

function rank({ opportunity, before, aloneUsd }: TakenLiquidation, place: number, { inputsOf }: RankingOptions): RankedLiquidation {
  const { account } = before;
  return {
    place,
    opportunity,
    account,
    gasUsd: total(opportunity.calls.map(({ gasUsd }) => gasUsd)),
    flashFeeUsd: total(opportunity.calls.map(({ flashFeeUsd }) => flashFeeUsd)),
    aloneUsd,
    confidence: judgeConfidence(opportunity, before, inputsOf(account)),
  };
}

function summarize(owner: Address, liquidations: readonly RankedLiquidation[]): OwnerOpportunity {
  const profitUsd = total(liquidations.map(({ opportunity }) => opportunity.profitUsd));
  const gasUsd = total(liquidations.map((entry) => entry.gasUsd));
  const least = Math.min(...liquidations.map(({ confidence }) => LEVELS.indexOf(confidence.level)));
  return {
    owner,
    profitUsd,
    gasUsd,
    breakEvenGasUsd: Math.max(0, profitUsd + gasUsd),
    paidUsd: total(liquidations.flatMap(({ opportunity }) => opportunity.calls.flatMap(({ paid }) => paid.map(({ usd }) => usd.toNumber())))),
    chains: [...new Set(liquidations.map(({ opportunity }) => opportunity.chain))],
    protocols: [...new Set(liquidations.map(({ account }) => account.marketEntry.protocol))],
    liquidations,
    level: LEVELS[least] ?? 'low',
  };
}

/** Every pair (what is sold for what) that liquidating these accounts can need a curve of. */
export function listSoldPairs(accounts: readonly OpenedAccount[]): readonly (readonly [from: AssetId, to: AssetId])[] {
  const pairs = new Map<string, readonly [AssetId, AssetId]>();
  for (const { legs } of accounts) {
    const debts = legs.filter(({ side }) => side === 'debt');
    for (const held of legs.filter(({ side }) => side === 'collateral')) {
      for (const owed of debts) if (held.asset !== owed.asset) pairs.set(`${held.asset}>${owed.asset}`, [held.asset, owed.asset]);
    }
  }
  return [...pairs.values()];
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
