import { type Address, type AssetId, erc20, parseChain, USD } from '../../core/ids.ts';
import type { Deployment, KnownToken } from '../protocol.ts';
import { COMETS, type CometFacts, type FeedRow } from './comets.ts';
import { COMPOUND_V3_RULE } from './rule-id.ts';

/** The network ids of the subgraph that indexes comets with contract reads at each event. @source papercliplabs/compound-v3-subgraph@21bb019 README.md */
const SUBGRAPHS: Readonly<Record<number, string>> = {
  1: '5nwMCSHaTqG3Kd2gHznbTXEnZ9QNWsssQfbHhDqQSQFp',
  10: 'FhHNkfh5z6Z2WCEBxB6V3s8RPxnJfWZ9zAfM5bVvbvbb',
  137: 'AaFtUWKfFdj2x8nnE3RxTSJkHwGHvawH3VWFBykCGzLs',
  8453: '2hcXhs36pTBDVUmk5K2Zkr6N4UYGwaHuco2a6jyTsijo',
  42161: 'Ff7ha9ELmpmg81D6nYxy4t8aGP26dPztqD1LDJNPqjLS',
  534352: '6aRGn6noEdin1krLfYTnLMYaCoTujL7cHekARE4Ndxng',
};

const CHAIN_NAMES: Readonly<Record<number, string>> = {
  1: 'Ethereum',
  10: 'Optimism',
  130: 'Unichain',
  137: 'Polygon',
  2020: 'Ronin',
  5000: 'Mantle',
  8453: 'Base',
  42161: 'Arbitrum',
  59144: 'Linea',
  534352: 'Scroll',
};

/** Feeds whose product is the USD price of a comet's unit of account, by chain and slug; a comet that is not listed counts in USD. */
type UnitFeeds = Readonly<Record<string, Address>>;

/**
 * Comets that do not count in USD. The ETH/USD feed is the one that the chain's own USD comets price WETH with; wstETH/ETH is what the Ethereum WETH
 * comet prices wstETH with; BTC/USD is the one behind the Ethereum USDC comet's WBTC.
 *
 * @source compound-finance/comet@d5a30b0 deployments: configuration.json of the USD comets, deploy.ts of the WETH, wstETH and WBTC comets
 */
const UNIT_FEEDS: Readonly<Record<string, UnitFeeds>> = {
  '1/weth': { 'unit:ETH/USD': '0x5f4ec3df9cbd43714fe2740f5e3616155c5b8419' },
  '1/wsteth': { 'unit:wstETH/ETH': '0x91359ce8989cb610a4127777828e667f23b94ee9', 'unit:ETH/USD': '0x5f4ec3df9cbd43714fe2740f5e3616155c5b8419' },
  '1/wbtc': { 'unit:BTC/USD': '0xf4030086522a5beea4988f8ca5b36dbc97bee88c' },
  '10/weth': { 'unit:ETH/USD': '0x13e3ee699d1909e989722e753853ae30b17e08c5' },
  '130/weth': { 'unit:ETH/USD': '0xe8d9fbc10e00ecc9f0694617075fdaf657a76fb2' },
  '2020/weth': { 'unit:ETH/USD': '0x662fdb0e7d95d89cd3458e4a3506296e48bb1f44' },
  '8453/weth': { 'unit:ETH/USD': '0x71041dddad3595f9ced3dccfbe3d1f4b0a16bb70' },
  '42161/weth': { 'unit:ETH/USD': '0x639fe6ab55c921f74e7fac1ee960c0b6293ba612' },
  '59144/weth': { 'unit:ETH/USD': '0x3c6cd9cc7c7a4c2cf5a82734cd249d7d593354da' },
};

/** Bitcoin itself, the unit of account of the WBTC comet. */
const BTC: AssetId = 'eip155:1/slip44:0';

const UNIT_PREFIX = 'unit:';
const BASE_PREFIX = 'base:';
const COLLATERAL_PREFIX = 'collateral:';
const FEED_PREFIX = 'feed:';

