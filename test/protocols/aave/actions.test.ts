import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import { RuleViolation } from '../../../src/core/errors.ts';
import type { Address } from '../../../src/core/ids.ts';
import type { Step } from '../../../src/core/rule.ts';
import { encodeAaveStep } from '../../../src/protocols/aave/actions.ts';
import { AAVE_V2_DEPLOYMENTS, AAVE_V3_DEPLOYMENTS, SPARK_DEPLOYMENTS } from '../../../src/protocols/aave/deployments.ts';
import type { AavePosition } from '../../../src/protocols/aave/state.ts';
import type { ActionContext, Deployment } from '../../../src/protocols/protocol.ts';
import { assetOf, owed, poolOf, reserveOf, supplied } from './fact-sheet-pool.ts';

/** The pool's functions, as IPool.sol and ILendingPool.sol state them. */
const POOL_ABI = new Interface([
  'function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)',
  'function deposit(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)',
  'function withdraw(address asset, uint256 amount, address to) returns (uint256)',
  'function borrow(address asset, uint256 amount, uint256 interestRateMode, uint16 referralCode, address onBehalfOf)',
  'function repay(address asset, uint256 amount, uint256 interestRateMode, address onBehalfOf) returns (uint256)',
  'function liquidationCall(address collateralAsset, address debtAsset, address borrower, uint256 debtToCover, bool receiveAToken)',
  'function approve(address spender, uint256 amount) returns (bool)',
]);
const ALL = 2n ** 256n - 1n;
const OWNER: Address = '0x00000000000000000000000000000000000000f1';
const SENDER: Address = '0x00000000000000000000000000000000000000f2';
const WETH = '0x0000000000000000000000000000000000000001';
const USDC = '0x0000000000000000000000000000000000000003';
const [CORE] = AAVE_V3_DEPLOYMENTS as [Deployment];
const [V2] = AAVE_V2_DEPLOYMENTS as [Deployment];
const [SPARK] = SPARK_DEPLOYMENTS as [Deployment];

function contextOf(deployment: Deployment, position?: AavePosition): ActionContext {
  const state = poolOf([reserveOf('WETH'), reserveOf('USDC')]);
  return { deployment, market: '0xanything', state, ...(position === undefined ? {} : { position }), owner: OWNER, sender: SENDER };
}

/** What the calls say, read back from their data. */
function decode(deployment: Deployment, step: Step, position?: AavePosition): readonly { to: string; name: string; args: readonly unknown[] }[] {
  return encodeAaveStep(contextOf(deployment, position), step).map((call) => {
    expect(call).toMatchObject({ value: 0n, chain: deployment.chain });
    expect(call.description).toContain(deployment.label);
    const parsed = POOL_ABI.parseTransaction({ data: call.data });
    if (parsed === null) throw new Error('not a call of a pool or token');
    return { to: call.to, name: parsed.name, args: parsed.args.toArray().map((arg: unknown) => (typeof arg === 'string' ? arg.toLowerCase() : arg)) };
  });
}

