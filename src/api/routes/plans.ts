import { type Config, isLive } from '../../config.ts';
import type { Address } from '../../core/ids.ts';
import { toAddress } from '../../core/ids.ts';
import { planToJson } from '../../service/plan/json.ts';
import { planPortfolio } from '../../service/plan/plan-wallet.ts';
import type { PlanRequest } from '../../service/plan/request.ts';
import { MACHINE } from '../../service/portfolio/open-runtime.ts';
import type { DocumentThreads } from '../documents/document-threads.ts';
import type { Cache } from '../http/cache.ts';
import { type Call, type Handlers, json, written } from '../http/call.ts';
import { abortable } from '../http/deadline.ts';
import type { WorkGate } from '../http/work-gate.ts';
import { keyOf, type ReadWallet } from './wallet-source.ts';

/** What plans are made with. */
export interface PlanRouteOptions {
  readonly config: Config;
  readonly wallets: Cache<ReadWallet>;
  /** Of its own: a solver takes a thread. */
  readonly gate: WorkGate;
  readonly documents: DocumentThreads;
}

type Options = Omit<Call<'planPortfolio'>['body'], 'portfolio'>;

/** Plans for wallets, and for documents from elsewhere. */
export function planHandlers({ config, wallets, gate, documents }: PlanRouteOptions): Pick<Handlers, 'planWallet' | 'planPortfolio'> {
  /** A plan that nobody waits for is broken off: its thread is another one's. */
  const within = (signal: AbortSignal) => ({ config, signal, surroundings: abortable(MACHINE, signal) });
  return {
    async planWallet({ params, body, signal }) {
      const { portfolio } = await wallets.get(keyOf(params.wallet, { chain: body.chain, recorded: body.recorded }, config), signal);
      // What is recorded says nothing about today's pools and balances.
      const recorded = portfolio.recorded === null || !isLive(config) ? {} : { recorded: body.recorded ?? '' };
      return gate.run(async () => json(planToJson(await planPortfolio(portfolio, { ...readOptions(body), ...recorded }, { ...within(signal), trust: 'as-read' }))), signal);
    },
    planPortfolio: async ({ body, text, signal }) => written(await documents.run({ kind: 'plan', text, request: readOptions(body), config: publicPart(config) }, signal)),
  };
}

/** What a plan has no use for stays out of its thread. */
function publicPart(config: Config): Config {
  return { ...config, databaseUrl: null, sealKey: null };
}

function readOptions(options: Options): PlanRequest {
  const { view, targetNative, shock, budgetMs, order, cash, calldata, acceptGaps, poolFee } = options;
  return {
    subject: '',
    view,
    target: Number(options.target),
    native: targetNative,
    unified: options.unified === null ? null : Number(options.unified),
    shock,
    budgetMs,
    order,
    cash,
    gasUsd: options.gasUsd === null ? null : Number(options.gasUsd),
    priceHeadRoom: Number(options.slippage),
    calldata,
    acceptGaps,
    executor: readExecutor(options.executor),
    poolFee,
  };
}

function readExecutor(text: string | null): Address | null {
  return text === null ? null : toAddress(text);
}
