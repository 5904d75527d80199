/**
 * Plimsoll: one wallet's solvency across lending, perp and option protocols.
 *
 * @packageDocumentation
 */
export { Decimal } from './core/decimal.ts';
export { ERROR_TABLE, type ErrorCode, InvalidPortfolio, isPlimsollError, PlimsollError, RuleViolation } from './core/errors.ts';
export { type Address, type AssetId, type ChainId, parseChain, parseWallet } from './core/ids.ts';
export { type Discrepancy, formatPortfolio, type Gap, type Portfolio, parsePortfolio, portfolioJsonSchema } from './core/portfolio.ts';
export type { AccountView, Applied, ExposureTerm, FindRule, Leg, LiquidationOutcome, NativeHealth, Precision, PriceMove, Rule, Step } from './core/rule.ts';
export type { BlockRef, ChainSource, GraphSource } from './core/source.ts';
export { type OpenedPortfolio, openPortfolio } from './engine/open-portfolio.ts';
export { computeReport, type Report, type ReportOptions, type Status } from './engine/report.ts';
export { reportToJson } from './engine/report-json.ts';
export { applyShock, computeShockGrid, parseShock } from './engine/shock.ts';
export { findRule, listDeployments, PROTOCOLS } from './protocols/registry.ts';
export { readPortfolio } from './service/portfolio/read-portfolio.ts';
export type { ReaderOptions } from './service/portfolio/reader-options.ts';
export { reportWallet } from './service/portfolio/wallet-report.ts';
