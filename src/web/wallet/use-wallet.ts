import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { fetchRecorded } from '../data/recorded.ts';
import { startTelling } from '../data/start-telling.ts';
import { rememberWallet } from '../shell/recent-wallets.ts';
import { DEFAULT_MAX_AGE, type Reading, staleTime } from './freshness.ts';
import { afterAnswer, loadWalletModel, type WalletRoute, type WalletState, whileReading } from './load-wallet.ts';

/** Someone who comes back after this long sees it read again, milliseconds. */
const AWAY = 60_000;
/** How often it is looked whether data have grown old, milliseconds: a timer alone sleeps with the machine. */
const LOOK = 2_000;
/** Wallets that one stream may be about. */
const MOST_FOLLOWED = 20;

/** Reads the wallet of a route, and again when it is asked for; meanwhile what was read before stays. */
export function useWallet(route: WalletRoute): { readonly state: WalletState; readonly again: () => void } {
  const [state, setState] = useState<WalletState>({ phase: 'loading' });
  const stop = useRef<() => void>(() => undefined);
  const isFile = route.view === 'file';
  const read = useCallback(
    (isAnew: boolean) => {
      stop.current();
      setState((before) => whileReading(before, isAnew));
      stop.current = startTelling(
        (signal) => loadWalletModel(route, signal),
        (answer) => {
          if (answer.ok && route.view === 'wallet') rememberWallet(route.wallet);
          setState((before) => afterAnswer(before, answer, { at: Date.now(), isFile }));
        },
      );
    },
    [route],
  );
  useEffect(() => {
    read(true);
    return () => stop.current();
  }, [read]);
  const again = useCallback(() => read(false), [read]);
  return { state, again };
}

/** Tells whether live data have passed the greatest age of a block. @returns when they did, Unix milliseconds; null as long as they have not */
export function useStaleness(reading: Reading): number | null {
  const [maxAge, setMaxAge] = useState(DEFAULT_MAX_AGE);
  const at = staleTime(reading, maxAge);
  const [past, setPast] = useState<number | null>(null);
  useEffect(() => void fetchRecorded().then(({ maxBlockAgeSeconds = DEFAULT_MAX_AGE }) => setMaxAge(maxBlockAgeSeconds)), []);
  useEffect(() => {
    const look = (): void => setPast(at !== null && Date.now() >= at ? at : null);
    look();
    const timer = setInterval(look, LOOK);
    return () => clearInterval(timer);
  }, [at]);
  return past === at ? at : null;
}

/** Has a live wallet read again where it is told to have changed, and when somebody comes back to it. */
export function useNews({ model: { report }, readAt, isFile }: Reading, again: () => void): void {
  const isFollowed = report.recorded === null && !isFile;
  const owners = report.owners.slice(0, MOST_FOLLOWED).join(',');
  const newest = useRef(readAt);
  newest.current = readAt;
  useEffect(() => {
    if (!isFollowed || owners === '') return undefined;
    const comeBack = (): void => {
      if (document.visibilityState === 'visible' && Date.now() - newest.current > AWAY) again();
    };
    document.addEventListener('visibilitychange', comeBack);
    const leave = followChanges(`/v1/stream?wallet=${owners}&kind=health.changed`, again);
    return () => {
      document.removeEventListener('visibilitychange', comeBack);
      leave();
    };
  }, [isFollowed, owners, again]);
}

/** Loads what follows a stream first: a page is shown without. */
function followChanges(path: string, changed: () => void): () => void {
  let isOver = false;
  let leave = (): void => undefined;
  const start = ({ followStream }: typeof import('../data/live-stream.ts')): void => {
    if (!isOver) leave = followStream(path, { onState: () => undefined, onEvent: changed });
  };
  // Without it the data grow old in sight.
  import('../data/live-stream.ts').then(start, () => undefined);
  return () => {
    isOver = true;
    leave();
  };
}
