import { keep, readKept } from './theme.ts';

const KEY = 'plimsoll.recent';
const MOST = 6;

/** Wallets that were looked at on this machine, newest first. */
export function readRecent(): readonly string[] {
  return parseRecent(readKept(KEY));
}

/** Remembers a wallet as the newest. */
export function rememberWallet(wallet: string): void {
  keep(KEY, JSON.stringify(withNewest(readRecent(), wallet)));
}

/** Reads the list as it is kept; what is not one is empty. */
export function parseRecent(text: string | null): readonly string[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string' && entry.length <= 400).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** The list with a wallet at its head, once. */
export function withNewest(list: readonly string[], wallet: string): readonly string[] {
  return [wallet, ...list.filter((entry) => entry.toLowerCase() !== wallet.toLowerCase())].slice(0, MOST);
}
