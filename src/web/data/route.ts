import { isWalletText } from '../../core/wallet-text.ts';

/** What the page shows. */
export type Route =
  | { readonly view: 'home' }
  | { readonly view: 'wallet'; readonly wallet: string; readonly recorded: string | null; readonly at: string | null }
  /** A Portfolio that was opened from a file; it lives in this tab only. */
  | { readonly view: 'file' }
  | { readonly view: 'opportunities' }
  | { readonly view: 'proofs' };

const WALLET = '/wallet/';

/**
 * Reads the part of the address behind `#`. What is not understood is home.
 *
 * @example
 * ```ts
 * parseRoute('#/wallet/0xabc?at=2021-02-24'); // { view: 'wallet', wallet: '0xabc', recorded: null, at: '2021-02-24' }
 * ```
 */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
  if (path === '/file') return { view: 'file' };
  if (path === '/opportunities') return { view: 'opportunities' };
  if (path === '/proofs') return { view: 'proofs' };
  const wallet = path.startsWith(WALLET) ? decode(path.slice(WALLET.length)) : '';
  if (wallet === '') return { view: 'home' };
  const parameters = new URLSearchParams(query);
  return { view: 'wallet', wallet, recorded: parameters.get('recorded'), at: parameters.get('at') };
}

/** Writes a route as {@link parseRoute} reads it. */
export function formatRoute(route: Route): string {
  if (route.view === 'home') return '#/';
  if (route.view !== 'wallet') return `#/${route.view}`;
  return `#${WALLET}${encodeURIComponent(route.wallet).replaceAll('%3A', ':').replaceAll('%2C', ',')}${queryOf(route)}`;
}

/** The same as parameters of the service's address; empty where there are none. */
export function queryOf({ recorded, at }: { readonly recorded: string | null; readonly at: string | null }): string {
  const parameters = new URLSearchParams({ ...(recorded === null ? {} : { recorded }), ...(at === null ? {} : { at }) }).toString();
  return parameters === '' ? '' : `?${parameters}`;
}

/** Tells what is wrong with a wallet as it was typed; null where nothing is. Several are separated by commas. */
export function findWalletFault(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === '') return 'Type a wallet: an address, a CAIP-10 account or an ENS name.';
  const wrong = trimmed.split(',').find((part) => !isWalletText(part.trim()));
  if (wrong === undefined) return null;
  return `“${wrong.trim().slice(0, 66)}” is not a wallet. Write 0x and 40 hex digits, a CAIP-10 account such as eip155:1:0x…, or an ENS name.`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
