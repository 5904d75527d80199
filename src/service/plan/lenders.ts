import { PlimsollError } from '../../core/errors.ts';
import { type Address, type ChainId, tokenOf } from '../../core/ids.ts';
import type { ChainSource } from '../../core/source.ts';
import type { OpenedPortfolio } from '../../engine/open-portfolio.ts';
import type { FlashLender } from '../../path/solver/problem.ts';
import { flashLendersOf } from '../../protocols/flash-lenders.ts';

const BALANCE_OF = 'function balanceOf(address) view returns (uint256)';

/**
 * The lender of flash loans on each chain: the cheapest, unless the chain says that it does not hold as much of every debt as the wallet owes. Only Morpho's holdings are its own balance and can be asked for; whether
 * another one has enough, the simulation shows.
 */
export async function chooseLenders(opened: OpenedPortfolio, chains: ReadonlyMap<ChainId, ChainSource>): Promise<readonly FlashLender[]> {
  const used = [...new Set(opened.accounts.map(({ marketEntry }) => marketEntry.chain as ChainId))];
  const chosen = await Promise.all(used.map((chain) => chooseLender(flashLendersOf(chain), debtsOn(opened, chain), chains.get(chain) ?? null)));
  return chosen.filter((lender) => lender !== null);
}

async function chooseLender(lenders: readonly FlashLender[], debts: ReadonlyMap<Address, bigint>, source: ChainSource | null): Promise<FlashLender | null> {
  const [cheapest, ...others] = lenders;
  if (cheapest?.kind !== 'morpho' || source === null || (await holdsEnough(cheapest.lender, debts, source))) return cheapest ?? null;
  return others.find(({ kind }) => kind !== 'morpho') ?? cheapest;
}

/** A source that fails says nothing against the lender. */
async function holdsEnough(lender: Address, debts: ReadonlyMap<Address, bigint>, source: ChainSource): Promise<boolean> {
  try {
    const { hash } = await source.fetchHead('latest');
    if (hash === null) return true;
    const answers = await source.fetchCalls(
      [...debts.keys()].map((token) => ({ key: token, to: token, signature: BALANCE_OF, args: [lender] })),
      hash,
    );
    return [...debts].every(([token, owed]) => {
      const answer = answers.get(token);
      const held = answer?.ok === true ? answer.values[0] : null;
      return typeof held !== 'bigint' || held >= owed;
    });
  } catch (error) {
    if (error instanceof PlimsollError && error.kind !== 'bug') return true;
    throw error;
  }
}

/** What the wallet owes on a chain, raw units by token: no plan repays more. */
function debtsOn({ accounts }: OpenedPortfolio, chain: ChainId): ReadonlyMap<Address, bigint> {
  const debts = new Map<Address, bigint>();
  for (const { side, asset, amount } of accounts.filter(({ marketEntry }) => marketEntry.chain === chain).flatMap(({ legs }) => legs)) {
    const token = tokenOf(asset);
    if (side === 'debt' && token !== null) debts.set(token, (debts.get(token) ?? 0n) + amount);
  }
  return debts;
}
