import { short } from '../data/format.ts';
import type { Route } from '../data/route.ts';

const TITLES: Readonly<Record<Exclude<Route['view'], 'wallet'>, string>> = {
  home: 'Plimsoll: one wallet, one load line',
  file: 'Opened document · Plimsoll',
  opportunities: 'Opportunities · Plimsoll',
  proofs: 'Proofs · Plimsoll',
};

/** The title of the tab: of a wallet its status, once that is known, and its address. */
export function titleOf(route: Route, status: string | null = null): string {
  const name = route.view === 'wallet' ? `${route.wallet.split(',').map(short).join(', ')} · Plimsoll` : TITLES[route.view];
  return status === null ? name : `${status} · ${name}`;
}
