import { type Answer, requestJson } from '../data/request.ts';
import { queryOf, type Route } from '../data/route.ts';
import { openWallet, type WalletModel } from '../data/wallet-model.ts';
import { heldFile } from '../shell/opened-file.ts';

/** Fetches a wallet's document once, or takes the one that was opened, and computes it here. */
export async function loadWalletModel(route: Extract<Route, { view: 'wallet' | 'file' }>, signal: AbortSignal): Promise<Answer<WalletModel>> {
  if (route.view === 'file') {
    const file = heldFile();
    if (file !== null) return openWallet(file.text);
    return { ok: false, failure: { code: 'INVALID_FILE', message: 'A document that was opened is forgotten when the page is loaded anew: open it again.', retryable: false } };
  }
  const answer = await requestJson(`/v1/wallets/${encodeURIComponent(route.wallet)}/portfolio${queryOf(route)}`, { signal });
  return answer.ok ? openWallet(answer.value) : answer;
}
