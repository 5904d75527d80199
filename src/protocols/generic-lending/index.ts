import { UnsupportedState } from '../../core/errors.ts';
import type { Protocol } from '../protocol.ts';
import { genericLendingRule } from './rule.ts';

/**
 * Lending books whose protocol has no rule of its own. It has no deployments and reads nothing: books come from files
 * (`normalizeBook`), and no call is ever encoded for one.
 */
export const genericLending: Protocol = {
  id: 'generic-lending',
  label: 'Generic lending book',
  rules: [genericLendingRule],
  deployments: [],
  discover: () => [],
  value: () => [],
  normalize: () => ({ markets: [], accounts: [], gaps: [], discrepancies: [] }),
  encodeStep() {
    throw new UnsupportedState('a step on a book read from a file', 'Generic lending book');
  },
};

export { type BookOptions, normalizeBook } from './book.ts';
export { computeLiquidation, GENERIC_RULE_ID, type LiquidationRequest, type LiquidationResult } from './liquidation.ts';
export { genericLendingRule } from './rule.ts';
export type { GenericMarket, GenericPosition, GenericView } from './state.ts';
