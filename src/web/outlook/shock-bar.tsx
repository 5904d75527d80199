import type { VNode } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import type { PriceDriver } from '../../engine/moves.ts';
import { driverName } from '../data/driver-name.ts';
import { health, percent, plain, price, usd } from '../data/format.ts';
import { type DriverMove, newlyLiquidatable, type WalletModel, type WalletView } from '../data/wallet-model.ts';
import { STATUS_WORD } from '../load-line/status-words.ts';

const LOWEST = -80;
const HIGHEST = 80;
const STEPS = [-50, -30, -20, -10, 10, 20];
/** The words for who listens follow when the slider has rested this long, ms. */
const REST = 400;

interface ShockBarProps {
  readonly model: WalletModel;
  readonly today: WalletView;
  readonly shown: WalletView;
  readonly moved: DriverMove | null;
  readonly onMove: (moved: DriverMove | null) => void;
}

/** The slider that moves one price, and the ship with it. Everything is computed here. */
export function ShockBar({ model, today, shown, moved, onMove }: ShockBarProps): VNode | null {
  const id = useId();
  const [first] = model.drivers;
  const driver = moved?.driver ?? first;
  if (driver === undefined) return null;
  const move = Math.round((moved?.move ?? 0) * 100);
  const set = (next: number): void => onMove({ driver, move: next / 100 });
  return (
    <section class="shock" aria-label="What if a price moves">
      <div class="shock-row">
        <label for={`${id}-driver`}>If the price of</label>
        <select id={`${id}-driver`} value={String(model.drivers.indexOf(driver))} onChange={(event) => onMove(atIndex(model.drivers, event.currentTarget.value, move))}>
          {model.drivers.map((entry, at) => (
            <option key={at} value={String(at)}>
              {driverName(entry, model.drivers)}
            </option>
          ))}
        </select>
        <label for={`${id}-move`}>moves by</label>
        <output for={`${id}-move`} class="shock-figure">
          {percent(move / 100, 0)}
        </output>
        <span class="soft">{priceAt(model, driver, move / 100)}</span>
      </div>
      <input
        id={`${id}-move`}
        class="slider"
        type="range"
        min={LOWEST}
        max={HIGHEST}
        step="1"
        value={move}
        aria-valuetext={`${percent(move / 100, 0)}: ${STATUS_WORD[shown.status]}`}
        onInput={(event) => set(Number(event.currentTarget.value))}
      />
      <div class="shock-row">
        <span class="steps">
          {STEPS.map((step) => (
            <button key={step} type="button" class="chip" aria-pressed={step === move} onClick={() => set(step)}>
              {percent(step / 100, 0)}
            </button>
          ))}
          <button type="button" class="chip" disabled={move === 0} onClick={() => onMove(null)}>
            Today
          </button>
        </span>
      </div>
      <Change today={today} shown={shown} />
      <Spoken
        text={
          move === 0
            ? 'Today’s prices.'
            : `At ${driverName(driver, model.drivers)} ${percent(move / 100, 0)}: ${STATUS_WORD[shown.status]}, weakest account ${health(shown.wallet.weakest?.health ?? null, 2)}.`
        }
      />
    </section>
  );
}

/** What the move changes, beside today. */
function Change({ today, shown }: Pick<ShockBarProps, 'today' | 'shown'>): VNode {
  const gone = newlyLiquidatable(today, shown);
  const isMoved = shown !== today;
  return (
    <dl class={isMoved ? 'change' : 'change still'}>
      <div>
        <dt>Weakest</dt>
        <dd>
          {health(today.wallet.weakest?.health ?? null)} {isMoved ? <>→ {health(shown.wallet.weakest?.health ?? null)}</> : null}
        </dd>
      </div>
      <div>
        <dt>Unified</dt>
        <dd>
          {health(today.wallet.health)} {isMoved ? <>→ {health(shown.wallet.health)}</> : null}
        </dd>
      </div>
      <div>
        <dt>Shortfall</dt>
        <dd>
          {usd(today.wallet.shortfall)} {isMoved ? <>→ {usd(shown.wallet.shortfall)}</> : null}
        </dd>
      </div>
      <div class="change-gone">
        <dt>Then liquidatable</dt>
        <dd>{isMoved ? (gone.length === 0 ? 'no account more than today' : gone.map(({ account }) => plain(account.marketEntry.label)).join(', ')) : 'move the slider to see'}</dd>
      </div>
    </dl>
  );
}

/** Says what the slider does once it rests, to who listens. */
function Spoken({ text }: { readonly text: string }): VNode {
  const [spoken, setSpoken] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSpoken(text), REST);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p class="unseen" role="status">
      {spoken}
    </p>
  );
}

function atIndex(drivers: readonly PriceDriver[], index: string, move: number): DriverMove | null {
  const driver = drivers[Number(index)];
  return driver === undefined ? null : { driver, move: move / 100 };
}

function priceAt({ opened }: WalletModel, driver: PriceDriver, move: number): string {
  const leg = opened.accounts.flatMap(({ legs }) => legs).find(({ asset }) => driver.assets.includes(asset));
  return leg === undefined ? '' : `${plain(leg.symbol)} ${price(leg.priceUsd)}${move === 0 ? '' : ` → ${price(leg.priceUsd.times(1 + move))}`}`;
}
