import type { FindRule, Rule } from '../core/rule.ts';
import { AAVE_RULES } from './aave/rule.ts';
import { compoundV3Rule } from './compound-v3/rule.ts';
import { genericLendingRule } from './generic-lending/rule.ts';
import { gmxV2Rule } from './gmx-v2/rule.ts';
import { morphoBlueRule } from './morpho-blue/rule.ts';

/**
 * The rule of every protocol, without what reads and encodes: all that a Portfolio needs to be computed with, in a browser too.
 */
export const RULES: readonly Rule[] = [...AAVE_RULES, compoundV3Rule as Rule, morphoBlueRule as Rule, gmxV2Rule as Rule, genericLendingRule as Rule];

const BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));

/**
 * Finds a rule by id.
 *
 * @example
 * ```ts
 * findRule('aave-v3@3.6')?.kind; // 'lending'
 * ```
 */
export const findRule: FindRule = (ruleId) => BY_ID.get(ruleId);

/** The ids of the rules that this release has for a protocol. */
export function rulesOf(protocol: string): readonly string[] {
  return RULES.filter(({ id }) => id.startsWith(`${protocol}@`)).map(({ id }) => id);
}