/**
 * The comets as rows. `contracts` holds `comet`, the tokens as `base:SYMBOL` and `collateral:SYMBOL`, their feeds as `feed:SYMBOL`, and, where
 * the comet does not count in USD, the feeds that lead from its unit to USD as `unit:FROM/TO`.
 */
export const compoundV3Deployments: readonly Deployment[] = COMETS.map(toDeployment);

function toDeployment(facts: CometFacts): Deployment {
  const key = `${facts.chain}/${facts.slug}`;
  const subgraph = SUBGRAPHS[facts.chain];
  const [baseSymbol, baseToken] = facts.base;
  return {
    id: `compound-v3/${key}`,
    protocol: 'compound-v3',
    chain: parseChain(facts.chain),
    label: `Compound v3 ${CHAIN_NAMES[facts.chain] ?? facts.chain} ${baseSymbol}`,
    market: facts.comet,
    subgraph: subgraph === undefined ? null : { dialect: 'graph-node', id: subgraph },
    contracts: {
      comet: facts.comet,
      [`${BASE_PREFIX}${baseSymbol}`]: baseToken,
      ...Object.fromEntries(facts.collaterals.map(([symbol, token]) => [`${COLLATERAL_PREFIX}${symbol}`, token])),
      ...Object.fromEntries([facts.base, ...facts.collaterals].map(([symbol, , feed]) => [`${FEED_PREFIX}${symbol}`, feed])),
      ...UNIT_FEEDS[key],
    },
    assumedRule: COMPOUND_V3_RULE,
    source: 'compound-finance/comet@d5a30b0, woof-software/compound-docs-aggregator@367bbb6, papercliplabs/compound-v3-subgraph@21bb019',
  };
}

/** A row's contracts, read back. */
export interface CometContracts {
  readonly comet: Address;
  readonly base: FeedRow | null;
  readonly collaterals: readonly FeedRow[];
  /** From the unit of account to USD, in order; empty where the unit is USD. */
  readonly unitFeeds: readonly Address[];
  readonly unit: { readonly asset: AssetId; readonly symbol: string };
}

/** Reads the contracts of a row; `comet` falls back to the row's market. */
export function readContracts(deployment: Deployment): CometContracts {
  const entries = Object.entries(deployment.contracts);
  const rows = (prefix: string): FeedRow[] =>
    entries.flatMap(([key, token]): FeedRow[] => {
      const symbol = key.slice(prefix.length);
      const feed = deployment.contracts[`${FEED_PREFIX}${symbol}`];
      return key.startsWith(prefix) && feed !== undefined ? [[symbol, token, feed]] : [];
    });
  const units = entries.filter(([key]) => key.startsWith(UNIT_PREFIX));
  const base = rows(BASE_PREFIX)[0] ?? null;
  return {
    comet: deployment.contracts.comet ?? (deployment.market as Address),
    base,
    collaterals: rows(COLLATERAL_PREFIX),
    unitFeeds: units.map(([, feed]) => feed),
    unit: readUnit(deployment, units[0]?.[0] ?? null, base),
  };
}

/** Every token of a row. */
export function listCometTokens(deployment: Deployment): readonly KnownToken[] {
  const { base, collaterals } = readContracts(deployment);
  return [...(base === null ? [] : [base]), ...collaterals].map(([symbol, token]) => ({ token, symbol, decimals: null }));
}

function readUnit(deployment: Deployment, firstFeed: string | null, base: FeedRow | null): CometContracts['unit'] {
  if (firstFeed === null) return { asset: USD, symbol: 'USD' };
  const symbol = firstFeed.slice(UNIT_PREFIX.length).split('/')[0] ?? '';
  if (symbol === 'BTC' || base === null) return { asset: BTC, symbol };
  return { asset: erc20(deployment.chain, base[1]), symbol };
}
