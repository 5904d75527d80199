import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Execution, type ExecutionCall, encodeExecution } from '../../src/path/transactions/executor-calldata.ts';
import { Anvil } from '../chain/anvil.ts';
import type { Contract } from '../chain/contract.ts';
import { usersOf } from '../chain/counts.ts';
import { addressOf, allow, callOf, EMPTY_PLAN, execute, leftBehind, planRefusal, put } from './executor-chain.ts';
import { type Balances, type Move, type Outcome, predictPlan, type RandomPlan, type TokenName } from './executor-model.ts';

const OWNER = addressOf(0xa11ce);
const STRANGER = addressOf(0xe7e);
const RUNS = usersOf(120, 3_000);
const LENT_BY_LENDER = 1_200n;
const HELD_BY_OWNER = 1_500n;
const HELD_BY_ROUTER = 10n ** 9n;
const PREMIUM = 2n;

let chain: Anvil;
let executor: Contract;
let tokens: Readonly<Record<TokenName, Contract>>;
let router: Contract;
let lender: Contract;
let attacker: Contract;

beforeAll(async () => {
  chain = await Anvil.start('paris');
  for (const account of [OWNER, STRANGER]) await chain.fund(account);
  executor = await put(chain, STRANGER, 'PlimsollExecutor', [OWNER]);
  tokens = { a: await put(chain, STRANGER, 'AwkwardToken', [0]), b: await put(chain, STRANGER, 'AwkwardToken', [0]) };
  router = await put(chain, STRANGER, 'TestRouter');
  lender = await put(chain, STRANGER, 'HostileLender');
  attacker = await put(chain, STRANGER, 'Attacker');
  await lender.write(STRANGER, 'set', 0, PREMIUM);
  await router.write(STRANGER, 'setPrice', tokens.a.address, tokens.b.address, 3n, 2n);
  await router.write(STRANGER, 'setPrice', tokens.b.address, tokens.a.address, 2n, 3n);
  for (const token of Object.values(tokens)) {
    await token.write(STRANGER, 'mint', router.address, HELD_BY_ROUTER);
    await token.write(STRANGER, 'mint', lender.address, LENT_BY_LENDER);
    await token.write(STRANGER, 'mint', OWNER, HELD_BY_OWNER);
    await token.write(OWNER, 'approve', executor.address, HELD_BY_OWNER);
    // Every transfer gives the attacker a moment of control.
    await token.write(STRANGER, 'setHook', attacker.address);
  }
}, 60_000);

afterAll(() => chain.stop());

const tokenName = fc.constantFrom<TokenName>('a', 'b');
const units = (max: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max });
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pull' as const), token: tokenName, amount: units(500n) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('swap' as const), token: tokenName, amount: units(500n), spare: fc.bigInt({ min: -1n, max: 40n }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('give' as const), token: tokenName, amount: units(5n) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rob' as const), token: tokenName, amount: units(5n), spare: fc.bigInt({ min: -1n, max: 9n }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'poke' as const }) },
);
const FUNDED: readonly Move[] = [
  { kind: 'pull', token: 'a', amount: 700n },
  { kind: 'pull', token: 'b', amount: 700n },
];
const randomPlan: fc.Arbitrary<RandomPlan> = fc.record({
  loans: fc.array(
    fc.record({ kind: fc.constantFrom('morpho' as const, 'aave' as const), token: tokenName, amount: fc.bigInt({ min: 1n, max: 500n }), maxFee: fc.bigInt({ min: PREMIUM - 1n, max: 12n }) }),
    { maxLength: 3 },
  ),
  // Most plans have something in hand to begin with, or nothing would ever be repaid.
  moves: fc.tuple(fc.oneof({ weight: 3, arbitrary: fc.constant(FUNDED) }, { weight: 1, arbitrary: fc.constant([]) }), fc.array(move, { maxLength: 5 })).map(([first, then]) => [...first, ...then]),
  outputs: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constant([
        { token: 'a' as const, minimum: 0n },
        { token: 'b' as const, minimum: 0n },
      ]),
    },
    { weight: 1, arbitrary: fc.array(fc.record({ token: tokenName, minimum: units(400n) }), { maxLength: 3 }) },
  ),
  checks: fc.array(fc.record({ token: tokenName, minimum: units(1_200n), room: units(2_000n) }), { maxLength: 1 }),
});
const attackerEntry = fc.constantFrom('execute', 'onMorphoFlashLoan', 'executeOperation', 'flashLoanSimple');

