import { Signature, Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RuleViolation } from '../../src/core/errors.ts';
import { type Address, toAddress } from '../../src/core/ids.ts';
import type { Step } from '../../src/core/rule.ts';
import type { Execution, ExecutionCall, ExecutionCheck, ExecutionLoan } from '../../src/path/transactions/executor-calldata.ts';
import { encodeParams } from '../../src/protocols/morpho-blue/market-id.ts';
import { morphoBlueRule } from '../../src/protocols/morpho-blue/rule.ts';
import { deployAaveV302 } from '../chain/aave-v3-0-2-contracts.ts';
import { deployAaveV360 } from '../chain/aave-v3-6-0-contracts.ts';
import type { Contract } from '../chain/contract.ts';
import { usersOf } from '../chain/counts.ts';
import { seededRandom } from '../chain/seeded-random.ts';
import { addressOf, allow, callOf, EMPTY_PLAN, execute, leftBehind, planRefusal, put } from './executor-chain.ts';
import { ADMIN, afterSteps, assetOf, EVERYTHING, type LendingWorld, openAccounts, openingOf, openWorld, readAave, readMorpho } from './lending-world.ts';

const KEY = new Wallet(`0x${'7'.repeat(64)}`);
const OWNER = toAddress(KEY.address);
const DAY = 86_400;
const USDC = 10n ** 6n;
const WETH = 10n ** 18n;
const HEALTH_OFFSET = 160;
const BORROW_SHARES_OFFSET = 32;
const COLLATERAL_OFFSET = 64;
const NO_MAXIMUM = null;
const RANDOM_PLANS = usersOf(6, 60);

/** What a plan does to the owner's accounts, for the rules to predict. */
interface Steps {
  readonly aave: readonly Step[];
  readonly morpho: readonly Step[];
}

