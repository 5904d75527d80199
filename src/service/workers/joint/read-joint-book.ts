import type { FindRule } from '../../../core/rule.ts';
import type { Deployment } from '../../../protocols/protocol.ts';
import { type BookAccount, listAccounts } from '../../../store/book-accounts.ts';
import { findMarkets, listMarketHeads } from '../../../store/book-markets.ts';
import type { Database, Queries } from '../../../store/database.ts';
import { listOpenPrices, type OpenPrice, readJointNeed } from '../../../store/joint-plans.ts';
import type { FreshnessLimit } from '../../book-freshness.ts';
import { listDecisionTimes } from '../../scan/accounts.ts';
import { assetsOfStates, readMarketPrices } from '../../scan/market-prices.ts';
import type { JointTask } from './joint-task.ts';

/** What is open, with everything that is needed to plan it together. */
export interface JointBook {
  readonly fingerprint: string | null;
  readonly open: readonly OpenPrice[];
  readonly input: Pick<JointTask, 'accounts' | 'markets' | 'times' | 'prices'>;
}

/** Opportunities that are planned together, those first that bring most by themselves. */
export const MOST_TOGETHER = 5_000;
/** Accounts that are read at once. */
const PAGE = 5_000;

/** Reads what is open, the accounts of its owners and their markets, all as of one moment: no account is in a market of another block. */
export function readJointBook(
  database: Database,
  { deployments, findRule, limit }: { readonly deployments: readonly Deployment[]; readonly findRule: FindRule; readonly limit: FreshnessLimit },
): Promise<JointBook> {
  return database.transaction(async (queries) => {
    await queries.query('set transaction isolation level repeatable read');
    const { open: fingerprint } = await readJointNeed(queries);
    const open = await listOpenPrices(queries, MOST_TOGETHER);
    const accounts = await listAccountsOf(
      queries,
      open.map(({ owner }) => owner),
    );
    const heads = await listMarketHeads(queries);
    const markets = await findMarkets(queries, [...new Set(accounts.map(({ marketKey }) => marketKey))]);
    const prices = await readMarketPrices(queries, assetsOfStates(markets), limit);
    const rows = new Map(deployments.map((row) => [row.id, row]));
    const known = heads.flatMap(({ deployment, rule, at }) => {
      const row = rows.get(deployment);
      return row === undefined || findRule(rule) === undefined ? [] : [{ chain: row.chain, at }];
    });
    return { fingerprint, open, input: { accounts, markets, times: listDecisionTimes(known), prices } };
  });
}

async function listAccountsOf(queries: Queries, owners: readonly string[]): Promise<readonly BookAccount[]> {
  const accounts: BookAccount[] = [];
  for (let after = ''; ; ) {
    const page = await listAccounts(queries, { owners }, { after, most: PAGE });
    accounts.push(...page);
    if (page.length < PAGE) return accounts;
    after = page.at(-1)?.id ?? '';
  }
}
