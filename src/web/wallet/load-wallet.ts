import { Decimal } from '../../core/decimal.ts';
import { type Bands, DEFAULT_BANDS } from '../../engine/report.ts';
import { fetchRecorded } from '../data/recorded.ts';
import { type Answer, type Failure, requestJson } from '../data/request.ts';
import { queryOf, type Route } from '../data/route.ts';
import { openWallet, type WalletModel } from '../data/wallet-model.ts';
import { heldFile } from '../shell/opened-file.ts';
import type { Reading } from './freshness.ts';

/** What can be looked at as a wallet. */
export type WalletRoute = Extract<Route, { view: 'wallet' | 'file' }>;

/** How a wallet stands with its page. */
export type WalletState =
  | { readonly phase: 'loading' }
  | { readonly phase: 'failed'; readonly failure: Failure }
  /** It is shown; `failure` is why it could not be read again. */
  | { readonly phase: 'ready'; readonly reading: Reading; readonly isReading: boolean; readonly failure: Failure | null };

/** Fetches a wallet's document once, or takes the one that was opened, and computes it here. */
export async function loadWalletModel(route: WalletRoute, signal: AbortSignal): Promise<Answer<WalletModel>> {
  if (route.view === 'file') {
    const file = heldFile();
    if (file !== null) return openWallet(file.text, await fetchBands());
    return { ok: false, failure: { code: 'INVALID_FILE', message: 'A document that was opened is forgotten when the page is loaded anew: open it again.', retryable: false } };
  }
  const [answer, bands] = await Promise.all([requestJson(`/v1/wallets/${encodeURIComponent(route.wallet)}/portfolio${queryOf(route)}`, { signal }), fetchBands()]);
  return answer.ok ? openWallet(answer.value, bands) : answer;
}

/** The bands of the service; those of the program where it does not answer. */
async function fetchBands(): Promise<Bands> {
  const { bands } = await fetchRecorded();
  return bands === undefined ? DEFAULT_BANDS : { warning: new Decimal(bands.warning), critical: new Decimal(bands.critical) };
}

/** What is shown while it is read, the first time or again. */
export function whileReading(state: WalletState, isAnew: boolean): WalletState {
  return isAnew || state.phase !== 'ready' ? { phase: 'loading' } : { ...state, isReading: true };
}

/**
 * What is shown after an answer. What was read before stays where reading it again failed: it grows old, and says so.
 *
 * @param at unix milliseconds
 */
export function afterAnswer(state: WalletState, answer: Answer<WalletModel>, { at, isFile }: { readonly at: number; readonly isFile: boolean }): WalletState {
  if (answer.ok) return { phase: 'ready', reading: { model: answer.value, readAt: at, isFile }, isReading: false, failure: null };
  return state.phase === 'ready' ? { ...state, isReading: false, failure: answer.failure } : { phase: 'failed', failure: answer.failure };
}
