import type { Deployment } from '../protocol.ts';
import { GMX_V2_RULE } from './rule-id.ts';

const SOURCE = 'gmx-io/gmx-interface@a78e920 sdk/src/configs/contracts.ts, src/config/indexers.ts (2026-08-20)';

/**
 * GMX v2 on Arbitrum and Avalanche. Readers and routers are replaced at upgrades, and the squid's address carries a release hash: both belong to a row and can be overridden by
 * configuration.
 */
export const gmxV2Deployments: readonly Deployment[] = [
  {
    id: 'gmx-v2/42161',
    protocol: 'gmx-v2',
    chain: 'eip155:42161',
    label: 'GMX v2 Arbitrum',
    market: '',
    subgraph: { dialect: 'subsquid', url: 'https://gmx.squids.live/gmx-synthetics-arbitrum@8abb92/api/graphql' },
    contracts: {
      dataStore: '0xfd70de6b91282d8017aa4e741e9ae325cab992d8',
      reader: '0xfa26cbb46e2614609406de08ca1dc7f70a684184',
      referralStorage: '0xe6fab3f0c7199b0d34d7fbe83394fc0e0d06e99d',
      exchangeRouter: '0x7de39ff2e232a2203196788d37e234cf8f1b83f1',
      router: '0x7452c558d45f8afc8c83dae62c3f8a5be19c71f6',
      orderVault: '0x31ef83a530fde1b38ee9a18093a333d8bbbc40d5',
    },
    assumedRule: GMX_V2_RULE,
    source: SOURCE,
  },
  {
    id: 'gmx-v2/43114',
    protocol: 'gmx-v2',
    chain: 'eip155:43114',
    label: 'GMX v2 Avalanche',
    market: '',
    subgraph: { dialect: 'subsquid', url: 'https://gmx.squids.live/gmx-synthetics-avalanche@8abb92/api/graphql' },
    contracts: {
      dataStore: '0x2f0b22339414aded7d5f06f9d604c7ff5b2fe3f6',
      reader: '0xa34320a507493c71fe35e982e496f7c5d1a7fa02',
      referralStorage: '0x827ed045002ecdabeb6e2b0d1604cf5fc3d322f8',
      exchangeRouter: '0xc002db96e682fff6675966f959677285a0c45efa',
      router: '0x820f5ffc5b525cd4d88cd91acf2c28f16530cc68',
      orderVault: '0xd3d60d22d415ad43b7e64b510d86a30f19b1b12c',
    },
    assumedRule: GMX_V2_RULE,
    source: SOURCE,
  },
];
