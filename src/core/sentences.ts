import { MAX_UINT256 } from './fixed-point.ts';
import type { Step, StepAmount } from './rule.ts';

/** A token as sentences name it. */
export interface TokenName {
  readonly symbol: string;
  readonly decimals: number;
}

const GROUPS = /\B(?=(?:\d{3})+$)/g;

/**
 * A raw amount in whole tokens with its symbol, exact: nothing is rounded away.
 *
 * @example
 * ```ts
 * formatAmount(1_240_500_000n, { symbol: 'USDC', decimals: 6 }); // '1,240.5 USDC'
 * ```
 */
export function formatAmount(raw: bigint, { symbol, decimals }: TokenName): string {
  const digits = raw.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals).replace(GROUPS, ',');
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${whole}${part === '' ? '' : `.${part}`} ${symbol}`;
}

type TokenStepKind = Exclude<Step['kind'], 'liquidate' | 'close'>;

const VERBS: Readonly<Record<TokenStepKind, { readonly verb: string; readonly preposition: string; readonly all: string }>> = {
  supply: { verb: 'Supply', preposition: 'to', all: 'all' },
  withdraw: { verb: 'Withdraw', preposition: 'from', all: 'all' },
  borrow: { verb: 'Borrow', preposition: 'from', all: 'all' },
  repay: { verb: 'Repay', preposition: 'to', all: 'the whole debt in' },
};

/**
 * One sentence for a supply, withdrawal, borrow or repayment; `place` is the deployment's label.
 *
 * @example
 * ```ts
 * describeStep('repay', 1_240_500_000n, { token: { symbol: 'USDC', decimals: 6 }, place: 'Aave v3 Ethereum' }); // 'Repay 1,240.5 USDC to Aave v3 Ethereum.'
 * ```
 */
export function describeStep(kind: TokenStepKind, amount: StepAmount, { token, place }: { readonly token: TokenName; readonly place: string }): string {
  const { verb, preposition, all } = VERBS[kind];
  return `${verb} ${amount === 'max' ? `${all} ${token.symbol}` : formatAmount(amount, token)} ${preposition} ${place}.`;
}

/** One sentence for an ERC-20 approval; an amount of 0 takes one back, uint256's greatest value is one without limit. */
export function describeApproval(amount: bigint, token: TokenName, spender: string): string {
  if (amount === 0n) return `Take back what is left of the approval of ${token.symbol} for ${spender}.`;
  return `Allow ${spender} to take ${amount === MAX_UINT256 ? `any amount of ${token.symbol}` : formatAmount(amount, token)}.`;
}

/** What a swap sells, what it must bring, where, and until when (unix seconds). */
export interface SwapWords {
  readonly sold: string;
  readonly least: string;
  readonly place: string;
  readonly deadline: bigint;
}

/** One sentence for a swap of an exact input. */
export function describeSwap({ sold, least, place, deadline }: SwapWords): string {
  return `Swap ${sold} for at least ${least} on ${place}, until ${new Date(Number(deadline) * 1000).toISOString().slice(0, 19)}Z.`;
}