function toExecution({ loans, moves, outputs, checks }: RandomPlan): Execution {
  return {
    ...EMPTY_PLAN,
    loans: loans.map(({ kind, token, amount, maxFee }) => ({ kind, lender: lender.address, token: tokens[token].address, amount, maxFee })),
    calls: moves.map(toCall),
    outputs: outputs.map(({ token, minimum }) => ({ token: tokens[token].address, minimum })),
    checks: checks.map(({ token, minimum, room }) => ({
      target: tokens[token].address,
      data: tokens[token].abi.encodeFunctionData('balanceOf', [OWNER]),
      offset: 0,
      minimum,
      maximum: minimum + room,
    })),
  };
}

function toCall(step: Move): ExecutionCall {
  switch (step.kind) {
    case 'pull':
      return callOf(tokens[step.token], 'transferFrom', [OWNER, executor.address, step.amount]);
    case 'give':
      return callOf(tokens[step.token], 'transfer', [STRANGER, step.amount]);
    case 'poke':
      return callOf(attacker, 'poke', []);
    case 'swap':
    case 'rob': {
      const through = step.kind === 'swap' ? router : attacker;
      const approved = step.amount + step.spare < 0n ? 0n : step.amount + step.spare;
      return callOf(through, 'swap', [tokens[step.token].address, step.amount, tokens[step.token === 'a' ? 'b' : 'a'].address], allow(tokens[step.token], through, approved));
    }
  }
}

/** What the attacker tries at every moment of control. */
function entryOf(name: string, plan: Execution): { target: string; data: string } {
  if (name === 'execute') return { target: executor.address, data: encodeExecution(plan) };
  if (name === 'flashLoanSimple') return { target: lender.address, data: lender.abi.encodeFunctionData('callBack', [executor.address, tokens.a.address, 1n, attacker.address, '0x', true]) };
  const args = name === 'onMorphoFlashLoan' ? [1n, '0x'] : [tokens.a.address, 1n, 0n, executor.address, '0x'];
  return { target: executor.address, data: executor.abi.encodeFunctionData(name, args) };
}

async function readBalances(): Promise<Balances> {
  const of = async (token: Contract): Promise<Balances['a']> => {
    const [held, own, stranger, robbed] = await Promise.all([executor.address, OWNER, STRANGER, attacker.address].map((holder) => token.read('balanceOf', holder)));
    return { executor: held as bigint, owner: own as bigint, stranger: stranger as bigint, attacker: robbed as bigint, lender: (await token.read('balanceOf', lender.address)) as bigint };
  };
  return { a: await of(tokens.a), b: await of(tokens.b) };
}

const wordsFor = (refusal: string): string => refusal.replaceAll(/TOKEN_(a|b)/g, (_, name: string) => tokens[name === 'a' ? 'a' : 'b'].address);

describe('PlimsollExecutor', () => {
  test(`property: ${RUNS} random plans, each under attack, end as a model of balances says; only the owner’s run; no approval stays`, async () => {
    const seen: Record<Outcome['kind'], number> = { done: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(randomPlan, attackerEntry, async (random, entry) => {
        await chain.undone(async () => {
          const plan = toExecution(random);
          const before = await readBalances();
          const expected = predictPlan(random, before, { premium: PREMIUM, allowances: { a: HELD_BY_OWNER, b: HELD_BY_OWNER } });
          seen[expected.kind] += 1;
          const { target, data } = entryOf(entry, plan);
          await attacker.write(STRANGER, 'arm', target, data);
          for (const caller of [STRANGER, attacker.address, lender.address, router.address]) expect(await planRefusal(executor, caller, plan)).toBe(`NotOwner(${caller})`);
          if (expected.kind === 'refused') {
            expect(await planRefusal(executor, OWNER, plan)).toBe(wordsFor(expected.refusal));
            await expect(execute(executor, OWNER, plan)).rejects.toThrow();
          } else {
            expect(await planRefusal(executor, OWNER, plan)).toBeNull();
            await execute(executor, OWNER, plan);
          }
          expect(await readBalances()).toEqual(expected.kind === 'refused' ? before : expected.balances);
          expect(await attacker.read('succeeded')).toBe(false);
          const listed = random.outputs.map(({ token }) => tokens[token]);
          expect(await leftBehind(executor, listed, [router.address, lender.address, attacker.address, STRANGER])).toEqual([]);
          for (const token of Object.values(tokens)) {
            for (const spender of [router, lender, attacker]) expect(await token.read('allowance', executor.address, spender.address)).toBe(0n);
          }
        });
      }),
      { numRuns: RUNS, seed: 20_261_121 },
    );
    process.stdout.write(`executor fuzz: ${seen.done} plans done, ${seen.refused} refused as predicted\n`);
    expect(Math.min(seen.done, seen.refused)).toBeGreaterThan(RUNS / 8);
  }, 1_800_000);
});
