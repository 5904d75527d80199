import { RuleViolation } from '../../../src/core/errors.ts';
import type { Applied, Step } from '../../../src/core/rule.ts';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { createAaveRule } from '../../../src/protocols/aave/rule.ts';
import type { AaveEMode, AavePool, AavePosition } from '../../../src/protocols/aave/state.ts';

/** The stored index time of the fixture's reserves. */
export const T0 = 1_698_710_400n;

export interface AaveTestView {
  readonly market: AavePool;
  readonly position: AavePosition;
  readonly at: bigint;
}

export function viewOf(market: AavePool, holdings: AavePosition['holdings'], changes: { eMode?: number; at?: bigint } = {}): AaveTestView {
  return { market, position: { eMode: changes.eMode ?? 0, holdings }, at: changes.at ?? T0 };
}

/** The state after a step, by the rule with this id. */
export function applyBy(rule: string, view: AaveTestView, step: Step): Applied<AavePool, AavePosition> {
  return createAaveRule(getAaveProfile(rule)).apply(view, step);
}

/** The protocol's own error, or 'accepted'. */
export function refusalBy(rule: string, view: AaveTestView, step: Step): string {
  try {
    applyBy(rule, view, step);
    return 'accepted';
  } catch (error) {
    if (error instanceof RuleViolation) return error.protocolError;
    throw error;
  }
}

/** An e-mode category; members are reserve ids. */
export function category(changes: Partial<AaveEMode> = {}): AaveEMode {
  return { id: 1, label: 'ETH', ltvBps: 9300, liquidationThresholdBps: 9500, liquidationBonusBps: 10_100, collateral: [0, 1], borrowable: [0], ltvZero: [], isolated: false, price: null, ...changes };
}

/** The holding of a reserve after a step. */
export function holdingAfter(applied: Applied<AavePool, AavePosition>, reserve: number): AavePosition['holdings'][number] | undefined {
  return applied.position.holdings.find((holding) => holding.reserve === reserve);
}

/** The reserve with an id after a step. */
export function reserveAfter(applied: Applied<AavePool, AavePosition>, reserve: number): AavePool['reserves'][number] | undefined {
  return applied.market.reserves.find((entry) => entry.id === reserve);
}
