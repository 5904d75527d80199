/** The two tokens of the random plans. */
export type TokenName = 'a' | 'b';

/** One call of a random plan. `spare` is what its approval allows beyond its amount. */
export type Move =
  | { readonly kind: 'pull' | 'give'; readonly token: TokenName; readonly amount: bigint }
  | { readonly kind: 'swap' | 'rob'; readonly token: TokenName; readonly amount: bigint; readonly spare: bigint }
  | { readonly kind: 'poke' };

/** A plan before it becomes calldata. */
export interface RandomPlan {
  readonly loans: readonly { readonly kind: 'morpho' | 'aave'; readonly token: TokenName; readonly amount: bigint; readonly maxFee: bigint }[];
  readonly moves: readonly Move[];
  readonly outputs: readonly { readonly token: TokenName; readonly minimum: bigint }[];
  /** The owner's balance of a token in the end, from `minimum` to `minimum + room`. */
  readonly checks: readonly { readonly token: TokenName; readonly minimum: bigint; readonly room: bigint }[];
}

type Holder = 'executor' | 'owner' | 'stranger' | 'attacker' | 'lender';
/** Who holds what. */
export type Balances = Readonly<Record<TokenName, Readonly<Record<Holder, bigint>>>>;

/** How a plan ends: with these balances, or with the executor's refusal in words. */
export type Outcome = { readonly kind: 'done'; readonly balances: Balances } | { readonly kind: 'refused'; readonly refusal: string };

/** What the model must know beside the plan. */
export interface ModelWorld {
  /** Fee of a loan from the Aave side, units. */
  readonly premium: bigint;
  /** What the owner lets the executor take. */
  readonly allowances: Readonly<Record<TokenName, bigint>>;
}

interface Run {
  readonly balances: Record<TokenName, Record<Holder, bigint>>;
  readonly allowances: Record<TokenName, bigint>;
}

class Refusal extends Error {}

/** How a plan ends, by balances alone: nothing of the contract's own code. */
export function predictPlan(plan: RandomPlan, before: Balances, { premium, allowances }: ModelWorld): Outcome {
  const run: Run = { balances: { a: { ...before.a }, b: { ...before.b } }, allowances: { ...allowances } };
  try {
    for (const loan of plan.loans) takeLoan(run, loan, premium);
    for (const [at, step] of plan.moves.entries()) makeMove(run, step, at);
    for (const { kind, token, amount } of plan.loans.toReversed()) pass(run, token, ['executor', 'lender'], amount + (kind === 'aave' ? premium : 0n));
    for (const { token, minimum } of plan.outputs) requireOutput(run, token, minimum);
    for (const token of sweptBy(plan)) pass(run, token, ['executor', 'owner'], run.balances[token].executor);
    plan.checks.forEach(({ token, minimum, room }, at) => {
      const value = run.balances[token].owner;
      if (value < minimum || value > minimum + room) throw new Refusal(`CheckFailed(${at}, ${value})`);
    });
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', refusal: error.message };
    throw error;
  }
  return { kind: 'done', balances: run.balances };
}

function takeLoan(run: Run, { kind, token, amount, maxFee }: RandomPlan['loans'][number], premium: bigint): void {
  pass(run, token, ['lender', 'executor'], amount);
  if (kind === 'aave' && premium > maxFee) throw new Refusal(`FeeTooHigh(${premium}, ${maxFee})`);
}

function makeMove(run: Run, step: Move, at: number): void {
  try {
    if (step.kind === 'pull') pull(run, step.token, step.amount);
    if (step.kind === 'give') pass(run, step.token, ['executor', 'stranger'], step.amount);
    if (step.kind === 'swap' || step.kind === 'rob') sell(run, step);
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(`CallFailed(${at}: ${error.message})`) : error;
  }
}

function pull(run: Run, token: TokenName, amount: bigint): void {
  if (run.allowances[token] < amount) throw new Refusal('AllowanceTooLow()');
  run.allowances[token] -= amount;
  pass(run, token, ['owner', 'executor'], amount);
}

/** A router or a robber takes what it is allowed; the router pays 3 of b for 2 of a, whole units. */
function sell(run: Run, { kind, token, amount, spare }: Extract<Move, { spare: bigint }>): void {
  const held = run.balances[token].executor;
  const approved = amount + spare < 0n ? 0n : amount + spare;
  if (approved < amount) throw new Refusal('AllowanceTooLow()');
  if (held < amount) throw new Refusal('BalanceTooLow()');
  run.balances[token].executor -= amount;
  if (kind === 'rob') run.balances[token].attacker += amount;
  else run.balances[token === 'a' ? 'b' : 'a'].executor += token === 'a' ? (amount * 3n) / 2n : (amount * 2n) / 3n;
}

function pass(run: Run, token: TokenName, [from, to]: readonly [Holder, Holder], amount: bigint): void {
  if (run.balances[token][from] < amount) throw new Refusal('BalanceTooLow()');
  run.balances[token][from] -= amount;
  run.balances[token][to] += amount;
}

function requireOutput(run: Run, token: TokenName, minimum: bigint): void {
  const held = run.balances[token].executor;
  if (held < minimum) throw new Refusal(`OutputTooLow(TOKEN_${token}, ${held}, ${minimum})`);
}

function sweptBy({ loans, moves, outputs }: RandomPlan): readonly TokenName[] {
  const named = [...outputs, ...loans].map(({ token }) => token);
  const used = moves.flatMap((step) => (step.kind === 'poke' || step.kind === 'give' ? [] : [step.token]));
  return [...named, ...used];
}
