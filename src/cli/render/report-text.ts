import Table from 'cli-table3';
import { toChecksum } from '../../core/ids.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { AccountEvaluation } from '../../engine/evaluate.ts';
import type { FirstLiquidation, WalletLiquidationPrice } from '../../engine/liquidation-price.ts';
import type { Report } from '../../engine/report.ts';
import type { ShockedWallet } from '../../engine/shock.ts';
import { duration, instant, percent, plain, price, ratio, short, usd } from './format.ts';
import { drawLoadLine, paint } from './load-line.ts';

/** Rows of liquidation prices and gaps that are printed; the rest is counted. */
const MAX_ROWS = 12;
/** Table lines without the inner rulers, so that ten accounts fit on a screen. */
const CHARS = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

/** The report as a page of text that one reads in ten seconds. */
export function renderReport(report: Report, shocked: ShockedWallet | null): string {
  const parts = [...renderHead(report), '', ...renderSums(report)];
  if (report.wallet.weakest !== null) parts.push('', ...drawLoadLine(report));
  if (report.accounts.length > 0) parts.push('', renderAccounts(report));
  parts.push(...renderMarketHealth(report), ...renderLiquidationPrices(report), ...renderOutlook(report));
  if (shocked !== null) parts.push(...renderShock(shocked));
  parts.push(...renderGaps(report.gaps), ...renderDiscrepancies(report));
  return `${parts.join('\n')}\n`;
}

function renderHead(report: Report): string[] {
  const owners = report.owners
    .map(toChecksum)
    .map((owner, _, all) => (all.length === 1 ? owner : short(owner)))
    .join(', ');
  const source = report.recorded === null ? instant(report.asOf.createdAt) : `recorded: ${plain(report.recorded)}`;
  return [
    `Wallet ${owners}`,
    `${source} · ${report.precision ?? 'nothing found'}${report.accounts.length === 0 ? '' : ` · ${report.accounts.length} account${report.accounts.length === 1 ? '' : 's'}`}`,
  ];
}

function renderSums(report: Report): string[] {
  const { wallet, status, statusWithoutGaps } = report;
  const label = paint(status, status.toUpperCase());
  if (report.accounts.length === 0) {
    return [status === 'incomplete' ? `${label}: something could not be read, so nothing can be said.` : `${label}: no account was found where Plimsoll looked.`];
  }
  const beside = status === 'incomplete' && statusWithoutGaps !== 'safe' ? ` (what was read is ${statusWithoutGaps})` : '';
  const { weakest } = wallet;
  return [
    `${label}${beside}   unified health ${ratio(wallet.health)}   weakest ${weakest === null ? 'no debt' : `${ratio(weakest.health)}  ${plain(weakest.account.marketEntry.label)}`}`,
    `adjusted collateral ${usd(wallet.adjustedCollateral)} · adjusted debt ${usd(wallet.adjustedDebt)} · shortfall ${usd(wallet.shortfall)}`,
    `cover ratio ${wallet.coverRatio === null ? 'no debt' : percent(wallet.coverRatio, 2).replace('+', '')} · free collateral ${usd(wallet.freeCollateral)}`,
  ];
}

function renderAccounts(report: Report): string {
  const table = new Table({ head: ['account', 'native health', 'health A/L', 'collateral', 'debt', 'at', 'precision'], chars: CHARS, style: { head: [], border: [], compact: true } });
  for (const account of report.accounts) {
    table.push([
      nameOf(account, report),
      `${ratio(account.native.healthFactor)}${account.native.liquidatable ? ' liquidatable' : ''}`,
      ratio(account.health),
      usd(account.raw.collateral),
      usd(account.raw.debt),
      instant(account.account.entry.at),
      account.account.entry.precision,
    ]);
  }
  return `${table.toString()}\nnative: each protocol's own number · A/L: adjusted collateral ÷ adjusted debt, comparable across protocols · below 1 is liquidated`;
}

/** Market label, with the owner where there are several. */
function nameOf(account: AccountEvaluation, report: Report): string {
  const label = plain(account.account.marketEntry.label);
  return report.owners.length === 1 ? label : `${label} ${short(account.account.entry.owner)}`;
}

/** Said only where the market sees a wallet below what the oracles say. */
function renderMarketHealth(report: Report): string[] {
  const { market } = report.wallet;
  if (market === null || report.wallet.health === null) return [];
  const worse = report.accounts.filter((account) => account.market?.health !== null && account.market !== null && account.health !== null && account.market.health.lt(1) && account.health.gte(1));
  const lines = ['', `By market prices instead of the protocols' oracles: unified health ${ratio(market.health)}, shortfall ${usd(market.shortfall)}.`];
  for (const account of worse) {
    lines.push(
      `  ! ${nameOf(account, report)}: the oracle says ${ratio(account.health)}, the market ${ratio(account.market?.health ?? null)}: a debt of ${usd(account.raw.debt)} that the protocol calls healthy is worth more than what stands against it.`,
    );
  }
  return lines;
}

