import { erc20 } from '../../src/core/ids.ts';
import { encodeParams } from '../../src/protocols/morpho-blue/market-id.ts';
import type { MorphoMarket, MorphoPosition } from '../../src/protocols/morpho-blue/state.ts';
import type { MorphoTestChain, MorphoTestMarket } from './morpho-blue-contracts.ts';

/** Reads a market's stored state, its oracle price and its interest rate at the latest block into the rule's form. */
export async function readMarket({ morpho, irm }: MorphoTestChain, market: MorphoTestMarket): Promise<MorphoMarket> {
  const stored = [...((await morpho.read('market', market.id)) as Iterable<bigint>)];
  const [totalSupplyAssets = 0n, totalSupplyShares = 0n, totalBorrowAssets = 0n, totalBorrowShares = 0n, lastUpdate = 0n, fee = 0n] = stored;
  return {
    id: market.id,
    loan: { asset: erc20('eip155:31337', market.params.loanToken), symbol: 'LOAN', decimals: market.loanDecimals },
    collateral: { asset: erc20('eip155:31337', market.params.collateralToken), symbol: 'COLL', decimals: market.collateralDecimals },
    oracle: market.params.oracle,
    irm: market.params.irm,
    lltv: market.params.lltv,
    totalSupplyAssets,
    totalSupplyShares,
    totalBorrowAssets,
    totalBorrowShares,
    lastUpdate,
    fee,
    borrowRate: (await irm.read('borrowRateView', encodeParams(market.params), stored)) as bigint,
    oraclePrice: (await market.oracle.read('price')) as bigint,
    oracleKind: 'market',
    loanUsd: '1',
    loanUsdSource: 'test',
  };
}

/** Reads an account's stored position. */
export async function readPosition({ morpho }: MorphoTestChain, market: MorphoTestMarket, user: string): Promise<MorphoPosition> {
  const [supplyShares = 0n, borrowShares = 0n, collateral = 0n] = (await morpho.read('position', market.id, user)) as bigint[];
  return { supplyShares, borrowShares, collateral };
}
