import { readConfig } from '../../../src/config.ts';
import { InternalError } from '../../../src/core/errors.ts';
import type { Address, ChainId } from '../../../src/core/ids.ts';
import { type Portfolio, parsePortfolio } from '../../../src/core/portfolio.ts';
import type { AccountView, Step } from '../../../src/core/rule.ts';
import { type OpenedPortfolio, openPortfolio } from '../../../src/engine/open-portfolio.ts';
import type { FlashLoan, PlanStage, PlanStep, SwapStep } from '../../../src/path/plan/plan-steps.ts';
import { findRule } from '../../../src/protocols/registry.ts';
import { reportWallet } from '../../../src/service/portfolio/wallet-report.ts';

/** The recorded demo wallet: one account each in Aave, Compound, Morpho and GMX. */
export const DEMO: Address = '0xc0ffee00000000000000000000000000c0ffee01';
export const USDC = 'eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
export const WETH = 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
export const WBTC = 'eip155:1/erc20:0x2260fac5e5542a773aa44fbcfedf7c193bc2c599';
export const GMX_USDC = 'eip155:42161/erc20:0xaf88d065e77c8cc2239327c5edb3a432268e5831';

/** The demo wallet's document. */
export async function readDemo(): Promise<Portfolio> {
  return (await reportWallet({ subject: DEMO }, readConfig({}))).portfolio;
}

/** A document as a stranger may hand it in: changed as text, read again. */
export function openChanged(portfolio: Portfolio, change: (text: string) => string = (text) => text): OpenedPortfolio {
  return openPortfolio(parsePortfolio(change(JSON.stringify(portfolio))), findRule);
}

/** The id of the demo's account in a protocol. */
export function accountIn(opened: OpenedPortfolio, protocol: string): string {
  const found = opened.accounts.find((account) => account.marketEntry.protocol === protocol);
  if (found === undefined) throw new InternalError(`no account in ${protocol}`);
  return found.entry.id;
}

/** What a stage does: a step on an account, or a swap. */
export type Move = readonly [account: string, step: Step] | SwapStep;

/** A stage of steps that the rules accept, as the planner would write it. */
export function stageOf(
  opened: OpenedPortfolio,
  order: PlanStage['order'],
  moves: readonly Move[],
  { chain = 'eip155:1', loans = [] }: { chain?: ChainId; loans?: readonly FlashLoan[] } = {},
): PlanStage {
  const after = new Map<string, AccountView<unknown, unknown>>();
  const steps = moves.map((move): PlanStep => {
    if (!(0 in move)) return move;
    const [id, step] = move;
    const account = opened.accounts.find((entry) => entry.entry.id === id);
    if (account === undefined) throw new InternalError(`no account ${id}`);
    const before = after.get(id) ?? account.view;
    const { market, position, paid, received } = account.rule.apply(before, step);
    after.set(id, { market, position, at: before.at });
    return { kind: 'account', account: id, step, before, paid, received };
  });
  return { chain, order, loans, steps, after };
}
