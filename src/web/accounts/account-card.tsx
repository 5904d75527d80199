import type { VNode } from 'preact';
import { fromFixed } from '../../core/decimal.ts';
import type { AccountEvaluation } from '../../engine/evaluate.ts';
import type { PricePoint } from '../../engine/liquidation-price.ts';
import type { PriceDriver } from '../../engine/moves.ts';
import type { Report } from '../../engine/report.ts';
import { chainName, driverName, pointPrice, withoutGrouped } from '../data/driver-name.ts';
import { amount, duration, health, instant, NOTHING, percent, plain, price, usd, usdShort } from '../data/format.ts';
import type { WalletModel } from '../data/wallet-model.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Fold } from '../shell/fold.tsx';
import { StatusBadge } from '../shell/status-badge.tsx';
import { type AccountStatus, accountStatus } from './account-status.ts';
import { Gauge } from './gauge.tsx';
import { shortTest } from './own-test.ts';

const PRECISION_WORDS = {
  exact: 'the contracts’ integers at a block',
  accrued: 'carried forward from stored indexes, or a price some seconds old',
  estimate: 'terms are missing',
} as const;

interface AccountCardProps {
  readonly account: AccountEvaluation;
  readonly model: WalletModel;
  readonly isMoved: boolean;
  readonly isWeakest: boolean;
}

/** One account, as its protocol sees it and in the comparable form. */
export function AccountCard({ account, model: { report, bands }, isMoved, isWeakest }: AccountCardProps): VNode {
  const { entry, marketEntry } = account.account;
  const status = accountStatus(account, { gaps: report.gaps, bands });
  return (
    <article class={`card card-${status}`}>
      <header>
        <h3>{plain(marketEntry.label)}</h3>
        <p class="soft">
          {chainName(marketEntry.chain)} · {marketEntry.rule}
          {report.owners.length > 1 ? ` · ${entry.owner}` : ''}
        </p>
        <Standing status={status} />
      </header>
      <Gauge level={account.health?.toNumber() ?? null} />
      <dl class="facts">
        <div>
          <dt>Health</dt>
          <dd class="strong">{health(account.health)}</dd>
        </div>
        <div>
          <dt>Native health</dt>
          <dd>
            {health(account.native.healthFactor)} {account.native.liquidatable ? <strong>liquidatable</strong> : null}
          </dd>
        </div>
      </dl>
      <Fold summary="More of this account" isOpen={isWeakest || status === 'incomplete' || entry.missing.length > 0}>
        <dl class="facts">
          <div>
            <dt>Adjusted</dt>
            <dd>
              {usdShort(account.adjustedCollateral, 1e4)} / <span class="number">{usdShort(account.adjustedDebt, 1e4)}</span>
            </dd>
          </div>
          <div>
            <dt>Held / owed</dt>
            <dd>
              {usdShort(account.raw.collateral, 1e4)} / <span class="number">{usdShort(account.raw.debt, 1e4)}</span>
            </dd>
          </div>
        </dl>
        {isMoved ? null : <OwnPrices account={account} report={report} />}
        <p class="reason soft">
          <abbr title={PRECISION_WORDS[entry.precision]}>{entry.precision}</abbr>
          {entry.missing.length === 0 ? '' : ` (${entry.missing.map(plain).join('; ')})`}, valued at {instant(entry.at)}
          {ageText(entry.at, report)}
        </p>
        <Inside account={account} />
      </Fold>
    </article>
  );
}

function Standing({ status }: { readonly status: AccountStatus }): VNode {
  if (status === 'free') return <span class="badge status-empty">No debt</span>;
  if (status === 'clear') return <span class="badge status-empty">Above its line</span>;
  return <StatusBadge status={status} />;
}

function ageText(at: number, { asOf }: Report): string {
  const age = asOf.createdAt - at;
  return age > 0 ? `, ${duration(age)} before this report` : '';
}

/** At which single prices it is liquidated, or, where it is already, brought back. */
function OwnPrices({ account, report }: { readonly account: AccountEvaluation; readonly report: Report }): VNode | null {
  const found = report.liquidationPrices.accounts.find((entry) => entry.account === account);
  const drivers = withoutGrouped(found?.drivers ?? [], report.drivers);
  const points = drivers.flatMap(({ driver, down, up }) => [down, up].flatMap((point) => (point === null ? [] : [{ driver, point }])));
  const nearest = points.toSorted((a, b) => a.point.move.abs().cmp(b.point.move.abs()));
  const all = drivers.map(({ driver }) => driver);
  return (
    <>
      <PriceLine title="Liquidated at" points={nearest.filter(({ point }) => point.becomes === 'breached')} all={all} />
      <PriceLine title="Brought back at" points={nearest.filter(({ point }) => point.becomes === 'safe')} all={all} />
    </>
  );
}

interface PriceLineProps {
  readonly title: string;
  readonly points: readonly { readonly driver: PriceDriver; readonly point: PricePoint }[];
  readonly all: readonly PriceDriver[];
}

function PriceLine({ title, points, all }: PriceLineProps): VNode | null {
  if (points.length === 0) return null;
  return (
    <p class="own-prices">
      <span class="soft">{title}</span>
      {points.map(({ driver, point }, at) => (
        <span key={at}>
          {driverName(driver, all)} <strong>{pointPrice(driver, point)}</strong> ({percent(point.move)})
        </span>
      ))}
    </p>
  );
}

/** How its protocol decides, in the integers that it decides with, and every leg. */
function Inside({ account }: { readonly account: AccountEvaluation }): VNode {
  const { precision } = account.account.entry;
  const whole = plain(account.native.reason);
  const test = shortTest(whole);
  return (
    <details>
      <summary>Its own test, and what it holds and owes ({account.legs.length})</summary>
      <p class="reason">
        Its own test: <code>{test}</code>
      </p>
      {test === whole ? null : (
        <details>
          <summary>Digit by digit</summary>
          <p class="reason">
            <code>{whole}</code>
          </p>
        </details>
      )}
      <Legs account={account} />
      <p class="reason soft">
        {precision}: {PRECISION_WORDS[precision]}.
      </p>
    </details>
  );
}

function Legs({ account }: { readonly account: AccountEvaluation }): VNode {
  return (
    <DataTable label="Legs of the account" columns={['Side', 'Asset', 'Amount', 'Oracle price', 'Worth', 'Weight']}>
      {account.legs.map((leg, at) => {
        const whole = fromFixed(leg.amount, leg.decimals);
        return (
          <tr key={at}>
            <td>{leg.side}</td>
            <td>{plain(leg.symbol)}</td>
            <td class="number">{amount(whole.toString())}</td>
            <td class="number">{price(leg.priceUsd)}</td>
            <td class="number">{usd(whole.times(leg.priceUsd))}</td>
            <td class="number">{leg.weight.isZero() ? NOTHING : leg.weight.toDecimalPlaces(4).toString()}</td>
          </tr>
        );
      })}
    </DataTable>
  );
}
