import type { Config } from '../../config.ts';
import { isLive } from '../../config.ts';
import { encodeJson, type Json } from '../../core/json.ts';
import { PROTOCOLS } from '../../protocols/registry.ts';
import { bandsOf } from '../../service/portfolio/bands.ts';
import { listMoments } from '../../service/portfolio/recorded-data.ts';
import type { DocumentThreads } from '../documents/document-threads.ts';
import { addShocked } from '../documents/write-report.ts';
import type { Cache } from '../http/cache.ts';
import { type Handlers, json, written } from '../http/call.ts';
import { type Prepared, prepare } from '../http/prepared.ts';
import type { WorkGate } from '../http/work-gate.ts';
import { keyOf, type ReadWallet } from './wallet-source.ts';

/** What risk reports are made with. */
export interface RiskOptions {
  readonly config: Config;
  readonly wallets: Cache<ReadWallet>;
  readonly gate: WorkGate;
  readonly documents: DocumentThreads;
}

/** Reports, and what they can be about. */
export function riskHandlers({ config, wallets, gate, documents }: RiskOptions): Pick<Handlers, 'getWallet' | 'getWalletPortfolio' | 'computeHealth' | 'listProtocols' | 'listRecorded'> {
  const protocols = once(() => Promise.resolve(prepare(listProtocols())));
  const recorded = once(async () => prepare(await listRecorded(config)));
  return {
    async getWallet({ params, query, signal }) {
      const key = keyOf(params.wallet, query, config);
      const { portfolio, report } = wallets.find(key) ?? (await wallets.get(key, signal));
      if (query.shock === undefined) return { kind: 'prepared', prepared: report };
      const shock = query.shock;
      return gate.run(async () => json(addShocked(JSON.parse(report.body.toString()), portfolio, shock)), signal);
    },
    async getWalletPortfolio({ params, query, signal }) {
      const { document } = await wallets.get(keyOf(params.wallet, query, config), signal);
      return { kind: 'prepared', prepared: document() };
    },
    computeHealth: async ({ text, query, signal }) => written(await documents.run({ kind: 'health', text, shock: query.shock ?? null, bands: config.bands }, signal)),
    listProtocols: async () => ({ kind: 'prepared', prepared: await protocols() }),
    listRecorded: async () => ({ kind: 'prepared', prepared: await recorded() }),
  };
}

function listProtocols(): Json {
  return {
    protocols: PROTOCOLS.map((protocol) => ({
      protocol: protocol.id,
      label: protocol.label,
      rules: protocol.rules.map((rule) => rule.id),
      // The chain makes every rule exact; a subgraph alone lacks oracle prices and accumulators everywhere.
      precision: { withChain: 'exact', withSubgraphOnly: protocol.deployments.length === 0 ? 'as the book says' : 'estimate' },
      deployments: protocol.deployments.map(({ id, chain, label, market, subgraph, source }) => ({
        id,
        chain,
        label,
        market,
        subgraph: subgraph === null ? null : 'id' in subgraph ? subgraph.id : subgraph.url,
        source,
      })),
    })),
  };
}

async function listRecorded(config: Config): Promise<Json> {
  const datasets = await listMoments();
  return {
    mode: isLive(config) ? 'live' : 'recorded',
    maxBlockAgeSeconds: config.maxBlockAgeSeconds,
    bands: { warning: bandsOf(config).warning.toFixed(), critical: bandsOf(config).critical.toFixed() },
    wallets: datasets.flatMap(({ name, title, about, wallets, moments }) =>
      wallets.map(({ address, label }) => ({ dataset: name, title, about, wallet: address, label, moments: encodeJson(moments.map((at) => ({ at, atIso: new Date(at * 1000).toISOString() }))) })),
    ),
  };
}

/** Makes a value when it is first asked for; a failure is not kept. */
export function once(make: () => Promise<Prepared>): () => Promise<Prepared> {
  let made: Promise<Prepared> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
}