describe.each([
  ['3.0.2', deployAaveV302],
  ['3.6.0', deployAaveV360],
] as const)('PlimsollExecutor on Aave v%s and Morpho Blue', (version, deployAave) => {
  const gas: string[] = [];
  let world: LendingWorld;
  let executor: Contract;

  beforeAll(async () => {
    world = await openWorld(deployAave);
    await openAccounts(world, OWNER, openingOf(1_000_000n, 740_000n));
    executor = await put(world.chain, ADMIN, 'PlimsollExecutor', [OWNER]);
    await world.chain.wait(20 * DAY);
  }, 300_000);

  afterAll(() => {
    process.stdout.write(`executor with Aave v${version}: gas ${gas.join(', ')}\n`);
    world.chain.stop();
  });

  const flash = (amount: bigint): ExecutionLoan => ({ kind: 'morpho', lender: world.morpho.morpho.address, token: world.usdc.token.address, amount, maxFee: 0n });
  const flashAave = (amount: bigint, token = world.usdc.token): ExecutionLoan => ({
    kind: 'aave',
    lender: world.aave.pool.address,
    token: token.address,
    amount,
    maxFee: (amount * 5n) / 10_000n + 1n,
  });
  const repayAave = (amount: bigint): ExecutionCall => callOf(world.aave.pool, 'repay', [world.usdc.token.address, amount, 2n, OWNER], allow(world.usdc.token, world.aave.pool, amount));
  const takeAave = (amount: bigint): readonly ExecutionCall[] => [
    callOf(world.weth.aToken, 'transferFrom', [OWNER, executor.address, amount]),
    callOf(world.aave.pool, 'withdraw', [world.weth.token.address, EVERYTHING, executor.address]),
  ];
  const repayMorpho = (assets: bigint, shares: bigint, room: bigint): ExecutionCall =>
    callOf(world.morpho.morpho, 'repay', [encodeParams(world.market.params), assets, shares, OWNER, '0x'], allow(world.usdc.token, world.morpho.morpho, assets + room));
  const takeMorpho = (assets: bigint): ExecutionCall => callOf(world.morpho.morpho, 'withdrawCollateral', [encodeParams(world.market.params), assets, OWNER, executor.address]);
  // A unit less than was taken: Aave's rounding can bring one less.
  const sellWeth = (amount: bigint): ExecutionCall =>
    callOf(world.router, 'swap', [world.weth.token.address, amount - 1n, world.usdc.token.address], allow(world.weth.token, world.router, amount - 1n));
  /** WETH that covers an amount of USDC at the router's price, with a per mille to spare. */
  const wethFor = (usdc: bigint): bigint => (((usdc * world.usdc.asset.priceE8 * 10n ** 12n) / world.weth.asset.priceE8) * 1_005n) / 1_000n;
  const repayStep = (amount: bigint | 'max'): Step => ({ kind: 'repay', asset: assetOf(world.usdc), amount });
  const withdrawStep = (amount: bigint): Step => ({ kind: 'withdraw', asset: assetOf(world.weth), amount });

  function plan(loans: readonly ExecutionLoan[], calls: readonly ExecutionCall[], checks: readonly ExecutionCheck[] = []): Execution {
    const outputs = [world.usdc.token, world.weth.token, world.weth.aToken].map((token) => ({ token: token.address, minimum: 0n }));
    return { ...EMPTY_PLAN, loans, calls, outputs, checks };
  }

  /** The rights that the owner grants, and takes back. */
  async function granted(aWeth: bigint, withMorpho: boolean, body: () => Promise<void>): Promise<void> {
    await world.weth.aToken.write(OWNER, 'approve', executor.address, aWeth);
    if (withMorpho) await world.morpho.morpho.write(OWNER, 'setAuthorization', executor.address, true);
    await body();
    if (withMorpho) await world.morpho.morpho.write(OWNER, 'setAuthorization', executor.address, false);
  }

  function healthAtLeast(minimum: bigint): ExecutionCheck {
    return { target: world.aave.pool.address, data: world.aave.pool.abi.encodeFunctionData('getUserAccountData', [OWNER]), offset: HEALTH_OFFSET, minimum, maximum: NO_MAXIMUM };
  }

  function morphoChecks(borrowShares: bigint, collateral: bigint): readonly ExecutionCheck[] {
    const position = { target: world.morpho.morpho.address, data: world.morpho.morpho.abi.encodeFunctionData('position', [world.market.id, OWNER]) };
    return [
      { ...position, offset: BORROW_SHARES_OFFSET, minimum: 0n, maximum: borrowShares },
      { ...position, offset: COLLATERAL_OFFSET, minimum: collateral, maximum: NO_MAXIMUM },
    ];
  }

  /** Runs a plan with checks of what the rules predict, and compares both accounts with the prediction. */
  async function runPredicted(name: string | null, loans: readonly ExecutionLoan[], calls: readonly ExecutionCall[], steps: Steps): Promise<void> {
    const { rule, pool } = world.aave;
    const [aave, morpho] = [afterSteps(rule, await readAave(world, OWNER), steps.aave), afterSteps(morphoBlueRule, await readMorpho(world, OWNER), steps.morpho)];
    const health = rule.health(aave).figures['healthFactor'] ?? expect.unreachable('a health factor');
    const checks = [healthAtLeast(health), ...morphoChecks(morpho.position.borrowShares, morpho.position.collateral)];
    const tooHigh = health < EVERYTHING ? plan(loans, calls, [healthAtLeast(health + 1n)]) : null;
    if (tooHigh !== null) expect(await planRefusal(executor, OWNER, tooHigh)).toBe(`CheckFailed(0, ${health})`);
    expect(await planRefusal(executor, OWNER, plan(loans, calls, morphoChecks(morpho.position.borrowShares, morpho.position.collateral + 1n)))).toBe(`CheckFailed(1, ${morpho.position.collateral})`);

    const { gasUsed } = await execute(executor, OWNER, plan(loans, calls, checks));
    if (name !== null) gas.push(`${name} ${gasUsed}`);
    const account = (await pool.read('getUserAccountData', OWNER)) as bigint[];
    expect(account[5]).toBe(health);
    expect((await readAave(world, OWNER)).position).toEqual(aave.position);
    const after = await readMorpho(world, OWNER);
    expect(after.position).toEqual(morpho.position);
    expect({ ...after.market, borrowRate: 0n }).toEqual({ ...morpho.market, borrowRate: 0n });
    expect(morphoBlueRule.health(after).figures).toEqual(morphoBlueRule.health(morpho).figures);
    expect(await leftovers()).toEqual([]);
  }

  async function leftovers(): Promise<readonly string[]> {
    const { usdc, weth, dai, aave, morpho, router } = world;
    return leftBehind(executor, [usdc.token, weth.token, dai.token, usdc.aToken, weth.aToken], [aave.pool.address, morpho.morpho.address, router.address]);
  }

  async function isUndone(body: () => Promise<void>): Promise<void> {
    await world.chain.undone(body);
  }

  test('default: Aave, by Morpho’s flash loan: repay, take collateral, swap, repay the loan', async () => {
    await isUndone(async () => {
      const [repaid, taken] = [30_000n * USDC, wethFor(30_000n * USDC)];
      await granted(taken, false, async () => {
        await runPredicted('Aave', [flash(repaid)], [repayAave(repaid), ...takeAave(taken), sellWeth(taken)], { aave: [repayStep(repaid), withdrawStep(taken)], morpho: [] });
        expect(await world.weth.aToken.read('allowance', OWNER, executor.address)).toBe(0n);
        expect(await world.usdc.token.read('balanceOf', OWNER)).toBeGreaterThan(0n);
      });
    });
  });

  test('default: Morpho, by its own flash loan', async () => {
    await isUndone(async () => {
      const [repaid, taken] = [25_000n * USDC, wethFor(25_000n * USDC)];
      await granted(0n, true, async () => {
        await runPredicted('Morpho', [flash(repaid)], [repayMorpho(repaid, 0n, 0n), takeMorpho(taken), sellWeth(taken)], { aave: [], morpho: [repayStep(repaid), withdrawStep(taken)] });
      });
      expect(await world.morpho.morpho.read('isAuthorized', OWNER, executor.address)).toBe(false);
    });
  });

  test('default: across both: a debt on Morpho repaid from collateral on Aave', async () => {
    await isUndone(async () => {
      const [repaid, taken] = [9_000n * USDC, wethFor(9_000n * USDC)];
      await granted(taken, false, async () => {
        await runPredicted('Aave → Morpho', [flash(repaid)], [repayMorpho(repaid, 0n, 0n), ...takeAave(taken), sellWeth(taken)], { aave: [withdrawStep(taken)], morpho: [repayStep(repaid)] });
      });
    });
  });

  test('behavior: across both, the other way: the whole debt on Aave, by an amount above it, from collateral on Morpho after a repayment there', async () => {
    await isUndone(async () => {
      const owed = (await world.usdc.debtToken.read('balanceOf', OWNER)) as bigint;
      const [room, part] = [50n * USDC, 60_000n * USDC];
      const [fromMorpho, fromAave] = [wethFor(part), wethFor(owed + room)];
      const calls = [repayAave(owed + room), repayMorpho(part, 0n, 0n), takeMorpho(fromMorpho), ...takeAave(fromAave), sellWeth(fromMorpho), sellWeth(fromAave)];
      await granted(fromAave, true, async () => {
        await runPredicted('all of Aave, part of Morpho', [flash(owed + room + part)], calls, {
          aave: [repayStep('max'), withdrawStep(fromAave)],
          morpho: [repayStep(part), withdrawStep(fromMorpho)],
        });
      });
      expect(await world.usdc.debtToken.read('balanceOf', OWNER)).toBe(0n);
    });
  });

  test('behavior: the whole debt on Morpho, by its shares; what the approval allows for interest is taken back', async () => {
    await isUndone(async () => {
      const { position, market } = await readMorpho(world, OWNER);
      const owed = morphoBlueRule.health({ position, market, at: await world.chain.time() }).figures['borrowed'] ?? 0n;
      const lent = owed + 100n * USDC;
      const taken = wethFor(lent);
      const all = callOf(world.morpho.morpho, 'repay', [encodeParams(world.market.params), 0n, position.borrowShares, OWNER, '0x'], allow(world.usdc.token, world.morpho.morpho, lent));
      await granted(0n, true, async () => {
        await runPredicted('all of Morpho', [flash(lent)], [all, takeMorpho(taken), sellWeth(taken)], { aave: [], morpho: [repayStep('max'), withdrawStep(taken)] });
      });
    });
  });

  test('behavior: Aave’s own flash loan with its fee; the fee above the plan’s limit is refused', async () => {
    await isUndone(async () => {
      const [repaid, taken] = [30_000n * USDC, wethFor(30_100n * USDC)];
      const calls = [repayAave(repaid), ...takeAave(taken), sellWeth(taken)];
      await granted(taken, false, async () => {
        const loan = flashAave(repaid);
        expect(await planRefusal(executor, OWNER, plan([{ ...loan, maxFee: 14_999_999n }], calls))).toBe('FeeTooHigh(15000000, 14999999)');
        await runPredicted('Aave by its own flash loan', [loan], calls, { aave: [repayStep(repaid), withdrawStep(taken)], morpho: [] });
      });
    });
  });

  test('behavior: loans of both lenders, one inside the other, each token its own', async () => {
    await isUndone(async () => {
      const [usdc, dai] = [20_000n * USDC, 500n * 10n ** 18n];
      const taken = wethFor(20_000n * USDC);
      const daiForFee = callOf(world.router, 'swap', [world.weth.token.address, WETH / 100n, world.dai.token.address], allow(world.weth.token, world.router, WETH / 100n));
      const extra = takeMorpho(WETH / 100n);
      await granted(taken, true, async () => {
        await runPredicted('two loans', [flash(usdc), flashAave(dai, world.dai.token)], [repayAave(usdc), ...takeAave(taken), extra, sellWeth(taken), daiForFee], {
          aave: [repayStep(usdc), withdrawStep(taken)],
          morpho: [withdrawStep(WETH / 100n)],
        });
      });
    });
  });

  test('behavior: refinancing: a debt on Morpho repaid by one on Aave, which the owner delegates to the unit', async () => {
    await isUndone(async () => {
      const borrowed = 2_000n * USDC;
      const { debtToken, token } = world.usdc;
      const borrow = callOf(world.aave.pool, 'borrow', [token.address, borrowed, 2n, 0n, OWNER]);
      expect(await planRefusal(executor, OWNER, plan([], [borrow]))).toMatch(/^CallFailed\(0: /);
      await debtToken.write(OWNER, 'approveDelegation', executor.address, borrowed);
      await runPredicted('refinance', [], [borrow, repayMorpho(borrowed, 0n, 0n)], { aave: [{ kind: 'borrow', asset: assetOf(world.usdc), amount: borrowed }], morpho: [repayStep(borrowed)] });
      expect(await debtToken.read('borrowAllowance', OWNER, executor.address)).toBe(0n);
    });
  });

  test('behavior: Morpho’s authorization granted by the first call and revoked by the last, by two signatures', async () => {
    await isUndone(async () => {
      const [repaid, taken] = [25_000n * USDC, wethFor(25_000n * USDC)];
      const [grant, revoke] = [await authorization(true, 0n), await authorization(false, 1n)];
      const revoked: ExecutionCheck = {
        target: world.morpho.morpho.address,
        data: world.morpho.morpho.abi.encodeFunctionData('isAuthorized', [OWNER, executor.address]),
        offset: 0,
        minimum: 0n,
        maximum: 0n,
      };
      const calls = [grant, repayMorpho(repaid, 0n, 0n), takeMorpho(taken), sellWeth(taken)];
      expect(await planRefusal(executor, OWNER, plan([flash(repaid)], calls, [revoked]))).toBe('CheckFailed(0, 1)');
      expect(await planRefusal(executor, OWNER, plan([flash(repaid)], [...calls, revoke], [revoked]))).toBeNull();
      await runPredicted('Morpho with signatures', [flash(repaid)], [...calls, revoke], { aave: [], morpho: [repayStep(repaid), withdrawStep(taken)] });
      expect(await world.morpho.morpho.read('isAuthorized', OWNER, executor.address)).toBe(false);
    });
  });

  // Nothing to renounce before: a suite without the test, rather than a skipped one.
  if (version === '3.6.0') {
    test('behavior: from v3.6 on the plan itself gives back what the owner granted', async () => {
      await isUndone(async () => {
        const [repaid, taken] = [30_000n * USDC, wethFor(30_000n * USDC)];
        const renounce = callOf(world.weth.aToken, 'renounceAllowance', [OWNER]);
        await granted(taken + 5n, false, async () => {
          await runPredicted('Aave, allowance renounced', [flash(repaid)], [repayAave(repaid), ...takeAave(taken), sellWeth(taken), renounce], {
            aave: [repayStep(repaid), withdrawStep(taken)],
            morpho: [],
          });
          expect(await world.weth.aToken.read('allowance', OWNER, executor.address)).toBe(0n);
        });
      });
    });
  }

  test('error: the greatest integer does not mean all for somebody else’s debt on Aave', async () => {
    expect(await planRefusal(executor, OWNER, plan([flash(USDC)], [repayAave(EVERYTHING)]))).toMatch(/^CallFailed\(0: /);
  });

  test('error: collateral without the owner’s right: nothing is repaid either', async () => {
    const before = [await readAave(world, OWNER), await readMorpho(world, OWNER)];
    const repaid = 1_000n * USDC;
    for (const take of [takeAave(WETH), [takeMorpho(WETH)]]) {
      const whole = plan([flash(repaid)], [repayAave(repaid), ...take, sellWeth(WETH)]);
      expect(await planRefusal(executor, OWNER, whole)).toMatch(/^CallFailed\(1: /);
      await expect(execute(executor, OWNER, whole)).rejects.toThrow();
    }
    expect([await readAave(world, OWNER), await readMorpho(world, OWNER)]).toEqual(before);
    expect(await leftovers()).toEqual([]);
  });

  test('error: nobody else can use the rights that the owner granted', async () => {
    await isUndone(async () => {
      const thief: Address = addressOf(0x7e1ef);
      await world.chain.fund(thief);
      await granted(WETH, true, async () => {
        for (const calls of [takeAave(WETH), [takeMorpho(WETH)]]) expect(await planRefusal(executor, thief, plan([], calls))).toBe(`NotOwner(${thief})`);
        const own = await put(world.chain, thief, 'PlimsollExecutor', [thief]);
        for (const calls of [takeAave(WETH), [takeMorpho(WETH)]]) expect(await planRefusal(own, thief, plan([], calls))).toMatch(/^CallFailed\(0: /);
      });
    });
  });

  test(`property: of ${RANDOM_PLANS} random plans those that the rules accept end as predicted, and the chain refuses the others`, async () => {
    const random = seededRandom(31_337);
    let accepted = 0;
    for (let run = 0; run < RANDOM_PLANS; run += 1) {
      await isUndone(async () => {
        await world.chain.wait(random.integer(1, 40 * DAY));
        const [onAave, onMorpho] = [random.part(60_000n * USDC, 1, 1_000_000), random.part(60_000n * USDC, 1, 1_000_000)];
        // Each protocol frees what its own repayment costs, and up to a tenth of that for the other.
        const moved = random.part((wethFor(onAave) < wethFor(onMorpho) ? wethFor(onAave) : wethFor(onMorpho)) / 10n, 0, 1_000_000) * (random.next() < 0.5 ? 1n : -1n);
        const [fromAave, fromMorpho] = [wethFor(onAave) + moved + 2n, wethFor(onMorpho) - moved + 2n];
        const calls = [repayAave(onAave), repayMorpho(onMorpho, 0n, 0n), ...takeAave(fromAave), takeMorpho(fromMorpho), sellWeth(fromAave), sellWeth(fromMorpho)];
        const steps: Steps = { aave: [repayStep(onAave), withdrawStep(fromAave)], morpho: [repayStep(onMorpho), withdrawStep(fromMorpho)] };
        const loans = [flash(onAave + onMorpho)];
        await granted(fromAave, true, async () => {
          if (await isRefusedByRules(steps)) {
            expect(await planRefusal(executor, OWNER, plan(loans, calls))).toMatch(/^CallFailed\([2-4]: /);
            return;
          }
          accepted += 1;
          await runPredicted(null, loans, calls, steps);
        });
      });
    }
    expect(accepted).toBeGreaterThan(RANDOM_PLANS / 3);
  }, 300_000);

  async function isRefusedByRules(steps: Steps): Promise<boolean> {
    const [aave, morpho] = [await readAave(world, OWNER), await readMorpho(world, OWNER)];
    try {
      afterSteps(world.aave.rule, aave, steps.aave);
      afterSteps(morphoBlueRule, morpho, steps.morpho);
      return false;
    } catch (error) {
      if (error instanceof RuleViolation) return true;
      throw error;
    }
  }

  async function authorization(isAuthorized: boolean, nonce: bigint): Promise<ExecutionCall> {
    const deadline = (await world.chain.time()) + 600n;
    const values = { authorizer: OWNER, authorized: executor.address, isAuthorized, nonce, deadline };
    const types = {
      Authorization: Object.entries({ authorizer: 'address', authorized: 'address', isAuthorized: 'bool', nonce: 'uint256', deadline: 'uint256' }).map(([name, type]) => ({ name, type })),
    };
    const { v, r, s } = Signature.from(await KEY.signTypedData({ chainId: 31_337, verifyingContract: world.morpho.morpho.address }, types, values));
    return callOf(world.morpho.morpho, 'setAuthorizationWithSig', [Object.values(values), [v, r, s]]);
  }
});
