import { parseChain, toAddress } from '../../core/ids.ts';
import type { Deployment } from '../protocol.ts';
import { reserveContracts } from './reserve-contracts.ts';

const ADDRESS_BOOK = 'bgd-labs/aave-address-book@f61c976';
const ETHEREUM = 1;

/** chain number, market, label, provider, pool, oracle, subgraph id of protocol-subgraphs@975b22e. */
type V3Row = readonly [number, string, string, string, string, string, string];

const V3_ROWS: readonly V3Row[] = [
  [
    ETHEREUM,
    'core',
    'Aave v3 Ethereum',
    '0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e',
    '0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2',
    '0x54586bE62E3c3580375aE3723C145253060Ca0C2',
    'Cd2gEDVeqnjBn1hSeqFMitw8Q1iiyV9FYUZkLNRcL87g',
  ],
  [
    ETHEREUM,
    'prime',
    'Aave v3 Ethereum Prime',
    '0xcfBf336fe147D643B9Cb705648500e101504B16d',
    '0x4e033931ad43597d96D6bcc25c280717730B58B1',
    '0xE3C061981870C0C7b1f3C4F4bB36B95f1F260BE6',
    '5vxMbXRhG1oQr55MWC5j6qg78waWujx1wjeuEWDA6j3',
  ],
  [
    ETHEREUM,
    'etherfi',
    'Aave v3 Ethereum EtherFi',
    '0xeBa440B438Ad808101d1c451C1C5322c90BEFCdA',
    '0x0AA97c284e98396202b6A04024F5E2c65026F3c0',
    '0x43b64f28A678944E0655404B0B98E443851cC34F',
    '8o4HGApJkAqnvxAHShG4w5xiXihHyL7HkeDdQdRUYmqZ',
  ],
  [
    42161,
    'core',
    'Aave v3 Arbitrum',
    '0xa97684ead0e402dC232d5A977953DF7ECBaB3CDb',
    '0x794a61358D6845594F94dc1DB02A252b5b4814aD',
    '0xb56c2F0B653B2e0b10C9b928C8580Ac5Df02C7C7',
    'DLuE98kEb5pQNXAcKFQGQgfSQ57Xdou4jnVbAEqMfy3B',
  ],
  [
    10,
    'core',
    'Aave v3 Optimism',
    '0xa97684ead0e402dC232d5A977953DF7ECBaB3CDb',
    '0x794a61358D6845594F94dc1DB02A252b5b4814aD',
    '0xD81eb3728a631871a7eBBaD631b5f424909f0c77',
    'DSfLz8oQBUeU5atALgUFQKMTSYV9mZAVYp4noLSXAfvb',
  ],
  [
    8453,
    'core',
    'Aave v3 Base',
    '0xe20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D',
    '0xA238Dd80C259a72e81d7e4664a9801593F98d1c5',
    '0x2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156',
    'GQFbb95cE6d8mV989mL5figjaGaKCQB3xqYrr1bRyXqF',
  ],
  [
    137,
    'core',
    'Aave v3 Polygon',
    '0xa97684ead0e402dC232d5A977953DF7ECBaB3CDb',
    '0x794a61358D6845594F94dc1DB02A252b5b4814aD',
    '0xb023e699F5a33916Ea823A16485e259257cA8Bd1',
    'Co2URyXjnxaw8WqxKyVHdirq9Ahhm5vcTs4dMedAq211',
  ],
  [
    43114,
    'core',
    'Aave v3 Avalanche',
    '0xa97684ead0e402dC232d5A977953DF7ECBaB3CDb',
    '0x794a61358D6845594F94dc1DB02A252b5b4814aD',
    '0xEBd36016B3eD09D4693Ed4251c67Bd858c3c7C9C',
    '2h9woxy8RTjHu1HJsCEnmzpPHFArU33avmUh4f71JpVn',
  ],
  [
    56,
    'core',
    'Aave v3 BNB Chain',
    '0xff75B6da14FfbbfD355Daf7a2731456b3562Ba6D',
    '0x6807dc923806fE8Fd134338EABCA509979a7e0cB',
    '0x39bc1bfDa2130d6Bb6DBEfd366939b4c7aa7C697',
    '7Jk85XgkV1MQ7u56hD8rr65rfASbayJXopugWkUoBMnZ',
  ],
  [
    100,
    'core',
    'Aave v3 Gnosis',
    '0x36616cf17557639614c1cdDb356b1B83fc0B2132',
    '0xb50201558B00496A145fE76f7424749556E326D8',
    '0xeb0a051be10228213BAEb449db63719d6742F7c4',
    'HtcDaL8L8iZ2KQNNS44EBVmLruzxuNAz1RkBYdui1QUT',
  ],
  [
    534352,
    'core',
    'Aave v3 Scroll',
    '0x69850D0B276776781C063771b161bd8894BCdD04',
    '0x11fCfe756c05AD438e312a7fd934381537D3cFfe',
    '0x04421D8C506E2fA2371a08EfAaBf791F624054F3',
    '74JwenoHZb2aAYVGCCSdPWzi9mm745dyHyQQVoZ7Sbub',
  ],
];

