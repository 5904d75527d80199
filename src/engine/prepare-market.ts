import { PlimsollError } from '../core/errors.ts';
import type { MarketAt, NativeHealth, Rule } from '../core/rule.ts';

/** A market as its rule sees it. */
export interface RuledMarket {
  readonly rule: Rule;
  readonly state: unknown;
}

/** The market at a second, by the rule's faster way if it has one. A market that the rule refuses altogether refuses each account. */
export function prepareMarket({ rule, state }: RuledMarket, at: bigint): MarketAt<unknown> {
  if (rule.prepare === undefined) {
    const view = (position: unknown) => ({ market: state, position, at });
    return {
      isLiquidatable: (position) => rule.health(view(position)).liquidatable,
      health: (position): NativeHealth => rule.health(view(position)),
      exposure: (position) => rule.exposure(view(position)),
    };
  }
  try {
    return rule.prepare(state, at);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    const refuse = (): never => {
      throw error;
    };
    return { isLiquidatable: refuse, health: refuse, exposure: refuse };
  }
}
