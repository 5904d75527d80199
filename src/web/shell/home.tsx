import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { asksForKey } from '../data/api-key.ts';
import { short } from '../data/format.ts';
import { askRecorded, type RecordedWallet } from '../data/recorded.ts';
import type { Failure } from '../data/request.ts';
import { formatRoute } from '../data/route.ts';
import { Ship } from '../load-line/ship.tsx';
import { Failed } from './failed.tsx';
import { useNarrow } from './fold.tsx';
import { readRecent } from './recent-wallets.ts';
import { useApiKey } from './use-api-key.ts';
import { WalletBox } from './wallet-box.tsx';

const LEGEND = { status: 'warning', depth: 1.3, weakest: 1.3, unified: 1.62, isByMarket: false, isEmpty: false } as const;

/** Where one starts. */
export function Home(): VNode {
  const [recorded, setRecorded] = useState<readonly RecordedWallet[]>([]);
  const isNarrow = useNarrow();
  const [locked, setLocked] = useState<Failure | null>(null);
  const key = useApiKey();
  useEffect(() => {
    void askRecorded().then((answer) => {
      if (answer.ok) setRecorded(answer.value.wallets);
      setLocked(answer.ok || !asksForKey(answer.failure.code) ? null : answer.failure);
    });
  }, [key]);
  const recent = readRecent();
  return (
    <div class="home">
      {locked === null ? null : <Failed failure={locked} onAgain={() => undefined} />}
      <div class="home-top">
        <section class="home-lead">
          <h1>How close is a wallet to its line?</h1>
          <p class="lead">
            A ship’s load line shows how deep it may lie in the water. Plimsoll draws that line for borrowed money: every protocol a wallet has borrowed from, in the protocols’ own integers, as one
            picture.
          </p>
          <WalletBox size="large" />
        </section>
        <figure class="home-picture">
          <Ship facts={LEGEND} today={null} size={isNarrow ? 'narrow' : 'wide'} />
          <figcaption>
            <strong>How to read it.</strong> The water reaches as high as the <em>weakest account</em> is loaded. When the circle with the line (health 1) goes under, that account is liquidated. The
            dashed line is the <em>unified</em> health: where the ship would float if all accounts were one.
          </figcaption>
        </figure>
      </div>
      {recent.length === 0 ? null : (
        <section aria-labelledby="recent">
          <h2 id="recent">Looked at before</h2>
          <ul class="wallet-list">
            {recent.map((wallet) => (
              <li key={wallet}>
                <a href={formatRoute({ view: 'wallet', wallet, recorded: null, at: null })}>
                  <code>{short(wallet)}</code>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {recorded.length === 0 ? null : (
        <section aria-labelledby="recorded">
          <h2 id="recorded">Recorded wallets, to try it without any key</h2>
          <ul class="wallet-list">
            {firstOfEach(recorded).map(({ wallet, label, title, dataset }) => (
              <li key={`${dataset} ${wallet}`}>
                <a href={formatRoute({ view: 'wallet', wallet, recorded: dataset, at: null })}>
                  <code>{short(wallet)}</code> <span>{label}</span>
                  <small>{title}</small>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

/** Two wallets of each data set, for one has dozens; those over time last. */
function firstOfEach(wallets: readonly RecordedWallet[]): readonly RecordedWallet[] {
  const chosen = [...Map.groupBy(wallets, ({ dataset }) => dataset).values()].flatMap((list) => list.slice(0, 2));
  return chosen.toSorted((a, b) => a.moments.length - b.moments.length);
}
