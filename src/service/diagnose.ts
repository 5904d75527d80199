import { type Config, isLive } from '../config.ts';
import { isPlimsollError } from '../core/errors.ts';
import { openRuntime, type Runtime } from './portfolio/open-runtime.ts';
import { listDatasets } from './portfolio/recorded-data.ts';

/** How one source is. */
export interface SourceState {
  readonly label: string;
  readonly kind: 'subgraph' | 'chain';
  readonly status: 'ok' | 'stale' | 'indexing-errors' | 'unreachable' | 'not-configured';
  readonly block: string | null;
  readonly ageSeconds: number | null;
  readonly note: string;
}

/** The state of everything that is configured. */
export interface Diagnosis {
  readonly mode: string;
  readonly node: string;
  readonly sources: readonly SourceState[];
}

/** Asks every configured source for its head, all at once; nothing is read of any wallet. */
export async function diagnose(config: Config): Promise<Diagnosis> {
  const runtimes = isLive(config) ? [await openRuntime(config, { owners: [] })] : await openRecorded(config);
  try {
    const sources = (await Promise.all(runtimes.map(statesOf))).flat();
    const mode = isLive(config) ? 'live' : `recorded (${runtimes.map((runtime) => runtime.dataset?.name ?? '').join(', ')})`;
    return { mode, node: process.version, sources };
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.close()));
  }
}

async function openRecorded(config: Config): Promise<Runtime[]> {
  const names = config.recorded === null ? (await listDatasets()).map((summary) => summary.name) : [config.recorded];
  return Promise.all(names.map((recorded) => openRuntime(config, { owners: [], recorded })));
}

async function statesOf(runtime: Runtime): Promise<SourceState[]> {
  const { reader } = runtime;
  const byUrl = new Map(reader.deployments.map((deployment) => [reader.endpointOf(deployment)?.url ?? deployment.id, deployment]));
  const subgraphs = [...byUrl.values()].map(async (deployment): Promise<SourceState> => {
    const endpoint = reader.endpointOf(deployment);
    const common = { label: `${deployment.label} subgraph`, kind: 'subgraph' as const };
    if (endpoint === null) {
      const note = deployment.subgraph === null ? 'no subgraph is published: read from the chain' : 'set GRAPH_API_KEY or an endpoint of your own';
      return { ...common, status: 'not-configured', block: null, ageSeconds: null, note };
    }
    return stateOf(
      common,
      async () => {
        const head = await reader.graph.fetchHead(endpoint);
        return { block: head.block.number, timestamp: head.block.timestamp, hasIndexingErrors: head.hasIndexingErrors };
      },
      reader,
    );
  });
  const chains = [...reader.chains.values()].map((chain) =>
    stateOf(
      { label: chain.label, kind: 'chain' },
      async () => {
        const head = await chain.fetchHead('latest');
        return { block: head.number, timestamp: head.timestamp, hasIndexingErrors: false };
      },
      reader,
    ),
  );
  return Promise.all([...subgraphs, ...chains]);
}

interface Head {
  readonly block: bigint;
  readonly timestamp: bigint;
  readonly hasIndexingErrors: boolean;
}

async function stateOf(common: Pick<SourceState, 'label' | 'kind'>, fetchHead: () => Promise<Head>, reader: Runtime['reader']): Promise<SourceState> {
  try {
    const head = await fetchHead();
    const ageSeconds = reader.now() - Number(head.timestamp);
    const known = { ...common, block: head.block.toString(), ageSeconds };
    if (head.hasIndexingErrors) return { ...known, status: 'indexing-errors', note: 'its rows are not used' };
    if (ageSeconds > reader.maxBlockAgeSeconds) return { ...known, status: 'stale', note: `older than ${reader.maxBlockAgeSeconds} s: not used` };
    return { ...known, status: 'ok', note: '' };
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    return { ...common, status: 'unreachable', block: null, ageSeconds: null, note: error.message };
  }
}
