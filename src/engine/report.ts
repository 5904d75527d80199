import { Decimal } from '../core/decimal.ts';
import { InvalidArgument } from '../core/errors.ts';
import type { AssetId } from '../core/ids.ts';
import type { Discrepancy, Gap, Portfolio } from '../core/portfolio.ts';
import type { Precision } from '../core/rule.ts';
import { computeDistance, type WalletDistance } from './distance.ts';
import { type AccountEvaluation, evaluatePortfolio } from './evaluate.ts';
import { computeLiquidationPrices, type LiquidationPrices } from './liquidation-price.ts';
import { type AssetGroups, type PriceDriver, priceDrivers } from './moves.ts';
import type { OpenedPortfolio } from './open-portfolio.ts';
import { computeTimeToLiquidation, type WalletTime } from './time-to-liquidation.ts';
import { DEFAULT_DUST_USD, summarizeWallet, type WalletHealth } from './wallet.ts';

/**
 * How a wallet stands, worst first: `insolvent` some account owes more than it holds · `liquidatable` some protocol would liquidate now · `critical`,
 * `warning` the weakest account's health is below the band · `safe`. Dust counts like any account. `incomplete` stands above all of them: something could
 * not be read.
 */
export type CompleteStatus = 'safe' | 'warning' | 'critical' | 'liquidatable' | 'insolvent';
export type Status = CompleteStatus | 'incomplete';

/** Health in exposure form below which a wallet is `warning`, and `critical`. */
export interface Bands {
  readonly warning: Decimal;
  readonly critical: Decimal;
}

/** Bands unless the caller says otherwise. */
export const DEFAULT_BANDS: Bands = { warning: new Decimal('1.5'), critical: new Decimal('1.2') };

/** What a report may be told; everything has a default. */
export interface ReportOptions {
  readonly bands?: Bands;
  /** Debt in USD below which an account is dust; it still counts for the status. */
  readonly dustUsd?: Decimal;
  /** Which assets move together. */
  readonly groups?: AssetGroups;
  /** Assets that the distance leaves where they are. */
  readonly stable?: ReadonlySet<AssetId>;
}

/** The unified risk report of a Portfolio. Ratios and USD are exact decimals; health is null where there is no debt. */
export interface Report {
  readonly status: Status;
  /** What the status would be if the gaps hid nothing. */
  readonly statusWithoutGaps: CompleteStatus;
  readonly owners: Portfolio['owners'];
  readonly recorded: string | null;
  readonly asOf: {
    /** Unix seconds at which the document was put together. */
    readonly createdAt: number;
    readonly blocks: Portfolio['asOf'];
    readonly prices: Portfolio['prices'];
  };
  /** The worst of the accounts; null where there is none. */
  readonly precision: Precision | null;
  readonly wallet: WalletHealth;
  readonly accounts: readonly AccountEvaluation[];
  readonly drivers: readonly PriceDriver[];
  readonly liquidationPrices: LiquidationPrices;
  readonly distance: WalletDistance;
  readonly timeToLiquidation: WalletTime;
  readonly gaps: readonly Gap[];
  readonly discrepancies: readonly Discrepancy[];
  readonly coverage: Portfolio['coverage'];
}

const PRECISIONS: readonly Precision[] = ['exact', 'accrued', 'estimate'];

/**
 * Computes the whole report of a wallet.
 *
 * @throws {InvalidArgument} where the bands are not in order: warning ≥ critical ≥ 1.
 * @example
 * ```ts
 * computeReport(openPortfolio(portfolio, findRule)).wallet.health?.toFixed(4);
 * ```
 */
export function computeReport(opened: OpenedPortfolio, options: ReportOptions = {}): Report {
  const bands = options.bands ?? DEFAULT_BANDS;
  requireBands(bands);
  const { portfolio } = opened;
  const groups = options.groups ?? new Map<AssetId, string>();
  const { accounts, gaps: failures } = evaluatePortfolio(opened);
  const wallet = summarizeWallet(accounts, options.dustUsd ?? new Decimal(DEFAULT_DUST_USD));
  const gaps = [...portfolio.gaps, ...unexplainedCoverage(portfolio), ...nothingRead(portfolio), ...failures];
  const statusWithoutGaps = statusOf(accounts, wallet, bands);
  const drivers = priceDrivers(opened, groups);
  return {
    status: gaps.length > 0 ? 'incomplete' : statusWithoutGaps,
    statusWithoutGaps,
    owners: portfolio.owners,
    recorded: portfolio.recorded,
    asOf: { createdAt: portfolio.createdAt, blocks: portfolio.asOf, prices: portfolio.prices },
    precision: PRECISIONS.findLast((precision) => opened.accounts.some(({ entry }) => entry.precision === precision)) ?? null,
    wallet,
    accounts,
    drivers,
    liquidationPrices: computeLiquidationPrices(accounts, drivers),
    distance: computeDistance(accounts, { groups, stable: options.stable ?? new Set() }),
    timeToLiquidation: computeTimeToLiquidation(accounts),
    gaps,
    discrepancies: portfolio.discrepancies,
    coverage: portfolio.coverage,
  };
}

/** Tells whether an account owes more than it holds: by market prices where they are known, by the oracle's otherwise; no weights. */
export function isInsolvent(account: AccountEvaluation): boolean {
  const { collateral, debt } = account.market?.raw ?? account.raw;
  return collateral.lt(debt);
}

/** Judges accounts that could be computed; nothing that could not be read is in it. */
export function statusOf(accounts: readonly AccountEvaluation[], wallet: WalletHealth, bands: Bands): CompleteStatus {
  const health = wallet.weakest?.health ?? null;
  if (accounts.some(isInsolvent)) return 'insolvent';
  if (accounts.some((account) => account.native.liquidatable)) return 'liquidatable';
  if (health === null) return 'safe';
  if (health.lt(bands.critical)) return 'critical';
  return health.lt(bands.warning) ? 'warning' : 'safe';
}

/** A deployment that was not read and has no gap that says why is a gap of its own. */
function unexplainedCoverage(portfolio: Portfolio): readonly Gap[] {
  const explained = new Set(portfolio.gaps.map((gap) => gap.deployment));
  return portfolio.coverage
    .filter((entry) => entry.status === 'gap' && !explained.has(entry.deployment))
    .map((entry) => ({
      code: 'INVALID_PORTFOLIO',
      message: `${entry.deployment} was not read; the document does not say why.`,
      retryable: false,
      chain: entry.chain,
      deployment: entry.deployment,
      account: null,
    }));
}

/** A document that says of no deployment that it was read, and shows nothing, is no picture of a wallet without debt. */
function nothingRead({ accounts, coverage, gaps }: Portfolio): readonly Gap[] {
  if (accounts.length > 0 || coverage.length > 0 || gaps.length > 0) return [];
  return [{ code: 'NOT_CONFIGURED', message: 'Nothing was looked at: no deployment was read.', retryable: false, chain: null, deployment: null, account: null }];
}

function requireBands({ warning, critical }: Bands): void {
  if (critical.lt(1) || warning.lt(critical)) {
    throw new InvalidArgument(`The bands are warning ${warning} and critical ${critical}; they must be in order: warning ≥ critical ≥ 1.`);
  }
}