describe('encodeAaveStep', () => {
  test.each([CORE, SPARK])('default: a supply with its approval on $label', (deployment) => {
    expect(decode(deployment, { kind: 'supply', asset: assetOf('USDC'), amount: 5n })).toEqual([
      { to: USDC, name: 'approve', args: [deployment.market, 5n] },
      { to: deployment.market, name: 'supply', args: [USDC, 5n, OWNER, 0n] },
    ]);
  });

  test('behavior: v2 calls a supply a deposit', () => {
    expect(decode(V2, { kind: 'supply', asset: assetOf('USDC'), amount: 5n })[1]).toEqual({ to: V2.market, name: 'deposit', args: [USDC, 5n, OWNER, 0n] });
  });

  test("default: a withdrawal, to the owner; 'max' is the greatest integer", () => {
    expect(decode(CORE, { kind: 'withdraw', asset: assetOf('WETH'), amount: 7n })).toEqual([{ to: CORE.market, name: 'withdraw', args: [WETH, 7n, OWNER] }]);
    expect(decode(CORE, { kind: 'withdraw', asset: assetOf('WETH'), amount: 'max' })[0]?.args).toEqual([WETH, ALL, OWNER]);
  });

  test('default: a borrow at the variable rate', () => {
    expect(decode(V2, { kind: 'borrow', asset: assetOf('USDC'), amount: 9n })).toEqual([{ to: V2.market, name: 'borrow', args: [USDC, 9n, 2n, 0n, OWNER] }]);
  });

  test("default: a repayment with its approval; 'max' approves what is owed with head-room, without limit where that is not known, and takes the rest back", () => {
    expect(decode(CORE, { kind: 'repay', asset: assetOf('USDC'), amount: 9n })).toEqual([
      { to: USDC, name: 'approve', args: [CORE.market, 9n] },
      { to: CORE.market, name: 'repay', args: [USDC, 9n, 2n, OWNER] },
    ]);
    expect(decode(CORE, { kind: 'repay', asset: assetOf('USDC'), amount: 'max' }).map((call) => call.args[1])).toEqual([ALL, ALL, 0n]);
    const known = encodeAaveStep({ ...contextOf(CORE), paid: 1_000_000n }, { kind: 'repay', asset: assetOf('USDC'), amount: 'max' });
    expect(known.map((call) => POOL_ABI.parseTransaction({ data: call.data })?.args[1])).toEqual([1_000_101n, ALL, 0n]);
    expect(known.map((call) => call.description)).toEqual([
      'Allow Aave v3 Ethereum to take 1.000101 USDC.',
      'Repay the whole debt in USDC to Aave v3 Ethereum.',
      'Take back what is left of the approval of USDC for Aave v3 Ethereum.',
    ]);
  });

  test('behavior: a repayment goes to the stable debt where that is the only one', () => {
    const stable = { principal: 5n, rate: 1n, lastUpdate: 1n };
    const rateMode = (holdings: AavePosition['holdings'], asset = assetOf('USDC')) => decode(V2, { kind: 'repay', asset, amount: 9n }, { eMode: 0, holdings })[1]?.args[2];
    expect(rateMode([supplied(0, 1n), { ...owed(2, 0n), stableDebt: stable }])).toBe(1n);
    expect(rateMode([{ ...owed(2, 1n), stableDebt: stable }])).toBe(2n);
    expect(rateMode([owed(2, 1n)])).toBe(2n);
    expect(rateMode([supplied(2, 1n)])).toBe(2n);
    expect(rateMode([], assetOf('DAI'))).toBe(2n);
  });

  test('default: a liquidation of the owner, paid out in the underlying', () => {
    const pair = { collateral: assetOf('WETH'), debt: assetOf('USDC') };
    for (const deployment of [CORE, V2, SPARK]) {
      expect(decode(deployment, { kind: 'liquidate', ...pair, repay: 11n })).toEqual([
        { to: USDC, name: 'approve', args: [deployment.market, 11n] },
        { to: deployment.market, name: 'liquidationCall', args: [WETH, USDC, OWNER, 11n, false] },
        { to: USDC, name: 'approve', args: [deployment.market, 0n] },
      ]);
    }
    expect(decode(CORE, { kind: 'liquidate', ...pair }).map((call) => call.args.includes(ALL))).toEqual([true, true, false]);
  });

  test('behavior: targets are the deployment and the token, whatever the market of the document says', () => {
    const steps: readonly Step[] = [
      { kind: 'supply', asset: assetOf('USDC'), amount: 1n },
      { kind: 'withdraw', asset: assetOf('USDC'), amount: 1n },
      { kind: 'borrow', asset: assetOf('USDC'), amount: 1n },
      { kind: 'repay', asset: assetOf('USDC'), amount: 'max' },
      { kind: 'liquidate', collateral: assetOf('WETH'), debt: assetOf('USDC') },
    ];
    for (const deployment of [...AAVE_V3_DEPLOYMENTS, V2, SPARK]) {
      const targets = new Set(steps.flatMap((step) => encodeAaveStep(contextOf(deployment), step).map((call) => call.to)));
      expect(targets).toEqual(new Set([USDC, deployment.contracts['pool']]));
      const spenders = steps.flatMap((step) =>
        decode(deployment, step)
          .filter((call) => call.name === 'approve')
          .map((call) => call.args[0]),
      );
      expect(new Set(spenders)).toEqual(new Set([deployment.contracts['pool']]));
    }
  });

  test('error: RULE_VIOLATION for a step or an asset that a pool does not have', () => {
    const refuse = (step: Step) => () => encodeAaveStep(contextOf(CORE), step);
    expect(refuse({ kind: 'close', sizeUsd: 'max' })).toThrow(RuleViolation);
    expect(refuse({ kind: 'liquidate', debt: assetOf('USDC') })).toThrow(RuleViolation);
    expect(refuse({ kind: 'liquidate', collateral: assetOf('USDC') })).toThrow(RuleViolation);
    expect(refuse({ kind: 'borrow', asset: 'eip155:1/slip44:60', amount: 1n })).toThrow(/not a token/);
  });
});
