import fc from 'fast-check';
import type { LiquidatableAccount } from '../../../src/path/forced/forced.ts';
import { forcedView } from '../../../src/path/forced/forced.ts';
import { type LiquidationState, moveState } from '../../../src/path/forced/liquidation-state.ts';
import { anyAccount, unitsOf } from '../../protocols/aave/any-account.ts';
import { type AaveTestView, viewOf } from '../../protocols/aave/apply-step.ts';
import { owed, poolOf, reserveOf, supplied } from '../../protocols/aave/fact-sheet-pool.ts';
import { openAccounts } from './portfolio.ts';

const BASE = 10n ** 8n;
/** The versions whose liquidations differ. */
export const AAVE_RULES = ['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.3', 'aave-v3@3.6', 'aave-v3@3.7', 'spark@2'] as const;

/** Random accounts of random versions; most of them are liquidatable. */
export const anyRuledAccount = fc.record({ rule: fc.constantFrom(...AAVE_RULES), view: anyAccount({ from: 70n, to: 101n }) });

/** The state that a view starts from, at its oracle's prices. */
export function stateOf(rule: string, view: AaveTestView): LiquidationState {
  const [account] = openAccounts([{ rule, view }]).accounts;
  if (account === undefined) throw new TypeError('no account');
  return moveState(account, new Map(), new Map());
}

/** The forced view of one account, or null where it is not liquidatable. */
export function forcedOf(rule: string, view: AaveTestView, options: Parameters<typeof forcedView>[1] = {}): LiquidatableAccount | null {
  const [account] = forcedView(openAccounts([{ rule, view }]), options).accounts;
  return account?.status === 'liquidatable' ? account : null;
}

/** An account by dollars, WETH and wstETH against USDC and DAI, at the fact sheet's prices. */
export function dollarAccount(dollars: { readonly weth: number; readonly wsteth: number; readonly usdc: number; readonly dai: number }): AaveTestView {
  const reserves = [reserveOf('WETH'), reserveOf('wstETH'), reserveOf('USDC'), reserveOf('DAI')];
  const amounts = [dollars.weth, dollars.wsteth, dollars.usdc, dollars.dai].map((value, at) => {
    const reserve = reserves[at];
    return reserve === undefined ? 0n : unitsOf(reserve, BigInt(Math.round(value)) * BASE);
  });
  const holdings = amounts.flatMap((amount, at) => (amount === 0n ? [] : [at < 2 ? supplied(at, amount) : owed(at, amount)]));
  return viewOf(poolOf(reserves), holdings);
}
