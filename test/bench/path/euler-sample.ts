import * as z from 'zod';
import { type GenericPosition, normalizeBook } from '../../../src/protocols/generic-lending/index.ts';
import type { NormalizedAccount } from '../../../src/protocols/protocol.ts';
import type { RecordedLiquidity } from '../../../src/sources/liquidity.ts';
import { BOOK_TARGET, forcedUsdOf, healthOf, openBookWallet, problemOfWallet } from './book-problem.ts';
import type { MoneySample } from './money.ts';
import { readSharedJson } from './shared-data.ts';

const POSITIONS = 'demo/euler_v1_positions_16818362_demo.json';
const PARAMS = 'params/euler_v1_tokens_16818362.json';
export const EULER_FILES = [POSITIONS, PARAMS] as const;

const E18 = 10n ** 18n;
/** As in the test of the book: the book's own price of a USDC gives the dollar. */
const OPTIONS = {
  unit: { asset: 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2', symbol: 'ETH' },
  unitPriceUsd: (E18 * E18) / 626_684_213_824_653n,
  at: 1_678_693_007,
  baseDiscount: E18 / 50n,
  repayFee: E18 / 50n,
} as const;
const NEAR = 0.9;
const LEAST_DEBT_USD = 1_000;

const rowsSchema = z.object({ accounts: z.array(z.object({ exploiter: z.boolean(), allFactorsKnown: z.boolean() })) });

/** Owners in the Euler v1 book with an account near or below the target; each is one wallet with all its sub-accounts. */
export function sampleEuler(recorded: readonly RecordedLiquidity[]): MoneySample {
  const positions = readSharedJson(POSITIONS);
  const book = normalizeBook(readSharedJson(PARAMS), positions, OPTIONS);
  const { accounts: rows } = rowsSchema.parse(positions);
  const known = book.accounts.filter((_, at) => rows[at]?.exploiter === false && rows[at].allFactorsKnown);
  const linear = known.filter((account) => !hasBothSides(account));
  const byOwner = Map.groupBy(linear, (account) => account.owner);
  let near = 0;
  const problems = [...byOwner.values()].flatMap((accounts) => {
    const opened = openBookWallet(book, accounts, OPTIONS.at);
    const chosen = opened.accounts.filter((account) => {
      const debtUsd = account.legs.filter((leg) => leg.side === 'debt').reduce((sum, leg) => sum + (Number(leg.amount) / 10 ** leg.decimals) * leg.priceUsd.toNumber(), 0);
      return debtUsd >= LEAST_DEBT_USD && healthOf(account) >= NEAR && healthOf(account) < BOOK_TARGET;
    });
    near += chosen.length;
    // Next to a hopeless account no wallet has a plan, which would say nothing about the near one.
    const kept = { ...opened, accounts: opened.accounts.filter((account) => healthOf(account) >= NEAR) };
    return chosen.length === 0 ? [] : [problemOfWallet(kept, recorded, forcedUsdOf(kept))];
  });
  return {
    name: 'Euler v1 book',
    problems,
    notes: [
      `Block 16818362 (2023-03-13), prices of the book. Of ${book.accounts.length} accounts with debt: without the attacker's and those with unknown factors ${known.length}; without ${known.length - linear.length} that owe what they also supply (health bends there) ${linear.length}; ${near} of them with health from ${NEAR} to ${BOOK_TARGET} and at least ${LEAST_DEBT_USD} USD of debt, in ${problems.length} wallets (${problems.filter(({ problem }) => problem.accounts.length > 1).length} with further accounts; for the others each protocol alone is the optimum).`,
      'Native forced: Euler’s own liquidation by the rule, on accounts below the target, now or just beyond the price move that makes them liquidatable; the liquidator sells without loss.',
    ],
  };
}

function hasBothSides({ position }: NormalizedAccount): boolean {
  const { supplied, debts }: GenericPosition = position as GenericPosition;
  return debts.some((debt) => supplied.some((entry) => entry.asset === debt.asset));
}
