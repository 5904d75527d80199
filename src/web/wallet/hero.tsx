import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Report } from '../../engine/report.ts';
import { duration, health, instant, NOTHING, percent, plain, short, usd, usdShort } from '../data/format.ts';
import { fetchRecorded, type RecordedWallet } from '../data/recorded.ts';
import type { Route } from '../data/route.ts';
import type { WalletModel, WalletView } from '../data/wallet-model.ts';
import { loadLineFacts } from '../load-line/facts.ts';
import { Ship } from '../load-line/ship.tsx';
import { distanceSentence, pictureSentence, statusSentence, wordOf } from '../load-line/words.ts';
import { CopyButton } from '../shell/copy-button.tsx';
import { useNarrow } from '../shell/fold.tsx';
import { StatusBadge } from '../shell/status-badge.tsx';
import { goTo } from '../shell/use-route.ts';
import { ageOf, dataTime, type Reading, staleSentence, staleWord } from './freshness.ts';
import type { WalletRoute } from './load-wallet.ts';

interface HeroProps {
  readonly model: WalletModel;
  readonly today: WalletView;
  readonly shown: WalletView;
  readonly route: WalletRoute;
  readonly reading: Reading;
  /** Since when it is too old to be stood by, Unix milliseconds; null where it is not. */
  readonly staleAt: number | null;
  readonly isReading: boolean;
  /** The move that is shown, as in `if ETH moves −10 %`. */
  readonly moveText: string;
  readonly onRefresh: () => void;
}

/** The load line, with the status in words and the numbers that only make sense together. */
export function Hero(props: HeroProps): VNode {
  const { model, today, shown, reading, staleAt, moveText } = props;
  const isNarrow = useNarrow();
  const facts = loadLineFacts(shown);
  const isMoved = shown !== today;
  const isEmpty = facts.isEmpty && shown.status !== 'incomplete';
  const word = staleAt === null ? wordOf(shown) : staleWord(staleAt, Date.now());
  return (
    <section class={`hero hero-${isEmpty ? 'empty' : shown.status}`} aria-labelledby="status">
      <div class="hero-words">
        <Whose {...props} />
        <h1 id="status">
          {isEmpty ? <span class="badge badge-large status-empty">{word}</span> : <StatusBadge status={shown.status} word={word} large />}
          {isMoved ? <span class="hero-if">{moveText}</span> : null}
        </h1>
        {staleAt === null ? (
          <p class="hero-sentence">{statusSentence(shown)}</p>
        ) : (
          <p class="hero-sentence" role="status">
            <StaleSentence reading={reading} />
          </p>
        )}
      </div>
      <figure class="hero-picture" role="img" aria-label={pictureSentence(shown, word)}>
        <Ship facts={facts} today={isMoved ? loadLineFacts(today) : null} size={isNarrow ? 'narrow' : 'wide'} />
      </figure>
      <div class="hero-body">
        {shown.wallet.weakest === null ? null : <Figures shown={shown} />}
        {isMoved ? null : <Outlook model={model} />}
      </div>
    </section>
  );
}

function Whose({ model, route, reading, isReading, onRefresh }: HeroProps): VNode {
  const { report } = model;
  return (
    <div class="whose">
      <p>
        {report.owners.map((owner) => (
          <span key={owner} class="owner">
            <code title={owner}>{short(owner)}</code>
            <CopyButton text={owner} what="the address" />
          </span>
        ))}
        {route.view === 'file' ? <span class="tag">from a file, on this machine only</span> : null}
      </p>
      <p class="soft">
        {sourceText(report)}
        {report.recorded === null ? <Age reading={reading} /> : null}
        {report.precision === null ? null : <> · precision: {report.precision}</>}
        {report.recorded === null && route.view === 'wallet' ? (
          <button type="button" class="link" onClick={onRefresh} disabled={isReading}>
            {isReading ? 'Reading …' : 'Read again'}
          </button>
        ) : null}
      </p>
      {route.view === 'wallet' && report.recorded !== null ? <Moments route={route} /> : null}
    </div>
  );
}

/** A wallet that recorded data do not know is not what these are about. */
function sourceText({ recorded, accounts, asOf }: Report): string {
  if (recorded === null) return `As of ${instant(dataTime({ asOf }))}`;
  return accounts.length === 0 ? 'Looked for in recorded data alone' : `Recorded: ${plain(recorded)}`;
}

/** How old the data are, in words that go on. */
function Age({ reading }: { readonly reading: Reading }): VNode {
  return <>, {duration(useAge(reading))} old</>;
}

/** Told when it begins, not every second: the figure goes on beside it. */
function StaleSentence({ reading }: { readonly reading: Reading }): VNode {
  const [age] = useState(() => ageOf(reading, Date.now()));
  return <>{staleSentence(age)}</>;
}

function useAge(reading: Reading): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return ageOf(reading, Math.max(now, reading.readAt));
}

/** The recorded moments of a wallet that was looked at over time. */
function Moments({ route }: { readonly route: Extract<Route, { view: 'wallet' }> }): VNode | null {
  const [moments, setMoments] = useState<RecordedWallet['moments']>([]);
  useEffect(() => {
    void fetchRecorded().then(({ wallets }) => setMoments(wallets.find(({ wallet }) => wallet.toLowerCase() === route.wallet.toLowerCase())?.moments ?? []));
  }, [route.wallet]);
  if (moments.length < 2) return null;
  return (
    <label class="moments">
      Moment{' '}
      <select value={route.at ?? moments.at(-1)?.atIso} onChange={(event) => goTo({ ...route, at: event.currentTarget.value })}>
        {moments.map(({ at, atIso }) => (
          <option key={atIso} value={atIso}>
            {instant(at)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Figures({ shown }: { readonly shown: WalletView }): VNode {
  const { wallet } = shown;
  const { weakest } = wallet;
  return (
    <dl class="figures">
      <div class="figure-first">
        <dt>Weakest account</dt>
        <dd class="big">{health(weakest?.health ?? null)}</dd>
        <dd class="soft">{plain(weakest?.account.marketEntry.label ?? '')}</dd>
      </div>
      <div class="figure-first">
        <dt>Unified health</dt>
        <dd class="big">{health(wallet.health)}</dd>
        <dd class="soft">
          {usdShort(wallet.adjustedCollateral)} held against {usdShort(wallet.adjustedDebt)}, as weighted
        </dd>
      </div>
      <div>
        <dt>Shortfall</dt>
        <dd title={usd(wallet.shortfall)}>{usdShort(wallet.shortfall)}</dd>
      </div>
      <div>
        <dt>Debt covered</dt>
        <dd>{wallet.coverRatio === null ? NOTHING : percent(wallet.coverRatio, 1).replace('+', '')}</dd>
      </div>
      <div>
        <dt>Held without debt</dt>
        <dd>{usdShort(wallet.freeCollateral)}</dd>
      </div>
    </dl>
  );
}

function Outlook({ model }: { readonly model: WalletModel }): VNode | null {
  const distance = distanceSentence(model);
  const { first } = model.report.timeToLiquidation;
  if (distance === null && (first === null || first.seconds === 0n)) return null;
  return (
    <p class="hero-outlook">
      {distance}
      {first === null || first.seconds === 0n ? null : (
        <>
          {' '}
          If they stand still, interest alone takes {first.account === model.report.distance.first?.account ? 'it' : plain(first.account.account.marketEntry.label)} there in{' '}
          {duration(Number(first.seconds))}.
        </>
      )}
    </p>
  );
}
