import { Interface, type InterfaceAbi } from 'ethers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../src/core/errors.ts';
import type { Address } from '../../src/core/ids.ts';
import { type Execution, encodeExecution, executorInterface } from '../../src/path/transactions/executor-calldata.ts';
import { addressOf, compileExecutor, EMPTY_PLAN } from './executor-chain.ts';

const [ONE, TWO, THREE] = [addressOf(1), addressOf(2), addressOf(3)];
const LIMIT = 2n ** 256n;

function refuses(plan: Partial<Execution>): boolean {
  try {
    encodeExecution({ ...EMPTY_PLAN, ...plan });
    return false;
  } catch (error) {
    if (isPlimsollError(error, 'INVALID_ARGUMENT')) return true;
    throw error;
  }
}

describe('executorInterface', () => {
  test('default: every function, event and error that it has is the compiled contract’s; no error is missing', () => {
    const compiled = Interface.from(compileExecutor()['PlimsollExecutor']?.abi as InterfaceAbi);
    const known = compiled.fragments.map((fragment) => fragment.format('full'));
    for (const fragment of executorInterface.fragments) expect(known).toContain(fragment.format('full'));
    const errors = (abi: Interface): readonly string[] =>
      abi.fragments
        .filter(({ type }) => type === 'error')
        .map((fragment) => fragment.format('full'))
        .sort();
    expect(errors(executorInterface)).toEqual(errors(compiled));
  });

  test('behavior: the compiled contract reads what the encoder writes, by the same names', () => {
    const compiled = Interface.from(compileExecutor()['PlimsollExecutor']?.abi as InterfaceAbi);
    expect(compiled.getFunction('execute')?.format('full')).toBe(executorInterface.getFunction('execute')?.format('full'));
  });
});

describe('encodeExecution', () => {
  const address = fc.bigInt({ min: 1n, max: 2n ** 160n - 1n }).map((number): Address => `0x${number.toString(16).padStart(40, '0')}`);
  const uint = fc.bigInt({ min: 0n, max: LIMIT - 1n });
  const bytes = fc.uint8Array({ maxLength: 70 }).map((array) => `0x00${Buffer.from(array).toString('hex')}`);
  const approval = fc.option(fc.record({ token: address, spender: address, amount: uint }), { nil: null });
  const execution: fc.Arbitrary<Execution> = fc.record({
    deadline: uint,
    loans: fc.array(fc.record({ kind: fc.constantFrom('morpho' as const, 'aave' as const), lender: address, token: address, amount: fc.bigInt({ min: 1n, max: LIMIT - 1n }), maxFee: uint })),
    calls: fc.array(fc.record({ target: address, value: uint, data: bytes, approval })),
    outputs: fc.array(fc.record({ token: address, minimum: uint })),
    checks: fc.array(fc.record({ target: address, data: bytes, offset: fc.nat(), minimum: uint, maximum: fc.constant(null) })),
  });

  test('property: what is decoded is what was encoded', () => {
    fc.assert(
      fc.property(execution, (plan) => {
        const [decoded] = executorInterface.decodeFunctionData('execute', encodeExecution(plan));
        const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);
        expect(decoded.deadline).toBe(plan.deadline);
        expect(decoded.loans.map((loan: Iterable<unknown>) => [...loan].map(lower))).toEqual(
          plan.loans.map(({ kind, lender, token, amount, maxFee }) => [kind === 'morpho' ? 0n : 1n, lender, token, amount, maxFee]),
        );
        expect(decoded.calls.map(([target, value, data, given]: readonly [string, bigint, string, Iterable<unknown>]) => [lower(target), value, data, [...given].map(lower)])).toEqual(
          plan.calls.map(({ target, value, data, approval: wanted }) => [target, value, data, wanted === null ? [addressOf(0), addressOf(0), 0n] : [wanted.token, wanted.spender, wanted.amount]]),
        );
        expect(decoded.outputs.map((output: Iterable<unknown>) => [...output].map(lower))).toEqual(plan.outputs.map(({ token, minimum }) => [token, minimum]));
        expect(decoded.checks.map((check: Iterable<unknown>) => [...check].map(lower))).toEqual(
          plan.checks.map(({ target, data, offset, minimum }) => [target, data, BigInt(offset), minimum, LIMIT - 1n]),
        );
      }),
      { seed: 5 },
    );
  });

  test('error: INVALID_ARGUMENT for what the contract would refuse, or what does not fit', () => {
    const call = { target: ONE, value: 0n, data: '0x', approval: null };
    const loan = { kind: 'morpho', lender: ONE, token: TWO, amount: 1n, maxFee: 0n } as const;
    const check = { target: ONE, data: '0x', offset: 0, minimum: 0n, maximum: null };
    expect(refuses({ calls: [call], loans: [loan], checks: [check], outputs: [{ token: THREE, minimum: 0n }] })).toBe(false);
    const wrong: readonly Partial<Execution>[] = [
      { deadline: -1n },
      { deadline: LIMIT },
      { loans: [{ ...loan, amount: 0n }] },
      { loans: [{ ...loan, amount: LIMIT }] },
      { loans: [{ ...loan, maxFee: -1n }] },
      { loans: [{ ...loan, lender: '0x12' }] },
      { calls: [{ ...call, value: -1n }] },
      { calls: [{ ...call, target: `0x${'A'.repeat(40)}` }] },
      { calls: [{ ...call, data: '0x1' }] },
      { calls: [{ ...call, data: 'abcd' }] },
      { calls: [{ ...call, approval: { token: addressOf(0), spender: ONE, amount: 1n } }] },
      { calls: [{ ...call, approval: { token: ONE, spender: TWO, amount: LIMIT } }] },
      { outputs: [{ token: ONE, minimum: -1n }] },
      { checks: [{ ...check, offset: -1 }] },
      { checks: [{ ...check, offset: 0.5 }] },
      { checks: [{ ...check, minimum: 2n, maximum: 1n }] },
    ];
    expect(wrong.filter((plan) => !refuses(plan))).toEqual([]);
  });

  test('error: INVALID_ARGUMENT for approvals that would outlive their call', () => {
    for (const selector of ['0x095ea7b3', '0x39509351', '0x87517c45', '0x095EA7B3']) {
      expect(refuses({ calls: [{ target: ONE, value: 0n, data: `${selector}00`, approval: null }] })).toBe(true);
    }
    expect(refuses({ calls: [{ target: ONE, value: 0n, data: '0x095ea700', approval: null }] })).toBe(false);
  });
});
