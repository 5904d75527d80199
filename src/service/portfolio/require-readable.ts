import { isPlimsollError, PlimsollError } from '../../core/errors.ts';
import { PORTFOLIO_SCHEMA, type Portfolio, parsePortfolio } from '../../core/portfolio.ts';
import type { FindRule } from '../../core/rule.ts';
import { openPortfolio } from '../../engine/open-portfolio.ts';

/**
 * Refuses what the document could not carry or its own rules would not read back, so that one odd answer costs one account and not the whole report.
 *
 * @param label where the values come from, for the message
 * @throws {PlimsollError} MALFORMED_RESPONSE naming the path of the first fault, never its value
 */
export function requireReadable(label: string, part: Partial<Pick<Portfolio, 'owners' | 'markets' | 'accounts' | 'prices'>>, findRule: FindRule): void {
  const nothing = { recorded: null, asOf: [], prices: [], coverage: [], markets: [], accounts: [], gaps: [], discrepancies: [] };
  try {
    openPortfolio(parsePortfolio({ schema: PORTFOLIO_SCHEMA, owners: [NO_ONE], createdAt: 0, ...nothing, ...part }), findRule);
  } catch (error) {
    if (!isPlimsollError(error, 'INVALID_PORTFOLIO')) throw error;
    const path = String(error.fields.path ?? '');
    throw new PlimsollError('MALFORMED_RESPONSE', `${label}: a source answered with a value that cannot be used (${path}). It is left out; check the source.`, { path });
  }
}

const NO_ONE = `0x${'0'.repeat(40)}`;
