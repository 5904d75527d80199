import { followWallets } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';

/** What following needs. */
export interface FollowOptions {
  readonly database: Database;
  /** Those that somebody asks for now. */
  readonly wallets: () => ReadonlySet<string>;
  /** Called where the database could not be told; it is told again soon. */
  readonly failed: (error: unknown) => void;
}

/** Has the watch look at wallets that no rule is about, for as long as somebody asks for them. */
export interface Following {
  /** Begins at once with some. */
  readonly follow: (wallets: readonly string[]) => void;
  stop(): Promise<void>;
}

/** Seconds after which a wallet is no longer followed, unless that is said again. */
const FOLLOWED_SECONDS = 60;
const SAID_AGAIN_MS = 20_000;

/** Starts following. */
export function startFollowing({ database, wallets, failed }: FollowOptions): Following {
  let telling: Promise<void> = Promise.resolve();
  const follow = (owners: readonly string[]): void => {
    if (owners.length > 0) telling = telling.then(() => followWallets(database, owners, FOLLOWED_SECONDS)).catch(failed);
  };
  const timer = setInterval(() => follow([...wallets()]), SAID_AGAIN_MS);
  timer.unref();
  return {
    follow,
    stop() {
      clearInterval(timer);
      return telling;
    },
  };
}
