import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import type { Step } from '../../../src/core/rule.ts';
import { morphoBlue } from '../../../src/protocols/morpho-blue/index.ts';
import type { ActionContext } from '../../../src/protocols/protocol.ts';
import { LIQUIDATOR, MARKET_ID, OWNER, USDC, v7Position, WSTETH, wstEthUsdc } from './wsteth-usdc.ts';

const [ethereum] = morphoBlue.deployments;
const MORPHO = '0xbbbbbbbbbb9cc5e90e3b3af64bdaf62c37eeffcb';
const USDC_TOKEN = USDC.slice(USDC.indexOf('0x'));
const WSTETH_TOKEN = WSTETH.slice(WSTETH.indexOf('0x'));
const PARAMS = '(address,address,address,address,uint256)';
const abi = new Interface([
  'function approve(address,uint256)',
  `function supply(${PARAMS},uint256,uint256,address,bytes)`,
  `function withdraw(${PARAMS},uint256,uint256,address,address)`,
  `function borrow(${PARAMS},uint256,uint256,address,address)`,
  `function repay(${PARAMS},uint256,uint256,address,bytes)`,
  `function supplyCollateral(${PARAMS},uint256,address,bytes)`,
  `function withdrawCollateral(${PARAMS},uint256,address,address)`,
  `function liquidate(${PARAMS},address,uint256,uint256,bytes)`,
]);

function encode(step: Step, changes: Partial<ActionContext> = {}) {
  if (ethereum === undefined) return expect.unreachable('a deployment');
  const context: ActionContext = { deployment: ethereum, market: MARKET_ID, state: wstEthUsdc, owner: OWNER, sender: OWNER, ...changes };
  return morphoBlue.encodeStep(context, step).map((call) => {
    const parsed = abi.parseTransaction({ data: call.data });
    const args = (parsed?.args.toArray() ?? []).filter((arg) => typeof arg === 'bigint' || typeof arg === 'string');
    return [call.to, parsed?.name, ...args.map((arg) => (typeof arg === 'string' ? arg.toLowerCase() : arg))];
  });
}

describe('encodeStep', () => {
  test('default: an exact approval, then the call on the owner’s behalf', () => {
    expect(encode({ kind: 'supply', asset: WSTETH, amount: 5n })).toEqual([
      [WSTETH_TOKEN, 'approve', MORPHO, 5n],
      [MORPHO, 'supplyCollateral', 5n, OWNER, '0x'],
    ]);
    expect(encode({ kind: 'supply', asset: USDC, amount: 5n })).toEqual([
      [USDC_TOKEN, 'approve', MORPHO, 5n],
      [MORPHO, 'supply', 5n, 0n, OWNER, '0x'],
    ]);
    expect(encode({ kind: 'repay', asset: USDC, amount: 7n }, { sender: LIQUIDATOR })).toEqual([
      [USDC_TOKEN, 'approve', MORPHO, 7n],
      [MORPHO, 'repay', 7n, 0n, OWNER, '0x'],
    ]);
    expect(encode({ kind: 'borrow', asset: USDC, amount: 9n })).toEqual([[MORPHO, 'borrow', 9n, 0n, OWNER, OWNER]]);
    expect(encode({ kind: 'withdraw', asset: WSTETH, amount: 9n })).toEqual([[MORPHO, 'withdrawCollateral', 9n, OWNER, OWNER]]);
    expect(encode({ kind: 'withdraw', asset: USDC, amount: 9n })).toEqual([[MORPHO, 'withdraw', 9n, 0n, OWNER, OWNER]]);
  });

  test("behavior: 'max' speaks in shares and takes the rest of its approval back", () => {
    const position = { ...v7Position, supplyShares: 3n };
    expect(encode({ kind: 'repay', asset: USDC, amount: 'max' }, { position })).toEqual([
      [USDC_TOKEN, 'approve', MORPHO, 18_201_041_668n],
      [MORPHO, 'repay', 0n, v7Position.borrowShares, OWNER, '0x'],
      [USDC_TOKEN, 'approve', MORPHO, 0n],
    ]);
    expect(encode({ kind: 'withdraw', asset: USDC, amount: 'max' }, { position })).toEqual([[MORPHO, 'withdraw', 0n, 3n, OWNER, OWNER]]);
    expect(encode({ kind: 'withdraw', asset: WSTETH, amount: 'max' }, { position })).toEqual([[MORPHO, 'withdrawCollateral', v7Position.collateral, OWNER, OWNER]]);
  });

  test('behavior: a liquidator repays by shares or by what is seized', () => {
    const sender = LIQUIDATOR;
    const repayShares = v7Position.borrowShares;
    const whole = [
      [USDC_TOKEN, 'approve', MORPHO, 18_201_041_668n],
      [MORPHO, 'liquidate', OWNER, 0n, repayShares, '0x'],
      [USDC_TOKEN, 'approve', MORPHO, 0n],
    ];
    expect(encode({ kind: 'liquidate', repayShares }, { sender })).toEqual(whole);
    expect(encode({ kind: 'liquidate', repayShares: 'max' }, { sender, position: v7Position })).toEqual(whole);
    expect(encode({ kind: 'liquidate', seize: 3n * 10n ** 18n }, { sender })[1]).toEqual([MORPHO, 'liquidate', OWNER, 3n * 10n ** 18n, 0n, '0x']);
  });

  test.each<[string, Step, Partial<ActionContext>, string]>([
    ['INVALID_ARGUMENT', { kind: 'repay', asset: USDC, amount: 'max' }, {}, 'max'],
    ['INVALID_ARGUMENT', { kind: 'supply', asset: WSTETH, amount: 1n }, { state: { ...wstEthUsdc, oracle: OWNER } }, 'hash'],
    ['INVALID_ARGUMENT', { kind: 'supply', asset: WSTETH, amount: 1n }, { market: `0x${'11'.repeat(32)}` }, 'hash'],
    ['INVALID_ARGUMENT', { kind: 'supply', asset: WSTETH, amount: 1n }, { state: { ...wstEthUsdc, loan: { ...wstEthUsdc.loan, asset: 'iso4217:usd' } } }, 'ERC-20'],
    ['RULE_VIOLATION', { kind: 'borrow', asset: USDC, amount: 1n }, { sender: LIQUIDATOR }, 'unauthorized'],
    ['RULE_VIOLATION', { kind: 'withdraw', asset: WSTETH, amount: 1n }, { sender: LIQUIDATOR }, 'unauthorized'],
    ['RULE_VIOLATION', { kind: 'borrow', asset: WSTETH, amount: 1n }, {}, 'market not created'],
    ['RULE_VIOLATION', { kind: 'liquidate', seize: 1n, repayShares: 1n }, {}, 'inconsistent input'],
    ['RULE_VIOLATION', { kind: 'close', sizeUsd: 1n }, {}, 'inconsistent input'],
  ])('error: %s for %o', (code, step, changes, text) => {
    expect(() => encode(step, changes)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });
});
