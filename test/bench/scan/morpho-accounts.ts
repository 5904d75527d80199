import type { MorphoMarket, MorphoPosition } from '../../../src/protocols/morpho-blue/state.ts';
import { seededRandom } from '../../chain/seeded-random.ts';
import { NOW, wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';

/** The second of the market's last update, so that no model of the rate comes in. */
export const MORPHO_AT = NOW;
export const morphoMarket: MorphoMarket = wstEthUsdc;

const SEED = 20_261_122;

/** Positions of one market with health factors from 0.9 to 3. */
export function makeMorphoPositions(count: number): MorphoPosition[] {
  const random = seededRandom(SEED);
  const price = Number(morphoMarket.oraclePrice ?? 0n) / 1e36;
  const sharesPerAsset = Number(morphoMarket.totalBorrowShares) / Number(morphoMarket.totalBorrowAssets);
  return Array.from({ length: count }, () => {
    const collateral = 10 ** (16 + 4 * random.next());
    const debt = (collateral * price * 0.86) / (0.9 + 2.1 * random.next());
    return { supplyShares: 0n, borrowShares: BigInt(Math.round(debt * sharesPerAsset)), collateral: BigInt(Math.round(collateral)) };
  });
}
