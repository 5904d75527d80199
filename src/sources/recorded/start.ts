import type { ChainId } from '../../core/ids.ts';
import { createDocuments, type Documents } from '../documents.ts';
import { createChainEndpoint } from './chain-endpoint.ts';
import type { Dataset } from './dataset.ts';
import { type AnswerRequest, createGraphEndpoint } from './graph-endpoint.ts';
import { startJsonServer } from './json-http.ts';

/** A data set that is being served. */
export interface Recorded {
  /** The GraphQL endpoint of a deployment; null where it is not recorded. */
  graphUrl(deploymentId: string): string | null;
  /** The JSON-RPC endpoint of a chain; null where it is not recorded. */
  rpcUrl(chain: ChainId): string | null;
  /** Unix seconds that count as "now" in this recording. */
  readonly clockSeconds: number;
  close(): Promise<void>;
}

/**
 * Serves a data set over HTTP on the loopback: a GraphQL endpoint for each recorded subgraph, a JSON-RPC endpoint for each chain. A
 * GraphQL endpoint is built at its first request.
 *
 * @param documents where the schema excerpts lie; the package's own by default
 * @throws {InvalidFile} where a recorded subgraph names an excerpt that is not there, or a recorded call does not fit its signature
 * @example
 * ```ts
 * const recorded = await startRecorded(await readDataset('subgraphs/recorded/demo'));
 * recorded.graphUrl('aave-v3/1/core'); // 'http://127.0.0.1:…/graph/0'
 * await recorded.close();
 * ```
 */
export async function startRecorded(dataset: Dataset, documents: Documents = createDocuments()): Promise<Recorded> {
  const endpoints = new Map<string, () => AnswerRequest>();
  const graphPaths = new Map<string, string>();
  const rpcPaths = new Map<string, string>();
  dataset.subgraphs.forEach((recorded, at) => {
    const sdl = documents.schema(recorded.schema);
    endpoints.set(
      `/graph/${at}`,
      once(() => createGraphEndpoint(recorded, sdl)),
    );
    for (const deployment of recorded.deployments) graphPaths.set(deployment, `/graph/${at}`);
  });
  for (const recorded of dataset.chains) {
    const path = `/rpc/${recorded.chain.slice('eip155:'.length)}`;
    const endpoint = createChainEndpoint(recorded);
    endpoints.set(path, () => endpoint);
    rpcPaths.set(recorded.chain, path);
  }
  const server = await startJsonServer((path) => endpoints.get(path)?.() ?? null);
  const urlOf = (path: string | undefined) => (path === undefined ? null : `${server.origin}${path}`);
  return {
    graphUrl: (deploymentId) => urlOf(graphPaths.get(deploymentId)),
    rpcUrl: (chain) => urlOf(rpcPaths.get(chain)),
    clockSeconds: dataset.clockSeconds,
    close: () => server.close(),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
