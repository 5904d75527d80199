import { Interface } from 'ethers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import type { Portfolio } from '../../../src/core/portfolio.ts';
import type { CallTrial, TrialCall } from '../../../src/core/source.ts';
import type { OpenedPortfolio } from '../../../src/engine/open-portfolio.ts';
import type { FlashLoan, PlanStage, SwapStep } from '../../../src/path/plan/plan-steps.ts';
import { uniswapV3Venue } from '../../../src/path/transactions/uniswap-v3-venue.ts';
import { listDeployments, PROTOCOLS } from '../../../src/protocols/registry.ts';
import { type PlanTransactions, prepareTransactions, simulateTransactions, type TransactionsRequest } from '../../../src/service/plan/transactions.ts';
import { accountIn, DEMO, GMX_USDC, openChanged, readDemo, stageOf, USDC, WBTC, WETH } from './stages.ts';

const EXECUTOR: Address = `0x${'e'.repeat(40)}`;
const MORPHO = '0xbbbbbbbbbb9cc5e90e3b3af64bdaf62c37eeffcb';
const AAVE_POOL = '0x87870bca3f3fd6335c3f4ce8392d69350b4fa4e2';
const COMET = '0xc3d688b66703497daa19211eedff47f25384cdc3';
const A_WETH = '0x4d5f47fa6a74757f35c14fd3a6ef8e3c9bc514e8';
const ROUTER = '0x68b3465833fb72a70ecdf485e0e4c7bd8665fc45';
const UNKNOWN = 'f0'.repeat(20);
const token = (asset: string): string => asset.slice(-42);
const swap: SwapStep = { kind: 'swap', route: 'weth-usdc', from: WETH, to: USDC, amountIn: 10n ** 18n, expectedOut: 3_900_000_000n, minimumOut: 3_800_000_000n };
const venue = uniswapV3Venue((_chain, route) => (route === 'weth-usdc' ? { tokens: [token(WETH) as Address, token(USDC) as Address], fees: [500] } : null));
const loan = (amount: bigint, changes: Partial<FlashLoan> = {}): FlashLoan => ({ kind: 'morpho', lender: MORPHO, asset: USDC, amount, fee: 0n, ...changes });

