import type { Address, ChainId } from '../../core/ids.ts';
import type { Deployment } from '../protocol.ts';
import { MORPHO_RULE_ID } from './violations.ts';

const SOURCE = 'morpho-org/morpho-blue-subgraph@b5f8c8c networks.json and morpho-org/sdks@0205e12 packages/blue-sdk/src/addresses.ts; ' + 'usdOracle: bgd-labs/aave-address-book@f61c976';

/** usdOracle: Aave's price oracle on the same chain, read for the dollar price of loan tokens; null where there is none. */
function row(chain: ChainId, name: string, subgraph: string, morpho: Address, usdOracle: Address | null): Deployment {
  return {
    id: `morpho-blue/${chain.slice('eip155:'.length)}`,
    protocol: 'morpho-blue',
    chain,
    label: `Morpho Blue ${name}`,
    market: '',
    subgraph: { dialect: 'graph-node', id: subgraph },
    contracts: usdOracle === null ? { morpho } : { morpho, usdOracle },
    assumedRule: MORPHO_RULE_ID,
    source: SOURCE,
  };
}

/**
 * Where Morpho Blue runs and a subgraph of morpho-org's is published. The contract has another address on most chains. Its
 * other chains have no published subgraph that names the markets of a wallet, so a row for them could find nothing.
 */
export const morphoBlueDeployments: readonly Deployment[] = [
  row('eip155:1', 'Ethereum', '8Lz789DP5VKLXumTMTgygjU2xtuzx8AhbaacgN5PYCAs', '0xbbbbbbbbbb9cc5e90e3b3af64bdaf62c37eeffcb', '0x54586be62e3c3580375ae3723c145253060ca0c2'),
  row('eip155:8453', 'Base', '71ZTy1veF9twER9CLMnPWeLQ7GZcwKsjmygejrgKirqs', '0xbbbbbbbbbb9cc5e90e3b3af64bdaf62c37eeffcb', '0x2cc0fc26ed4563a5ce5e8bdcfe1a2878676ae156'),
  row('eip155:42161', 'Arbitrum', 'XsJn88DNCHJ1kgTqYeTgHMQSK4LuG1LR75339QVeQ26', '0x6c247b1f6182318877311737bac0844baa518f5e', '0xb56c2f0b653b2e0b10c9b928c8580ac5df02c7c7'),
  row('eip155:10', 'Optimism', '5y8d3K3vVCR7r5YwANGCjupLc3hUge54XvhYMEq3Jmq1', '0xce95afbb8ea029495c66020883f87aae8864af92', '0xd81eb3728a631871a7ebbad631b5f424909f0c77'),
  row('eip155:137', 'Polygon', 'EhFokmwryNs7qbvostceRqVdjc3petuD13mmdUiMBw8Y', '0x1bf0c2541f820e775182832f06c0b7fc27a25f67', '0xb023e699f5a33916ea823a16485e259257ca8bd1'),
  row('eip155:534352', 'Scroll', 'Aic7prLAxhtipUEbLu5BhDDWf4LssT9n3DG4fT9yCRqm', '0x2d012edbadc37edc2bc62791b666f9193fdf5a55', '0x04421d8c506e2fa2371a08efaabf791f624054f3'),
  row('eip155:146', 'Sonic', 'J2THmwKHrTLKT9HPZNwZ69NkJ7WSbtLKz7pUQZW1Z1Qc', '0xd6c916eb7542d0ad3f18aed0fcbd50c582cfa95f', '0xd63f7658c66b2934bd234d79d06aef5290734b30'),
  row('eip155:34443', 'Mode', '341uEcvH1UAzWETvVB974Au1YR3MksJdf2jhjuHXDLQ7', '0xd85ce6bd68487e0aafb0858fde1cd18c76840564', null),
];
