import { InternalError } from '../../src/core/errors.ts';
import type { Address } from '../../src/core/ids.ts';
import type { Rule } from '../../src/core/rule.ts';
import type { BlockRef, GraphEndpoint } from '../../src/core/source.ts';
import type { Deployment, Normalized, NormalizedAccount, NormalizedMarket, NormalizeInput, Protocol, Rows } from '../../src/protocols/protocol.ts';
import { RECORDED_ROOT } from '../../src/service/portfolio/recorded-data.ts';
import { createChainSource } from '../../src/sources/chain.ts';
import { systemClock, systemFetch, systemRandom } from '../../src/sources/clock.ts';
import { createGraphSource } from '../../src/sources/graph.ts';
import { type Dataset, readDataset } from '../../src/sources/recorded/dataset.ts';
import { startRecorded } from '../../src/sources/recorded/start.ts';
import { datasetOf, type ProtocolFixture } from './protocol-fixture.ts';

const MACHINE = { clock: systemClock, random: systemRandom, fetch: systemFetch };
/** Rows of a generated sample: enough for accounts that can be valued, few enough to look at. */
const FEW = 3;

/** What one deployment answered about some owners, with the input that normalizing gets. */
export interface Sample {
  readonly name: string;
  readonly protocol: Protocol;
  readonly input: NormalizeInput;
}

/** One account of a sample under one rule of its protocol. */
export interface SampleAccount {
  readonly name: string;
  readonly protocol: Protocol;
  readonly deployment: Deployment;
  readonly rule: Rule;
  readonly market: NormalizedMarket;
  readonly account: NormalizedAccount;
  readonly at: bigint;
}

/** Reads every sample of a protocol through recorded endpoints: generated rows without a chain, shipped data sets with the chain that they record. */
export async function readSamples(protocol: Protocol, fixture: ProtocolFixture): Promise<readonly Sample[]> {
  const own = getDeployment(protocol, fixture.deployment);
  if (own.subgraph === null) throw new InternalError(`${own.id} has no subgraph: name a deployment that has one`);
  const rows = fixture.generate(FEW);
  const generated = await readSample(own, protocol, { dataset: datasetOf(fixture, rows, { chain: own.chain, dialect: own.subgraph.dialect }), owners: rows.owners });
  const recorded = await Promise.all(fixture.recorded.map(async ({ dataset, wallet }) => readSample(own, protocol, { dataset: await readDataset(`${RECORDED_ROOT}${dataset}`), owners: [wallet] })));
  return [generated, ...recorded];
}

/** The accounts of samples, each under every rule of its protocol: versions of a rule share their state. */
export function listAccounts(samples: readonly Sample[]): readonly SampleAccount[] {
  return samples.flatMap(({ name, protocol, input }) => {
    const normalized: Normalized = protocol.normalize(input);
    return normalized.accounts.flatMap((account) => {
      const market = normalized.markets.find((entry) => entry.id === account.market);
      if (market === undefined) throw new InternalError(`account ${account.id} names the market ${account.market}, which normalize does not give`);
      return protocol.rules.map(
        (rule): SampleAccount => ({ name: `${name} ${account.id} under ${rule.id}`, protocol, deployment: input.deployment, rule, market, account, at: input.block.timestamp }),
      );
    });
  });
}

/** A deployment of a protocol by its id. */
export function getDeployment(protocol: Protocol, id: string): Deployment {
  const found = protocol.deployments.find((deployment) => deployment.id === id);
  if (found === undefined) throw new InternalError(`the fixture of ${protocol.id} names the deployment ${id}, which is not in its rows`);
  return found;
}

async function readSample(deployment: Deployment, protocol: Protocol, { dataset, owners }: { readonly dataset: Dataset; readonly owners: readonly Address[] }): Promise<Sample> {
  const recorded = await startRecorded(dataset);
  try {
    const rpc = recorded.rpcUrl(deployment.chain);
    const { rows, head } = await readRows(protocol, deployment, owners, recorded.graphUrl(deployment.id) ?? '');
    const chain = rpc === null ? null : createChainSource({ chain: deployment.chain, endpoint: { url: rpc, label: 'recorded chain' }, ...MACHINE });
    const block = chain === null ? head : await chain.fetchBlock(head.number);
    const calls = chain === null || block.hash === null ? null : await chain.fetchCalls(protocol.value(deployment, owners, rows), block.hash);
    return { name: `${dataset.name}, ${deployment.id}`, protocol, input: { deployment, owners, block, rows, calls } };
  } finally {
    await recorded.close();
  }
}

async function readRows(protocol: Protocol, deployment: Deployment, owners: readonly Address[], url: string): Promise<{ readonly rows: Rows; readonly head: BlockRef }> {
  const graph = createGraphSource(MACHINE);
  const endpoint: GraphEndpoint = { chain: deployment.chain, dialect: deployment.subgraph?.dialect ?? 'graph-node', url, label: deployment.id };
  const { block } = await graph.fetchHead(endpoint);
  const queries = protocol.discover(deployment, owners);
  const rows = await Promise.all(queries.map((query) => graph.fetchRows(endpoint, query, block.hash)));
  return { rows: Object.fromEntries(queries.map((query, at) => [query.name, rows[at] ?? []])), head: block };
}
