import { Interface } from 'ethers';
import type { ExecutorRight, UnsignedCall } from '../../core/call.ts';
import { InvalidArgument } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import { formatAmount } from '../../core/sentences.ts';
import type { FlashLoan, PlanStage, SwapStep } from '../plan/plan-steps.ts';
import type { StageOptions } from './encode-stage.ts';
import { type Execution, type ExecutionCall, type ExecutionLoan, encodeExecution } from './executor-calldata.ts';
import { ExecutorFunds } from './executor-funds.ts';
import { encodeRights } from './executor-rights.ts';
import { requireSwapCall } from './require-swap-call.ts';

const ERC20 = new Interface(['function transferFrom(address from, address to, uint256 amount) returns (bool)']);

/** A stage through the executor: the owner's calls in their order (rights, the plan, rights taken back), and the plan as data. */
export interface ExecutorStage {
  readonly calls: readonly UnsignedCall[];
  readonly execution: Execution;
}

/**
 * A stage as one plan of the owner's PlimsollExecutor. Tokens of the wallet that the plan uses come first, by an exact allowance.
 *
 * @throws {PlimsollError} where a step, a lender, a token or a swap cannot be encoded.
 */
export function encodeExecutorStage(stage: PlanStage, options: StageOptions): ExecutorStage {
  const { executor, deadline, encoder } = options;
  if (executor === null) throw new InvalidArgument('This stage needs your own PlimsollExecutor: deploy one for your address and name it, or ask for an order of steps without it.');
  const funds = new ExecutorFunds();
  const rights: ExecutorRight[] = [];
  const calls: ExecutionCall[] = [];
  const loans = stage.loans.map((loan) => encodeLoan(stage, loan, options));
  for (const { token, amount, maxFee } of loans) funds.borrow(token, amount, amount + maxFee);
  for (const step of stage.steps) {
    if (step.kind === 'swap') {
      calls.push(encodeSwap(stage, { step, funds, executor }, options));
      continue;
    }
    const encoded = encoder.encodeForExecutor(step, executor);
    rights.push(...encoded.rights);
    calls.push(...encoded.calls);
    if (encoded.takes !== null) funds.pay(encoded.takes);
    if (encoded.brings !== null) funds.receive(encoded.brings);
  }
  funds.giveBack();
  const pulls = funds.listPulls(options.cashOf);
  const pulled = encodePulls(stage, { pulls, executor }, options);
  const execution = { deadline, loans, calls: [...pulled.calls, ...calls], outputs: funds.listOutputs(pulls), checks: encoder.encodeChecks(stage, executor) };
  const { grants, revokes } = encodeRights([...pulled.rights, ...rights], { chain: stage.chain, executor });
  const run: UnsignedCall = { to: executor, data: encodeExecution(execution), value: 0n, chain: stage.chain, description: describe(stage, options) };
  return { calls: [...grants, run, ...revokes], execution };
}

function encodeLoan(stage: PlanStage, loan: FlashLoan, { encoder }: StageOptions): ExecutionLoan {
  encoder.requireLender(stage, loan);
  return { kind: loan.kind, lender: loan.lender, token: encoder.tokenOf(stage, loan.asset).token, amount: loan.amount, maxFee: loan.fee };
}

function encodeSwap(stage: PlanStage, { step, funds, executor }: { readonly step: SwapStep; readonly funds: ExecutorFunds; readonly executor: Address }, options: StageOptions): ExecutionCall {
  const [from, to] = [options.encoder.tokenOf(stage, step.from), options.encoder.tokenOf(stage, step.to)];
  const amountIn = funds.sell(from.token, step.amountIn);
  funds.move(to.token, step.minimumOut);
  const { call } = requireSwapCall(stage, { step: { ...step, amountIn }, recipient: executor }, options);
  return { target: call.target, value: 0n, data: call.data, approval: { token: from.token, spender: call.target, amount: amountIn } };
}

function encodePulls(stage: PlanStage, { pulls, executor }: { readonly pulls: ReadonlyMap<Address, bigint>; readonly executor: Address }, { owner, encoder }: StageOptions) {
  const nameOf = (token: Address): string => formatAmount(pulls.get(token) ?? 0n, encoder.tokenOf(stage, `${stage.chain}/erc20:${token}`).name);
  const entries = [...pulls];
  return {
    rights: entries.map(([token, amount]): ExecutorRight => ({ kind: 'allowance', contract: token, amount, purpose: `take ${nameOf(token)} from your wallet` })),
    calls: entries.map(([token, amount]): ExecutionCall => ({ target: token, value: 0n, data: ERC20.encodeFunctionData('transferFrom', [owner, executor, amount]), approval: null })),
  };
}

function describe(stage: PlanStage, { encoder }: StageOptions): string {
  const amountOf = (amount: bigint, asset: SwapStep['from']): string => formatAmount(amount, encoder.tokenOf(stage, asset).name);
  const borrowed = stage.loans.map((loan) => `borrow ${amountOf(loan.amount, loan.asset)} within the transaction`);
  const steps = stage.steps.map((step) => {
    const sentence = step.kind === 'account' ? encoder.describe(step) : `Swap ${amountOf(step.amountIn, step.from)} for at least ${amountOf(step.minimumOut, step.to)}.`;
    return `${sentence.slice(0, 1).toLowerCase()}${sentence.slice(1, -1)}`;
  });
  return `In one transaction of your executor, all or nothing: ${[...borrowed, ...steps].join('; ')}.`;
}