function renderLiquidationPrices(report: Report): string[] {
  // An asset of a correlated group is shown with its group.
  const grouped = new Set(report.drivers.filter((driver) => driver.kind === 'group').flatMap((driver) => driver.assets));
  const rows = report.liquidationPrices.wallet.filter((entry) => hasPoint(entry) && !(entry.driver.kind === 'asset' && entry.driver.assets.some((asset) => grouped.has(asset))));
  if (rows.length === 0) return [];
  const table = new Table({ head: ['if the price of', 'moves to', 'then goes first'], chars: CHARS, style: { head: [], border: [], compact: true } });
  // Each way has an account of its own that goes first.
  const ways = rows.flatMap((entry) => [entry.first.down, entry.first.up].flatMap((first) => (first === null ? [] : [[driverName(entry, rows), describePoint(first), nameOf(first.account, report)]])));
  table.push(...ways.slice(0, MAX_ROWS));
  const more = ways.length > MAX_ROWS ? [`  and ${ways.length - MAX_ROWS} more (--json lists all)`] : [];
  return ['', 'Liquidation prices (the first account that goes)', table.toString(), ...more];
}

/** The driver's name, with its chain where two assets share a symbol. */
function driverName(entry: WalletLiquidationPrice, all: readonly WalletLiquidationPrice[]): string {
  const isShared = all.filter((other) => other.driver.name === entry.driver.name).length > 1;
  const [asset = ''] = entry.driver.assets;
  const name = plain(entry.driver.name);
  return isShared ? `${name} on ${asset.slice(0, asset.indexOf('/'))}` : name;
}

function hasPoint(entry: WalletLiquidationPrice): boolean {
  return entry.first.down !== null || entry.first.up !== null;
}

function describePoint(first: FirstLiquidation): string {
  const [shown] = first.point.prices;
  const value = shown === undefined ? '' : `${plain(shown.symbol)} ${price(shown.priceUsd)} `;
  return `${value}(${percent(first.point.move)})`;
}

function renderOutlook(report: Report): string[] {
  const { first } = report.distance;
  const time = report.timeToLiquidation.first;
  const lines: string[] = [];
  if (first !== null && !first.move.isZero()) {
    lines.push(`A uniform adverse move of ${percent(first.move).replace('+', '')} liquidates ${nameOf(first.account, report)} first.`);
  }
  if (time !== null && time.seconds > 0n) lines.push(`At constant prices, interest alone liquidates ${nameOf(time.account, report)} in ${duration(time.seconds)}.`);
  return lines.length === 0 ? [] : ['', ...lines];
}

function renderShock(shocked: ShockedWallet): string[] {
  const title = shocked.shock.parts.map((part) => `${plain(part.target)} ${percent(part.move)}`).join(', ');
  const { wallet } = shocked;
  const gone = shocked.accounts.filter((account) => account.native.liquidatable).map((account) => plain(account.account.marketEntry.label));
  return [
    '',
    `After ${title}: unified health ${ratio(wallet.health)}, weakest ${ratio(wallet.weakest?.health ?? null)}, shortfall ${usd(wallet.shortfall)}`,
    `  ${gone.length === 0 ? 'nothing is liquidatable' : `liquidatable: ${gone.join(', ')}`}`,
  ];
}

function renderGaps(gaps: readonly Gap[]): string[] {
  if (gaps.length === 0) return [];
  const unique = [...new Map(gaps.map((gap) => [`${gap.code} ${gap.message}`, gap])).values()];
  const shown = unique.slice(0, MAX_ROWS).map((gap) => `  ? ${plain(gap.message)}`);
  const more = unique.length > MAX_ROWS ? [`  and ${unique.length - MAX_ROWS} more (--json lists all)`] : [];
  return ['', `What could not be seen (${unique.length}): this report is not a statement of safety.`, ...shown, ...more];
}

function renderDiscrepancies(report: Report): string[] {
  const { length } = report.discrepancies;
  if (length === 0) return [];
  return [
    '',
    `${length} value${length === 1 ? '' : 's'} of the subgraph differ${length === 1 ? 's' : ''} from the chain; the chain's ${length === 1 ? 'is' : 'are'} used (--json lists ${length === 1 ? 'it' : 'them'}).`,
  ];
}
