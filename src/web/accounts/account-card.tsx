import type { VNode } from 'preact';
import { fromFixed } from '../../core/decimal.ts';
import type { AccountEvaluation } from '../../engine/evaluate.ts';
import { isInsolvent, type Report, type Status } from '../../engine/report.ts';
import { chainName, driverName } from '../data/driver-name.ts';
import { amount, duration, health, instant, NOTHING, percent, plain, price, usd } from '../data/format.ts';
import { Scroll } from '../shell/scroll.tsx';
import { StatusBadge } from '../shell/status-badge.tsx';
import { Gauge } from './gauge.tsx';

const PRECISION_WORDS = {
  exact: 'the contracts’ integers at a block',
  accrued: 'carried forward from stored indexes, or a price some seconds old',
  estimate: 'terms are missing',
} as const;

/** One account, as its protocol sees it and in the comparable form. */
export function AccountCard({ account, report, isMoved }: { readonly account: AccountEvaluation; readonly report: Report; readonly isMoved: boolean }): VNode {
  const { entry, marketEntry } = account.account;
  const status = accountStatus(account, report);
  return (
    <article class={`card card-${account.debtFree ? 'free' : status}`}>
      <header>
        <h3>{plain(marketEntry.label)}</h3>
        <p class="soft">
          {chainName(marketEntry.chain)} · {marketEntry.rule}
          {report.owners.length > 1 ? ` · ${entry.owner}` : ''}
        </p>
        {account.debtFree ? <span class="badge status-empty">No debt</span> : <StatusBadge status={status} />}
      </header>
      <Gauge level={account.health?.toNumber() ?? null} />
      <dl class="facts">
        <div>
          <dt>A/L</dt>
          <dd class="strong">{health(account.health)}</dd>
        </div>
        <div>
          <dt>Native</dt>
          <dd>
            {health(account.native.healthFactor)} {account.native.liquidatable ? <strong>liquidatable</strong> : null}
          </dd>
        </div>
        <div>
          <dt>Adjusted</dt>
          <dd>
            {usd(account.adjustedCollateral)} / {usd(account.adjustedDebt)}
          </dd>
        </div>
        <div>
          <dt>Held / owed</dt>
          <dd>
            {usd(account.raw.collateral)} / {usd(account.raw.debt)}
          </dd>
        </div>
      </dl>
      <p class="reason">
        Its own test: <code>{plain(account.native.reason)}</code>
      </p>
      {isMoved ? null : <OwnPrices account={account} report={report} />}
      <Legs account={account} />
      <footer class="soft">
        <strong>{entry.precision}</strong>: {PRECISION_WORDS[entry.precision]}
        {entry.missing.length === 0 ? '' : ` (${entry.missing.map(plain).join('; ')})`} · valued at {instant(entry.at)}
        {ageText(entry.at, report)}
      </footer>
    </article>
  );
}

/** The status of one account, judged as the wallet's. */
function accountStatus(account: AccountEvaluation, { gaps }: Report): Status {
  if (isInsolvent(account)) return 'insolvent';
  if (account.native.liquidatable) return 'liquidatable';
  if (account.health?.lt('1.2') === true) return 'critical';
  if (account.health?.lt('1.5') === true) return 'warning';
  // What hides behind a gap may belong to this account.
  return gaps.some((gap) => gap.account === account.account.entry.id || gap.deployment === account.account.marketEntry.deployment) ? 'incomplete' : 'safe';
}

function ageText(at: number, { asOf }: Report): string {
  const age = asOf.createdAt - at;
  return age > 0 ? `, ${duration(age)} before this report` : '';
}

function OwnPrices({ account, report }: { readonly account: AccountEvaluation; readonly report: Report }): VNode | null {
  const found = report.liquidationPrices.accounts.find((entry) => entry.account === account);
  const grouped = new Set(report.drivers.filter(({ kind }) => kind === 'group').flatMap(({ assets }) => assets));
  const drivers = (found?.drivers ?? []).filter(({ driver, down, up }) => (down ?? up) !== null && !(driver.kind === 'asset' && driver.assets.some((asset) => grouped.has(asset))));
  if (drivers.length === 0) return null;
  const all = drivers.map(({ driver }) => driver);
  return (
    <ul class="own-prices">
      {drivers.map(({ driver, down, up }) => {
        const point = down ?? up;
        const [shown] = point?.prices ?? [];
        if (point === null) return null;
        return (
          <li key={driver.assets.join()}>
            {driverName(driver, all)} at <strong>{shown === undefined ? '' : price(shown.priceUsd)}</strong> ({percent(point.move)}) {point.becomes === 'breached' ? 'liquidates it' : 'brings it back'}
          </li>
        );
      })}
    </ul>
  );
}

function Legs({ account }: { readonly account: AccountEvaluation }): VNode {
  return (
    <details>
      <summary>What it holds and owes ({account.legs.length})</summary>
      <Scroll label="Legs of the account">
        <table>
          <thead>
            <tr>
              <th scope="col">Side</th>
              <th scope="col">Asset</th>
              <th scope="col">Amount</th>
              <th scope="col">Oracle price</th>
              <th scope="col">Worth</th>
              <th scope="col">Weight</th>
            </tr>
          </thead>
          <tbody>
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
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