describe(prepareTransactions, () => {
  let demo: Portfolio;
  let opened: OpenedPortfolio;
  let [aave, comet, morpho, gmx] = ['', '', '', ''];

  beforeAll(async () => {
    demo = await readDemo();
    opened = openChanged(demo);
    [aave = '', comet = '', morpho = '', gmx = ''] = ['aave-v3', 'compound-v3', 'morpho-blue', 'gmx-v2'].map((protocol) => accountIn(opened, protocol));
  });

  function prepare(stages: readonly PlanStage[], changes: Partial<TransactionsRequest> = {}): PlanTransactions {
    return prepareTransactions({
      stages,
      opened,
      owner: DEMO,
      protocols: PROTOCOLS,
      deployments: listDeployments(),
      trust: 'document',
      targetOf: () => 1.1,
      executorOf: () => EXECUTOR,
      deadline: 1_800_000_000n,
      venues: [venue],
      cash: new Map(),
      ...changes,
    });
  }

  function complete(transactions: PlanTransactions) {
    if (transactions.kind === 'complete') return transactions;
    return expect.unreachable(transactions.reasons.join('; '));
  }

  function refusalOf(stages: readonly PlanStage[], changes: Partial<TransactionsRequest> = {}): string {
    const transactions = prepare(stages, changes);
    expect('calls' in transactions || 'batches' in transactions).toBe(false);
    return transactions.kind === 'incomplete' ? transactions.reasons.join('; ') : expect.unreachable('calls of a plan that should be refused');
  }

  const sequence = (): PlanStage =>
    stageOf(opened, 'sequence', [
      [comet, { kind: 'withdraw', asset: WETH, amount: 10n ** 18n }],
      swap,
      [aave, { kind: 'repay', asset: USDC, amount: 1_240_500_000n }],
      [morpho, { kind: 'repay', asset: USDC, amount: 'max' }],
    ]);

  test('default: a sequence in whole tokens, exact approvals, built-in targets', () => {
    const { calls, batches, stages } = complete(prepare([sequence()]));
    expect(calls.map((call) => [call.to, call.description])).toEqual([
      [COMET, 'Withdraw 1 WETH from Compound v3 Ethereum USDC.'],
      [token(WETH), 'Allow Uniswap v3 to take 1 WETH.'],
      [ROUTER, 'Swap 1 WETH for at least 3,800 USDC on Uniswap v3, until 2027-01-15T08:00:00Z.'],
      [token(USDC), 'Allow Aave v3 Ethereum to take 1,240.5 USDC.'],
      [AAVE_POOL, 'Repay 1,240.5 USDC to Aave v3 Ethereum.'],
      [token(USDC), expect.stringMatching(/^Allow Morpho Blue Ethereum to take 40,9\d\d(?:\.\d+)? USDC\.$/)],
      [MORPHO, 'Repay the whole debt in USDC to Morpho Blue Ethereum WBTC/USDC.'],
      [token(USDC), 'Take back what is left of the approval of USDC for Morpho Blue Ethereum.'],
    ]);
    expect(batches).toEqual([{ version: '2.0.0', chainId: '0x1', from: DEMO, atomicRequired: false, calls: calls.map(({ to, data }) => ({ to, data, value: '0x0' })) }]);
    expect(stages[0]?.execution).toBeNull();
  });

  test('default: the same through the executor: rights, the plan, rights taken back, in one batch', () => {
    const stage = stageOf(
      opened,
      'executor',
      [
        [aave, { kind: 'repay', asset: USDC, amount: 3_000_000_000n }],
        [aave, { kind: 'withdraw', asset: WETH, amount: 5n * 10n ** 14n }],
        [comet, { kind: 'withdraw', asset: WETH, amount: 7n * 10n ** 17n }],
        [morpho, { kind: 'borrow', asset: USDC, amount: 1_000_000n }],
        { ...swap, amountIn: 7n * 10n ** 17n },
      ],
      { loans: [loan(3_000_000_000n)] },
    );
    const { stages, batches } = complete(prepare([stage]));
    const [only] = stages;
    expect(only?.calls.map((call) => [call.to, call.description.replace(/0x\w+/, '…')])).toEqual([
      [A_WETH, 'Let your executor take 0.0005 WETH of collateral out of Aave v3 Ethereum.'],
      [COMET, 'Let your executor act on your account in Compound v3 Ethereum USDC, until the last call of this batch.'],
      [MORPHO, 'Let your executor act on your positions in Morpho Blue Ethereum, until the last call of this batch.'],
      [
        EXECUTOR,
        'In one transaction of your executor, all or nothing: borrow 3,000 USDC within the transaction; repay 3,000 USDC to Aave v3 Ethereum; withdraw 0.0005 WETH from Aave v3 Ethereum; withdraw 0.7 WETH from Compound v3 Ethereum USDC; borrow 1 USDC from Morpho Blue Ethereum WBTC/USDC; swap 0.7 WETH for at least 3,800 USDC.',
      ],
      [COMET, "Take back your executor's right to act on your account in Compound v3 Ethereum USDC."],
      [MORPHO, "Take back your executor's right to act on your positions in Morpho Blue Ethereum."],
    ]);
    expect(batches[0]?.atomicRequired).toBe(true);
    expect(only?.execution?.loans).toEqual([{ kind: 'morpho', lender: MORPHO, token: token(USDC), amount: 3_000_000_000n, maxFee: 0n }]);
    // 3,000 lent, 3,000 repaid, 1 borrowed, at least 3,800 bought, 3,000 given back.
    expect(only?.execution?.outputs).toEqual([
      { token: token(USDC), minimum: 801_000_000n },
      { token: token(WETH), minimum: 5n * 10n ** 14n },
    ]);
    const checks = only?.execution?.checks ?? [];
    expect(checks.map((check) => check.target)).toEqual([AAVE_POOL, COMET, COMET, COMET, MORPHO, MORPHO, expect.stringMatching(/^0x/)]);
    expect(checks[0]).toMatchObject({ offset: 160, minimum: 11n * 10n ** 17n, maximum: null });
  });

  test('behavior: tokens of the wallet come by an exact allowance; orders stay a stage of their own', () => {
    const executor = stageOf(opened, 'executor', [[aave, { kind: 'repay', asset: USDC, amount: 50_000_000n }]]);
    const orders = stageOf(opened, 'orders', [[gmx, { kind: 'supply', asset: GMX_USDC, amount: 5_000_000n }]], { chain: 'eip155:42161' });
    const { stages, batches, calls } = complete(prepare([executor, orders]));
    expect(stages[0]?.calls[0]).toMatchObject({ to: token(USDC), description: 'Let your executor take 50 USDC from your wallet.' });
    const [pull] = stages[0]?.execution?.calls ?? [];
    const transfer = new Interface(['function transferFrom(address,address,uint256)']).parseTransaction({ data: pull?.data ?? '0x' });
    expect([pull?.target, ...(transfer?.args.toArray() ?? []).map((arg: unknown) => String(arg).toLowerCase())]).toEqual([token(USDC), DEMO, EXECUTOR, '50000000']);
    expect(batches.map((batch) => [batch.chainId, batch.atomicRequired])).toEqual([
      ['0x1', true],
      ['0xa4b1', false],
    ]);
    expect(calls.at(-1)?.description).toBe('Order: add 5 USDC of margin to the long in WETH/USD.');
    expect(calls).toEqual(stages.flatMap((stage) => stage.calls));
  });

  test('error: no calldata at all where a swap has no venue, an order no executor, a stage no executor', () => {
    expect(refusalOf([sequence()], { venues: [] })).toBe('No venue is known for the swap of WETH into USDC on eip155:1 (route weth-usdc), so it has no calldata.');
    expect(refusalOf([sequence(), sequence()], { venues: [] })).not.toContain('; ');
    const stage = stageOf(opened, 'executor', [[aave, { kind: 'repay', asset: USDC, amount: 1_000n }]]);
    expect(refusalOf([stage], { executorOf: () => null })).toContain('needs your own PlimsollExecutor');
    const order = stageOf(opened, 'executor', [[gmx, { kind: 'supply', asset: GMX_USDC, amount: 5_000_000n }]], { chain: 'eip155:42161' });
    expect(refusalOf([order])).toContain('takes orders of the owner alone');
  });

  test.each([0n, -1n, 10n ** 20n])('error: INVALID_ARGUMENT for a deadline of %d', (deadline) => {
    expect(() => prepare([sequence()], { deadline })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  describe('foreign documents', () => {
    /** The plan of the same steps, with a document that says something else; its own rules accept it. */
    function foreign(change: (text: string) => string, changes: Partial<TransactionsRequest> = {}): string {
      const other = openChanged(demo, change);
      const id = accountIn(other, 'aave-v3');
      const asset = other.accounts.find((account) => account.entry.id === id)?.legs.find((leg) => leg.side === 'debt')?.asset ?? USDC;
      return refusalOf([stageOf(other, 'sequence', [[id, { kind: 'repay', asset, amount: 1_000_000n }]])], { opened: other, ...changes });
    }

    test('error: another pool', () => {
      expect(foreign((text) => text.replaceAll(AAVE_POOL, `0x${UNKNOWN}`))).toContain('is not what the built-in row aave-v3/1/core says');
    });

    test('error: another deployment, or another protocol under a known one', () => {
      expect(foreign((text) => text.replaceAll('"deployment":"aave-v3/1/core"', '"deployment":"aave-v3/1/mine"'))).toContain('aave-v3/1/mine, which is not built in');
      expect(foreign((text) => text.replaceAll('"deployment":"aave-v3/1/core"', '"deployment":"compound-v3/1/usdc"'))).toContain('is not what the built-in row');
    });

    test('error: another chain than the row', () => {
      const stages = [{ ...sequence(), chain: 'eip155:10' as const }];
      expect(refusalOf(stages)).toContain('is not a token of eip155:10');
    });

    test('error: another token, in both orders; a token with other decimals', () => {
      const change = (text: string): string => text.replaceAll(token(USDC).slice(2), UNKNOWN);
      expect(foreign(change)).toContain('is not a token that this release knows');
      const other = openChanged(demo, change);
      const stage = stageOf(other, 'executor', [[accountIn(other, 'aave-v3'), { kind: 'repay', asset: `eip155:1/erc20:0x${UNKNOWN}`, amount: 1_000n }]]);
      expect(refusalOf([stage], { opened: other })).toContain('is not a token that this release knows');
      const asRead = prepare([{ ...stage, order: 'sequence' }], { opened: other, trust: 'as-read' });
      expect(asRead.kind).toBe('complete');
    });

    test('error: decimals that would make the amounts lies', () => {
      const lies = { ...opened, accounts: opened.accounts.map((account) => ({ ...account, legs: account.legs.map((leg) => (leg.asset === USDC ? { ...leg, decimals: 18 } : leg)) })) };
      expect(refusalOf([sequence()], { opened: lies })).toContain('says that USDC');
    });

    test("error: Morpho's oracle or another parameter that its id does not name", () => {
      const market = demo.markets.find((entry) => entry.protocol === 'morpho-blue');
      const oracle = String(market?.state['oracle']);
      const other = openChanged(demo, (text) => text.replaceAll(oracle.slice(2), UNKNOWN));
      const stage = stageOf(other, 'sequence', [[accountIn(other, 'morpho-blue'), { kind: 'repay', asset: USDC, amount: 1_000n }]]);
      expect(refusalOf([stage], { opened: other })).toContain('do not hash to that id');
      expect(refusalOf([{ ...stage, order: 'executor' }], { opened: other })).toContain('do not hash to that id');
    });

    test('behavior: names are the release’s own, whatever the document calls a token', () => {
      const other = openChanged(demo, (text) => text.replaceAll('"symbol":"WETH"', '"symbol":"USDC"'));
      const stage = stageOf(other, 'sequence', [[accountIn(other, 'compound-v3'), { kind: 'withdraw', asset: WETH, amount: 10n ** 18n }]]);
      expect(complete(prepare([stage], { opened: other })).calls.map((call) => call.description)).toEqual(['Withdraw 1 WETH from Compound v3 Ethereum USDC.']);
    });

    test('error: somebody else’s account, or one that the document does not have', () => {
      const other: Address = `0x${'ab'.repeat(20)}`;
      expect(refusalOf([sequence()], { owner: other })).toContain(`belongs to ${DEMO}, not to ${other}`);
      const stage = sequence();
      const strange = { ...stage, steps: stage.steps.map((step) => (step.kind === 'account' ? { ...step, account: 'nobody' } : step)) };
      expect(refusalOf([strange])).toContain('nobody, which is not in the portfolio');
    });

    test('error: a lender of loans that is not built in, or of another kind', () => {
      const stage = (loans: readonly FlashLoan[]): PlanStage => stageOf(opened, 'executor', [[aave, { kind: 'repay', asset: USDC, amount: 1_000n }]], { loans });
      for (const changes of [{ lender: `0x${UNKNOWN}` as Address }, { kind: 'aave' as const }]) expect(refusalOf([stage([loan(1_000n, changes)])])).toContain('is no lender of flash loans');
    });

    test('error: a protocol’s code that aims elsewhere than at its row', () => {
      const foreignCall = { to: `0x${UNKNOWN}`, data: '0x1234', value: 0n, chain: 'eip155:1', description: 'x' } as const;
      const approval = { token: token(USDC), spender: `0x${UNKNOWN}` } as const;
      const broken = (calls: readonly object[]) =>
        PROTOCOLS.map((protocol) => ({
          ...protocol,
          encodeStep: () => [foreignCall],
          executor: { encodeChecks: () => [], encodeStep: () => ({ rights: [], takes: null, brings: null, calls: calls as never }) },
        }));
      const stage = stageOf(opened, 'sequence', [[aave, { kind: 'repay', asset: USDC, amount: 1_000n }]]);
      expect(refusalOf([stage], { protocols: broken([]) })).toContain('is not a token that this release knows');
      for (const call of [
        { target: `0x${UNKNOWN}`, approval: null },
        { target: AAVE_POOL, approval: { ...approval, amount: 1n } },
      ]) {
        expect(refusalOf([{ ...stage, order: 'executor' }], { protocols: broken([{ value: 0n, data: '0x1234', ...call }]) })).toMatch(/is not a token that this release knows|gets no approval/);
      }
    });

    test('error: a token of swaps that nothing knows', () => {
      const stage = stageOf(opened, 'sequence', [{ ...swap, to: `eip155:1/erc20:0x${UNKNOWN}` }]);
      expect(refusalOf([stage])).toContain('is not a token that this release knows');
      expect(refusalOf([stage], { trust: 'as-read' })).toContain('is not a token that this release knows');
      expect(refusalOf([stageOf(opened, 'sequence', [{ ...swap, to: 'iso4217:usd' }])])).toContain('is not a token of eip155:1');
    });
  });

  describe(simulateTransactions, () => {
    const source = (answer: (calls: readonly TrialCall[]) => CallTrial, seen: TrialCall[][] = []) => ({
      tryCalls: async (calls: readonly TrialCall[]) => {
        seen.push([...calls]);
        return answer(calls);
      },
    });
    const passes = (calls: readonly TrialCall[]): CallTrial => ({ kind: 'tried', results: calls.map(() => ({ ok: true })) });

    test('default: each stage on top of those before it on its chain', async () => {
      const withdraw = stageOf(opened, 'sequence', [[comet, { kind: 'withdraw', asset: WETH, amount: 1n }]]);
      const { stages } = complete(prepare([withdraw, stageOf(opened, 'orders', [[gmx, { kind: 'supply', asset: GMX_USDC, amount: 5_000_000n }]], { chain: 'eip155:42161' }), withdraw]));
      const seen: TrialCall[][] = [];
      const chains = new Map([['eip155:1', source(passes, seen)] as const]);
      expect(await simulateTransactions(stages, { owner: DEMO, chains, protocols: PROTOCOLS })).toEqual([
        { kind: 'ready' },
        { kind: 'not-simulated', reason: 'no RPC endpoint is configured for eip155:42161' },
        { kind: 'ready' },
      ]);
      expect(seen.map((calls) => calls.length)).toEqual([1, 2]);
    });

    test('behavior: what follows a stage that fails, or orders, is not called ready', async () => {
      const withdraw = stageOf(opened, 'sequence', [[comet, { kind: 'withdraw', asset: WETH, amount: 1n }]]);
      const { stages } = complete(prepare([withdraw, withdraw]));
      const notCollateralized = '0x14c5f7b6';
      const fails = (calls: readonly TrialCall[]): CallTrial => ({ kind: 'tried', results: calls.map(() => ({ ok: false, data: notCollateralized, message: 'reverted' })) });
      expect(await simulateTransactions(stages, { owner: DEMO, chains: new Map([['eip155:1', source(fails)] as const]), protocols: PROTOCOLS })).toEqual([
        { kind: 'failed', call: 0, reason: 'NotCollateralized()' },
        { kind: 'not-simulated', reason: 'a stage before it on this chain is not ready' },
      ]);
      const order = stageOf(opened, 'orders', [[gmx, { kind: 'supply', asset: GMX_USDC, amount: 5_000_000n }]], { chain: 'eip155:42161' });
      const orders = complete(prepare([order, order])).stages;
      expect(await simulateTransactions(orders, { owner: DEMO, chains: new Map([['eip155:42161', source(passes)] as const]), protocols: PROTOCOLS })).toEqual([
        { kind: 'ready' },
        { kind: 'not-simulated', reason: 'it follows orders that others execute later' },
      ]);
    });
  });

  test('behavior: another market’s collateral is known by its name', () => {
    const stage = stageOf(opened, 'sequence', [[morpho, { kind: 'withdraw', asset: WBTC, amount: 1_000_000n }]]);
    expect(complete(prepare([stage])).calls[0]?.description).toBe('Withdraw 0.01 WBTC from Morpho Blue Ethereum WBTC/USDC.');
  });
});
