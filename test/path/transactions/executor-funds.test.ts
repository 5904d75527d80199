import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import { ExecutorFunds } from '../../../src/path/transactions/executor-funds.ts';

const WETH: Address = `0x${'1'.repeat(40)}`;
const USDC: Address = `0x${'2'.repeat(40)}`;
const unknown = () => null;
const plain = (amount: bigint, token = USDC) => ({ token, expected: amount, most: amount });
const gain = (amount: bigint, token = WETH, lost = 0n) => ({ token, expected: amount, least: amount - lost });

describe(ExecutorFunds, () => {
  test('default: what a loan covers is not pulled; what is left over is a minimum output', () => {
    const funds = new ExecutorFunds();
    funds.borrow(USDC, 100n, 100n);
    funds.pay(plain(100n));
    funds.receive(gain(10n));
    expect(funds.sell(WETH, 9n)).toBe(9n);
    funds.move(USDC, 103n);
    funds.giveBack();
    const pulls = funds.listPulls(unknown);
    expect([...pulls]).toEqual([]);
    expect(funds.listOutputs(pulls)).toEqual([
      { token: USDC, minimum: 3n },
      { token: WETH, minimum: 1n },
    ]);
  });

  test('default: what is paid before it comes in, or never comes in, is pulled from the wallet', () => {
    const funds = new ExecutorFunds();
    funds.pay(plain(100n));
    funds.move(USDC, 40n);
    const pulls = funds.listPulls(unknown);
    expect([...pulls]).toEqual([[USDC, 100n]]);
    expect(funds.listOutputs(pulls)).toEqual([{ token: USDC, minimum: 40n }]);
  });

  test('behavior: head-room is pulled too, as far as the wallet holds it, and is no minimum output', () => {
    const funds = new ExecutorFunds();
    funds.pay({ token: USDC, expected: 100n, most: 103n });
    expect([unknown, () => 101n, () => 100n, () => 1_000n].map((cashOf) => funds.listPulls(cashOf).get(USDC))).toEqual([103n, 101n, 100n, 103n]);
    expect(() => funds.listPulls(() => 99n)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('100 raw units') }));
    expect(funds.listOutputs(funds.listPulls(unknown))).toEqual([{ token: USDC, minimum: 0n }]);
  });

  test('behavior: a swap does without what rounding may have lost, unless something else of the token is left', () => {
    const whole = new ExecutorFunds();
    whole.receive(gain(10n, WETH, 1n));
    expect([whole.sell(WETH, 6n), whole.sell(WETH, 4n)]).toEqual([6n, 3n]);
    const part = new ExecutorFunds();
    part.receive(gain(10n, WETH, 1n));
    expect([part.sell(WETH, 8n), [...part.listPulls(unknown)]]).toEqual([8n, []]);
  });

  test('behavior: what a loan takes back is not left over', () => {
    const funds = new ExecutorFunds();
    funds.borrow(WETH, 5n, 5n);
    funds.pay(plain(5n, WETH));
    funds.receive(gain(10n, WETH, 1n));
    expect(funds.sell(WETH, 5n)).toBe(4n);
    funds.giveBack();
    expect([...funds.listPulls(unknown)]).toEqual([]);
  });

  test('behavior: a lost unit that only the wallet can give is pulled', () => {
    const funds = new ExecutorFunds();
    funds.borrow(WETH, 10n, 10n);
    funds.pay(plain(10n, WETH));
    funds.receive(gain(10n, WETH, 1n));
    funds.giveBack();
    expect([...funds.listPulls(unknown)]).toEqual([[WETH, 1n]]);
  });

  test('property: with what is pulled, no balance ever falls below 0, and outputs are never more than what is left at worst', () => {
    const event = fc.record({ kind: fc.constantFrom('pay', 'receive', 'sell'), amount: fc.bigInt({ min: 1n, max: 1_000n }), room: fc.bigInt({ min: 0n, max: 3n }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.bigInt({ min: 0n, max: 1_000n }), (events, loan) => {
        const funds = new ExecutorFunds();
        funds.borrow(USDC, loan, loan);
        const changes = events.map(({ kind, amount, room }): { nominal: bigint; worst: bigint } => {
          if (kind === 'pay') {
            funds.pay({ token: USDC, expected: amount, most: amount + room });
            return { nominal: -amount, worst: -amount - room };
          }
          if (kind === 'receive') {
            funds.receive({ token: USDC, expected: amount, least: amount > room ? amount - room : amount });
            return { nominal: amount, worst: amount > room ? amount - room : amount };
          }
          const sold = funds.sell(USDC, amount);
          return { nominal: -sold, worst: -sold };
        });
        funds.giveBack();
        const pulls = funds.listPulls(unknown);
        let nominal = loan + (pulls.get(USDC) ?? 0n);
        let worst = nominal;
        for (const change of changes) {
          nominal += change.nominal;
          worst += change.worst;
          expect(nominal >= 0n).toBe(true);
        }
        const [output] = funds.listOutputs(pulls);
        const left = worst - loan;
        expect(output?.minimum).toBe(left > 0n ? left : 0n);
      }),
    );
  });
});
