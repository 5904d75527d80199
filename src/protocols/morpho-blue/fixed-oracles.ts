import type { Address, ChainId } from '../../core/ids.ts';

/**
 * Oracles whose answer does not follow the market price of the collateral. A list of known cases, not a promise about any other oracle:
 * Morpho markets take whatever contract their creator named.
 *
 * The rows are the sdeUSD and xUSD markets of November 2025, whose oracles took the dollar price of the collateral's base token as a
 * constant (an ERC-4626 share price may still move). The two liquidations recorded in the first one imply 1.0706 USDC for a
 * token that traded near zero.
 *
 * @source GabePZ/MorphoxUSDDepegDashboard@0b886ab README.md (the finding), data/markets.json (the addresses)
 */
const FIXED_ORACLES: Readonly<Record<ChainId, readonly Address[]>> = {
  'eip155:1': [
    '0x65f9f6d537c2d628d1c2663896436817440edb72',
    '0x3024b653940976443ffdef276bdee5452540ef80',
    '0xd634dbbcf06d99edc0e2d6349ef1ea5873d17c02',
    '0x2f05ac98d85101b5f826d51337df573cf02a0a38',
    '0xc36f094172a04d93f97f7154183e13bf241c0eef',
  ],
  'eip155:42161': ['0x1837effc34bb5a96efda00d53560799be3a4226e', '0x14a7f156062d35861a285c7a7f5662964c2fe155'],
};

/** Tells whether an oracle follows the market, as far as this release knows. */
export function oracleKindOf(chain: ChainId, oracle: Address): 'market' | 'fixed' {
  return FIXED_ORACLES[chain]?.includes(oracle) === true ? 'fixed' : 'market';
}
