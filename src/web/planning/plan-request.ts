import type { Portfolio } from '../../core/portfolio.ts';
import { type Answer, requestJson } from '../data/request.ts';
import type { WalletRoute } from '../wallet/load-wallet.ts';
import type { PlanDocument } from './plan-words.ts';

/** What a plan is to reach, and how. */
export interface Wish {
  readonly target: string;
  readonly shock: string;
  readonly order: 'any' | 'sequence';
  readonly calldata: boolean;
  /** Of calls alone: the owner's own contract, and calls in spite of gaps. */
  readonly executor: string;
  readonly acceptGaps: boolean;
}

/** What is asked for before anything was typed. */
export const FIRST_WISH: Wish = { target: '1.5', shock: '', order: 'sequence', calldata: false, executor: '', acceptGaps: false };

/** What the orders are called. */
export const ORDER_WORDS: Readonly<Record<Wish['order'], string>> = { sequence: 'my own calls', any: 'my calls, or my executor with a flash loan' };

/** Where a plan is asked for, and with what. */
export interface PlanCall {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Writes the request for a plan. A wallet that the service read itself is planned as it reads it; only a file, or a wallet at a moment that the service would not read by itself, is
 * sent as a document, which is trusted less.
 */
export function planCall(portfolio: Portfolio, route: WalletRoute, wish: Wish): PlanCall {
  const [target, shock, executor] = [wish.target, wish.shock, wish.executor].map((text) => text.trim());
  const calls = wish.calldata ? { acceptGaps: wish.acceptGaps, ...(executor === '' ? {} : { executor }) } : {};
  const options = { target, order: wish.order, calldata: wish.calldata, ...calls, ...(shock === '' ? {} : { shock }) };
  if (route.view === 'file' || route.at !== null) return { path: '/v1/plan', body: { portfolio, ...options } };
  return { path: `/v1/wallets/${encodeURIComponent(route.wallet)}/plan`, body: { ...options, ...(route.recorded === null ? {} : { recorded: route.recorded }) } };
}

/** Asks for a plan. */
export async function requestPlan({ path, body }: PlanCall, signal: AbortSignal): Promise<Answer<PlanDocument>> {
  const answer = await requestJson(path, { body, signal });
  return answer.ok ? { ok: true, value: answer.value as PlanDocument } : answer;
}

/** What a plan was asked for, as its heading. */
export function wishWords({ target, shock, order, calldata }: Wish): string {
  const still = shock.trim() === '' ? '' : ` that still stands after ${shock.trim()}`;
  return `For a health of ${target.trim()} of every account${still}, by ${ORDER_WORDS[order]}${calldata ? ', with unsigned calls' : ''}`;
}
