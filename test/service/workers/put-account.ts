import type { Address } from '../../../src/core/ids.ts';
import { encodeJson } from '../../../src/core/json.ts';
import { BOOK_CHANNEL } from '../../../src/service/sync/sync-deployment.ts';
import { replaceAccounts } from '../../../src/store/book-accounts.ts';
import { findMarkets } from '../../../src/store/book-markets.ts';
import type { Database } from '../../../src/store/database.ts';
import { wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { DEPLOYMENT } from './watched-book.ts';

export const MARKET = `${DEPLOYMENT}/market-0`;

/** Gives an owner one account in the first market: `share` thousandths of what may be borrowed at the first price. */
export async function put(database: Database, owner: Address, share: number, obstacle: string | null = null): Promise<void> {
  const [market] = await findMarkets(database, [MARKET]);
  const { block = 0n, at = 0n } = market ?? {};
  const collateral = 20n * 10n ** 18n;
  const debt = ((((collateral * (wstEthUsdc.oraclePrice ?? 0n)) / 10n ** 36n) * wstEthUsdc.lltv) / 10n ** 18n / 1_000n) * BigInt(share);
  const position = encodeJson({ supplyShares: 0n, collateral, borrowShares: (debt * wstEthUsdc.totalBorrowShares) / wstEthUsdc.totalBorrowAssets });
  const account = { id: `${MARKET}/${owner}`, deployment: DEPLOYMENT, owner, marketKey: MARKET, position, precision: 'exact', missing: [], obstacle, source: 'chain' as const, block, at };
  await database.transaction((queries) => replaceAccounts(queries, { deployment: DEPLOYMENT, owners: [owner], accounts: [account], block, at }));
  await database.notify(BOOK_CHANNEL, DEPLOYMENT);
}