function v3(row: V3Row): Deployment {
  const [chain, market, label, provider, pool, oracle, subgraph] = row;
  const sentinel = SENTINELS[chain];
  const id = `aave-v3/${chain}/${market}`;
  return {
    id,
    protocol: 'aave-v3',
    chain: parseChain(chain),
    label,
    market: toAddress(pool),
    subgraph: { dialect: 'graph-node', id: subgraph },
    contracts: { provider: toAddress(provider), pool: toAddress(pool), oracle: toAddress(oracle), ...(sentinel === undefined ? {} : { sentinel: toAddress(sentinel) }), ...reserveContracts(id) },
    // Merged for these markets in 2026-05 (aave-proposals-v3#1098); the chain's POOL_REVISION decides where it is read.
    assumedRule: 'aave-v3@3.7',
    source: `${ADDRESS_BOOK} src/ts`,
  };
}

/** The sequencer sentinels of the L2s that have one; pools of 3.6 and earlier ask it. */
const SENTINELS: Readonly<Record<number, string>> = {
  42161: '0x7A9ff54A6eE4a21223036890bB8c4ea2D62c686b',
  8453: '0x943AcD0c93d7a8Bee7dA5Fd0DC3d0028237074d6',
};

/** Aave v3 wherever Plimsoll reads it. */
export const AAVE_V3_DEPLOYMENTS: readonly Deployment[] = V3_ROWS.map(v3);

/** Aave v2 on Ethereum: prices in wei of ETH; ETH in USD from Chainlink's feed. */
export const AAVE_V2_DEPLOYMENTS: readonly Deployment[] = [
  {
    id: 'aave-v2/1/core',
    protocol: 'aave-v2',
    chain: parseChain(ETHEREUM),
    label: 'Aave v2 Ethereum',
    market: toAddress('0x7d2768dE32b0b80b7a3454c06BdAc94A69DDc7A9'),
    subgraph: { dialect: 'graph-node', id: '8wR23o1zkS4gpLqLNU4kG3JHYVucqGyopL5utGxP2q1N' },
    contracts: {
      provider: toAddress('0xB53C1a33016B2DC2fF3653530bfF1848a515c8c5'),
      pool: toAddress('0x7d2768dE32b0b80b7a3454c06BdAc94A69DDc7A9'),
      oracle: toAddress('0xA50ba011c48153De246E5192C8f9258A2ba79Ca9'),
      baseUsdFeed: toAddress('0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419'),
      ...reserveContracts('aave-v2/1/core'),
    },
    assumedRule: 'aave-v2@2',
    source: `${ADDRESS_BOOK} src/ts/AaveV2Ethereum.ts; feed: docs.chain.link ETH/USD`,
  },
];

/** SparkLend: Aave 3.0.2 with Messari's subgraph, which knows no e-mode. */
export const SPARK_DEPLOYMENTS: readonly Deployment[] = [
  {
    id: 'spark/1/core',
    protocol: 'spark',
    chain: parseChain(ETHEREUM),
    label: 'SparkLend Ethereum',
    market: toAddress('0xC13e21B648A5Ee794902342038FF3aDAB66BE987'),
    subgraph: { dialect: 'graph-node', id: 'GbKdmBe4ycCYCQLQSjqGg6UHYoYfbyJyq5WrG35pv1si' },
    contracts: {
      provider: toAddress('0x02C3eA4e34C0cBd694D2adFa2c690EECbC1793eE'),
      pool: toAddress('0xC13e21B648A5Ee794902342038FF3aDAB66BE987'),
      oracle: toAddress('0x8105f69D9C41644c6A0803fDA7D03Aa70996cFD9'),
      ...reserveContracts('spark/1/core'),
    },
    assumedRule: 'spark@1',
    source: 'sparkdotfi/spark-address-registry@5348de2; messari/subgraphs deployment.json',
  },
];
