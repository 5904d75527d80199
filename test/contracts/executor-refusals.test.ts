import { AbiCoder, keccak256 } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Execution, type ExecutionCall, type ExecutionLoan, encodeExecution, executorInterface } from '../../src/path/transactions/executor-calldata.ts';
import { Anvil } from '../chain/anvil.ts';
import { Contract } from '../chain/contract.ts';
import { addressOf, allow, callOf, EMPTY_PLAN, execute, leftBehind, planRefusal, put, refusalOf, sendValue, wordsOf } from './executor-chain.ts';

const OWNER = addressOf(0xa11ce);
const STRANGER = addressOf(0xe7e);
const LENT = 1_000n;
/** The ways of the hostile lender, in its order. */
const WAYS = {
  honest: 0,
  neverCallsBack: 1,
  sendsNothing: 2,
  callsTwice: 3,
  otherBytes: 4,
  otherAmount: 5,
  otherCallback: 6,
  otherInitiator: 7,
  otherToken: 8,
  delegates: 9,
  takesMore: 10,
  takesLess: 11,
};
const STYLES = { ordinary: 0, silent: 1, answersFalse: 2, refusesZero: 3, refusesMutely: 4 };

let chain: Anvil;
let executor: Contract;
let token: Contract;
let other: Contract;
let router: Contract;
let lender: Contract;
let attacker: Contract;

beforeAll(async () => {
  chain = await Anvil.start('paris');
  for (const account of [OWNER, STRANGER]) await chain.fund(account);
  executor = await put(chain, STRANGER, 'PlimsollExecutor', [OWNER]);
  [token, other] = [await put(chain, STRANGER, 'AwkwardToken', [STYLES.ordinary]), await put(chain, STRANGER, 'AwkwardToken', [STYLES.ordinary])];
  router = await put(chain, STRANGER, 'TestRouter');
  lender = await put(chain, STRANGER, 'HostileLender');
  attacker = await put(chain, STRANGER, 'Attacker');
  await lender.write(STRANGER, 'setOther', (await put(chain, STRANGER, 'HostileLender')).address);
  await router.write(STRANGER, 'setPrice', token.address, other.address, 2n, 1n);
  for (const each of [token, other]) for (const holder of [router, lender]) await each.write(STRANGER, 'mint', holder.address, 10n ** 9n);
  await token.write(STRANGER, 'mint', OWNER, 10n ** 6n);
  await token.write(OWNER, 'approve', executor.address, 10n ** 6n);
}, 60_000);

afterAll(() => chain.stop());

function loan(kind: ExecutionLoan['kind'], maxFee = 0n): ExecutionLoan {
  return { kind, lender: lender.address, token: token.address, amount: LENT, maxFee };
}

function pull(amount: bigint): ExecutionCall {
  return callOf(token, 'transferFrom', [OWNER, executor.address, amount]);
}

function swap(amount: bigint, through = router, from = token, to = other): ExecutionCall {
  return callOf(through, 'swap', [from.address, amount, to.address], allow(from, through, amount));
}

function plan(parts: Partial<Execution>): Execution {
  return { ...EMPTY_PLAN, ...parts };
}

/** Runs a plan on a copy of the state and tells what the attacker got out of it. */
async function attempt(parts: Partial<Execution>, data: string, target: string = executor.address): Promise<{ attempts: unknown; succeeded: unknown; reason: string; left: readonly string[] }> {
  return chain.undone(async () => {
    await attacker.write(STRANGER, 'arm', target, data);
    await execute(executor, OWNER, plan(parts));
    const [attempts, succeeded, reason] = [await attacker.read('attempts'), await attacker.read('succeeded'), String(await attacker.read('reason'))];
    return { attempts, succeeded, reason: wordsOf(reason), left: await leftBehind(executor, [token, other], [router.address, lender.address, attacker.address]) };
  });
}

describe('constructor', () => {
  test('default: the owner is who was named, not who deployed', async () => {
    expect(String(await executor.read('owner')).toLowerCase()).toBe(OWNER);
  });

  test('error: ZeroOwner', async () => {
    await expect(put(chain, STRANGER, 'PlimsollExecutor', [addressOf(0)])).rejects.toMatchObject({ data: executorInterface.encodeErrorResult('ZeroOwner') });
  });
});

describe('execute', () => {
  test('default: pulls, swaps, sends everything to the owner, and names the plan in its event', async () => {
    await chain.undone(async () => {
      const whole = plan({ calls: [pull(300n), swap(200n)], outputs: [{ token: other.address, minimum: 400n }] });
      const { planHash } = await execute(executor, OWNER, whole);
      expect(planHash).toBe(keccak256(encodeExecution(whole)));
      expect(await other.read('balanceOf', OWNER)).toBe(400n);
      expect(await token.read('balanceOf', OWNER)).toBe(10n ** 6n - 200n);
      expect(await leftBehind(executor, [token, other], [router.address])).toEqual([]);
    });
  });

  test('behavior: a call that uses less than its approval leaves none', async () => {
    await chain.undone(async () => {
      await execute(
        executor,
        OWNER,
        plan({ calls: [pull(300n), callOf(router, 'swap', [token.address, 1n, other.address], allow(token, router, 300n))], outputs: [{ token: other.address, minimum: 2n }] }),
      );
      expect(await leftBehind(executor, [token, other], [router.address])).toEqual([]);
      expect(await token.read('balanceOf', OWNER)).toBe(10n ** 6n - 1n);
    });
  });

  test('behavior: tokens that somebody sent here go to the owner by a plan without calls', async () => {
    await chain.undone(async () => {
      await other.write(STRANGER, 'mint', executor.address, 77n);
      await execute(executor, OWNER, plan({ outputs: [{ token: other.address, minimum: 77n }] }));
      expect(await other.read('balanceOf', OWNER)).toBe(77n);
    });
  });

  test('behavior: plans run one after the other, with and without loans', async () => {
    await chain.undone(async () => {
      for (const loans of [[loan('morpho')], [], [loan('aave')], [loan('morpho')]])
        await execute(executor, OWNER, plan({ loans, calls: [pull(1n), swap(1n)], outputs: [{ token: other.address, minimum: 2n }] }));
      expect(await other.read('balanceOf', OWNER)).toBe(8n);
    });
  });

  test('error: NotOwner for everybody else, with or without a plan', async () => {
    for (const caller of [STRANGER, executor.address, lender.address, router.address, addressOf(0)]) {
      expect(await planRefusal(executor, caller, plan({}))).toBe(`NotOwner(${caller})`);
      expect(await planRefusal(executor, caller, plan({ calls: [pull(1n)], outputs: [{ token: token.address, minimum: 0n }] }))).toBe(`NotOwner(${caller})`);
    }
  });

  test('error: DeadlinePassed a second after the deadline, not at it', async () => {
    const now = await chain.time();
    expect(await planRefusal(executor, OWNER, plan({ deadline: now }))).toBeNull();
    expect(await planRefusal(executor, OWNER, plan({ deadline: now - 1n }))).toBe(`DeadlinePassed(${now - 1n})`);
  });

  test('error: OutputTooLow by one unit; the state is as before', async () => {
    const before = await chain.request('eth_getStorageAt', [executor.address, '0x0', 'latest']);
    const calls = [pull(200n), swap(200n)];
    expect(await planRefusal(executor, OWNER, plan({ calls, outputs: [{ token: other.address, minimum: 400n }] }))).toBeNull();
    const greedy = plan({ calls, outputs: [{ token: other.address, minimum: 401n }] });
    expect(await planRefusal(executor, OWNER, greedy)).toBe(`OutputTooLow(${other.address}, 400, 401)`);
    await expect(execute(executor, OWNER, greedy)).rejects.toThrow();
    expect(await other.read('balanceOf', OWNER)).toBe(0n);
    expect(await token.read('balanceOf', OWNER)).toBe(10n ** 6n);
    expect(await leftBehind(executor, [token, other], [router.address])).toEqual([]);
    expect(await chain.request('eth_getStorageAt', [executor.address, '0x0', 'latest'])).toBe(before);
  });

  test('error: CheckFailed outside of either limit; checks see the state after everything was sent', async () => {
    const balance = (minimum: bigint, maximum: bigint | null): Execution =>
      plan({
        calls: [pull(200n), swap(200n)],
        outputs: [{ token: other.address, minimum: 0n }],
        checks: [{ target: other.address, data: other.abi.encodeFunctionData('balanceOf', [OWNER]), offset: 0, minimum, maximum }],
      });
    expect(await planRefusal(executor, OWNER, balance(400n, 400n))).toBeNull();
    expect(await planRefusal(executor, OWNER, balance(401n, null))).toBe('CheckFailed(0, 400)');
    expect(await planRefusal(executor, OWNER, balance(0n, 399n))).toBe('CheckFailed(0, 400)');
  });

  test('behavior: a check reads the word at its offset', async () => {
    const check = (offset: number, value: bigint): Execution =>
      plan({ checks: [{ target: router.address, data: router.abi.encodeFunctionData('priceOf', [token.address, other.address]), offset, minimum: value, maximum: value }] });
    expect(await planRefusal(executor, OWNER, check(0, 2n))).toBeNull();
    expect(await planRefusal(executor, OWNER, check(32, 1n))).toBeNull();
    expect(await planRefusal(executor, OWNER, check(32, 2n))).toBe('CheckFailed(0, 1)');
    for (const offset of [33, 64, Number.MAX_SAFE_INTEGER]) expect(await planRefusal(executor, OWNER, check(offset, 0n))).toBe('CheckUnreadable(0)');
  });

  test('error: CheckUnreadable for a target without code and for a revert', async () => {
    const check = (target: typeof OWNER, data: string): Execution => plan({ checks: [{ target, data, offset: 0, minimum: 0n, maximum: null }] });
    expect(await planRefusal(executor, OWNER, check(STRANGER, '0x'))).toBe('CheckUnreadable(0)');
    expect(await planRefusal(executor, OWNER, check(router.address, '0x12345678'))).toBe('CheckUnreadable(0)');
    // A refusal with arguments is as long as an answer.
    expect(await planRefusal(executor, OWNER, check(executor.address, executorCallback('morpho', '0x')))).toBe('CheckUnreadable(0)');
  });

  test('error: CallFailed names the call and says what its target said', async () => {
    expect(await planRefusal(executor, OWNER, plan({ calls: [pull(1n), pull(10n ** 6n)] }))).toBe('CallFailed(1: AllowanceTooLow())');
  });

  test('error: InvalidTarget for itself and for an address without code', async () => {
    const owner: ExecutionCall = { ...callOf(executor, 'owner', []) };
    expect(await planRefusal(executor, OWNER, plan({ calls: [pull(1n), owner] }))).toBe('InvalidTarget(1)');
    expect(await planRefusal(executor, OWNER, plan({ calls: [{ ...owner, target: STRANGER }] }))).toBe('InvalidTarget(0)');
  });

  test('error: StandingApproval for every kind of approval that would outlive the call', async () => {
    const kinds = ['0x095ea7b3', '0x39509351', '0x87517c45'];
    for (const selector of kinds) {
      const args = AbiCoder.defaultAbiCoder().encode(['address', 'uint256', 'uint256', 'uint256'], [STRANGER, 1, 1, 1]).slice(2);
      // The encoder refuses it too, so an allowed selector of the same length is replaced.
      const data = encodeExecution(plan({ calls: [{ target: token.address, value: 0n, data: `0xdeadbeef${args}`, approval: null }] })).replace('deadbeef', selector.slice(2));
      expect(await refusalOf(chain, { from: OWNER, to: executor.address, data })).toBe('StandingApproval(0)');
    }
  });
});

describe('flash loan', () => {
  test.each(['morpho', 'aave'] as const)('default: %s lends, calls run on the loan, it is taken back, nothing is left', async (kind) => {
    await chain.undone(async () => {
      await lender.write(STRANGER, 'set', WAYS.honest, kind === 'aave' ? 3n : 0n);
      await router.write(STRANGER, 'setPrice', other.address, token.address, 1n, 1n);
      const calls = [swap(LENT), swap(2n * LENT, router, other, token)];
      await execute(executor, OWNER, plan({ loans: [loan(kind, 3n)], calls }));
      expect(await token.read('balanceOf', OWNER)).toBe(10n ** 6n + LENT - (kind === 'aave' ? 3n : 0n));
      expect(await leftBehind(executor, [token, other], [router.address, lender.address])).toEqual([]);
    });
  });

  test('behavior: loans are taken inside each other and repaid last one first', async () => {
    await chain.undone(async () => {
      const loans: readonly ExecutionLoan[] = [loan('morpho'), { ...loan('aave'), token: other.address }, { ...loan('morpho'), amount: 5n }];
      const calls = [callOf(token, 'transfer', [OWNER, 0n])];
      const held: Execution['checks'] = [{ target: token.address, data: token.abi.encodeFunctionData('balanceOf', [lender.address]), offset: 0, minimum: 10n ** 9n, maximum: 10n ** 9n }];
      await execute(executor, OWNER, plan({ loans, calls, checks: held }));
      expect(await leftBehind(executor, [token, other], [lender.address])).toEqual([]);
    });
  });

  test('behavior: what a lender does not take back goes to the owner, and its approval is withdrawn', async () => {
    await chain.undone(async () => {
      await lender.write(STRANGER, 'set', WAYS.takesLess, 0n);
      for (const kind of ['morpho', 'aave'] as const) await execute(executor, OWNER, plan({ loans: [loan(kind)] }));
      expect(await token.read('balanceOf', OWNER)).toBe(10n ** 6n + 14n);
      expect(await leftBehind(executor, [token], [lender.address])).toEqual([]);
    });
  });

  test.each([
    ['neverCallsBack', 'morpho', 'LoanNotMade(LENDER)'],
    ['neverCallsBack', 'aave', 'LoanNotMade(LENDER)'],
    ['sendsNothing', 'morpho', 'LoanNotReceived(TOKEN)'],
    ['sendsNothing', 'aave', 'LoanNotReceived(TOKEN)'],
    ['callsTwice', 'morpho', 'UnexpectedLender(LENDER)'],
    ['callsTwice', 'aave', 'UnexpectedLender(LENDER)'],
    ['otherBytes', 'morpho', 'UnexpectedLoan()'],
    ['otherBytes', 'aave', 'UnexpectedLoan()'],
    ['otherAmount', 'morpho', 'UnexpectedLoan()'],
    ['otherAmount', 'aave', 'UnexpectedLoan()'],
    ['otherCallback', 'morpho', 'UnexpectedLoan()'],
    ['otherCallback', 'aave', 'UnexpectedLoan()'],
    ['otherInitiator', 'aave', 'WrongInitiator(LENDER)'],
    ['otherToken', 'aave', 'UnexpectedLoan()'],
    ['takesMore', 'morpho', 'AllowanceTooLow()'],
  ] as const)('error: a lender that %s as %s', async (way, kind, expected) => {
    await chain.undone(async () => {
      await lender.write(STRANGER, 'set', WAYS[way], 0n);
      // A victim's token in hand would let a lender that sends nothing be repaid all the same.
      await token.write(STRANGER, 'mint', executor.address, LENT);
      expect(await planRefusal(executor, OWNER, plan({ loans: [loan(kind)] }))).toBe(expected.replace('LENDER', lender.address).replace('TOKEN', token.address));
    });
  });

  test('error: UnexpectedLender where somebody else calls back in the lender’s stead', async () => {
    await chain.undone(async () => {
      await lender.write(STRANGER, 'set', WAYS.delegates, 0n);
      const stead = String(await lender.read('other')).toLowerCase();
      for (const kind of ['morpho', 'aave'] as const) expect(await planRefusal(executor, OWNER, plan({ loans: [loan(kind)] }))).toBe(`UnexpectedLender(${stead})`);
    });
  });

  test('error: FeeTooHigh by one unit', async () => {
    await chain.undone(async () => {
      await lender.write(STRANGER, 'set', WAYS.honest, 9n);
      await token.write(STRANGER, 'mint', executor.address, 9n);
      expect(await planRefusal(executor, OWNER, plan({ loans: [loan('aave', 9n)] }))).toBeNull();
      expect(await planRefusal(executor, OWNER, plan({ loans: [loan('aave', 8n)] }))).toBe('FeeTooHigh(9, 8)');
    });
  });

  test('error: a loan that a call asks for was not announced', async () => {
    const call = callOf(lender, 'flashLoan', [token.address, LENT, '0x']);
    expect(await planRefusal(executor, OWNER, plan({ calls: [call] }))).toBe(`CallFailed(0: UnexpectedLender(${lender.address}))`);
    expect(await planRefusal(executor, OWNER, plan({ loans: [loan('morpho')], calls: [call] }))).toBe(`CallFailed(0: UnexpectedLender(${lender.address}))`);
  });

  test('error: a loan that cannot be repaid', async () => {
    expect(await planRefusal(executor, OWNER, plan({ loans: [loan('morpho')], calls: [callOf(token, 'transfer', [OWNER, 1n])] }))).toBe('BalanceTooLow()');
  });
});

describe('callbacks', () => {
  test('error: NotExecuting outside of a plan, for anybody', async () => {
    const calls = [executorCallback('morpho', '0x'), executorCallback('aave', '0x')];
    for (const from of [OWNER, STRANGER, lender.address, executor.address]) {
      for (const data of calls) expect(await refusalOf(chain, { from, to: executor.address, data })).toBe('NotExecuting()');
    }
  });

  test('error: a router that enters again during a call gets nowhere', async () => {
    const entries: readonly (readonly [string, string])[] = [
      [encodeExecution(plan({ calls: [pull(50n)] })), `NotOwner(${attacker.address})`],
      [executorCallback('morpho', '0x'), `UnexpectedLender(${attacker.address})`],
      [executorCallback('aave', '0x'), `UnexpectedLender(${attacker.address})`],
    ];
    for (const loans of [[], [loan('morpho')]]) {
      for (const [data, refusal] of entries) {
        const outcome = await attempt({ loans, calls: [pull(5n), callOf(attacker, 'poke', [])] }, data);
        expect(outcome).toEqual({ attempts: 1n, succeeded: false, reason: refusal, left: [] });
      }
    }
  });

  test('error: a hostile token that enters again at its transfers gets nowhere', async () => {
    await chain.undone(async () => {
      await token.write(STRANGER, 'setHook', attacker.address);
      const loans = [loan('morpho')];
      const entries = [
        [encodeExecution(plan({})), `NotOwner(${attacker.address})`],
        [executorCallback('morpho', frameOf(loans)), `UnexpectedLender(${attacker.address})`],
        [executorCallback('aave', frameOf(loans)), `UnexpectedLender(${attacker.address})`],
      ] as const;
      for (const [data, refusal] of entries) {
        const outcome = await attempt({ loans, calls: [pull(5n)], outputs: [{ token: token.address, minimum: 5n }] }, data);
        // At the loan, the pull, the repayment and the transfer to the owner.
        expect(outcome).toEqual({ attempts: 4n, succeeded: false, reason: refusal, left: [] });
      }
    });
  });

  test('error: WrongInitiator where a hostile token has the awaited pool call back for a loan of its own, with the very bytes', async () => {
    await chain.undone(async () => {
      await token.write(STRANGER, 'setHook', attacker.address);
      const loans = [loan('aave')];
      const again = lender.abi.encodeFunctionData('callBack', [executor.address, token.address, LENT, attacker.address, frameOf(loans), true]);
      const outcome = await attempt({ loans }, again, lender.address);
      // Between the lender's transfer and its callback, and at the repayment.
      expect(outcome).toEqual({ attempts: 2n, succeeded: false, reason: `WrongInitiator(${attacker.address})`, left: [] });
    });
  });
});

describe('awkward tokens', () => {
  test.each([
    ['answers nothing and wants 0 before another approval', STYLES.silent],
    ['refuses an approval of 0', STYLES.refusesZero],
  ])('behavior: a token that %s', async (_, style) => {
    await chain.undone(async () => {
      const awkward = await put(chain, STRANGER, 'AwkwardToken', [style]);
      await awkward.write(STRANGER, 'mint', executor.address, 100n);
      await router.write(STRANGER, 'setPrice', awkward.address, other.address, 1n, 1n);
      const used = (amount: bigint, approved: bigint): ExecutionCall => callOf(router, 'swap', [awkward.address, amount, other.address], allow(awkward, router, approved));
      const spare = style === STYLES.silent ? 5n : 0n;
      await execute(executor, OWNER, plan({ calls: [used(40n, 40n + spare), used(30n, 30n + spare)], outputs: [{ token: other.address, minimum: 70n }] }));
      expect(await awkward.read('balanceOf', OWNER)).toBe(30n);
      expect(await leftBehind(executor, [awkward, other], [router.address])).toEqual([]);
    });
  });

  test('error: TokenRefused where a token answers false, reverts without a word, or is no contract', async () => {
    const mute = await put(chain, STRANGER, 'AwkwardToken', [STYLES.refusesMutely]);
    expect(await planRefusal(executor, OWNER, plan({ calls: [swap(0n, router, mute)] }))).toBe(`TokenRefused(${mute.address})`);
    const liar = await put(chain, STRANGER, 'AwkwardToken', [STYLES.answersFalse]);
    await liar.write(STRANGER, 'mint', executor.address, 100n);
    expect(await planRefusal(executor, OWNER, plan({ outputs: [{ token: liar.address, minimum: 0n }] }))).toBe(`TokenRefused(${liar.address})`);
    expect(await planRefusal(executor, OWNER, plan({ calls: [swap(1n, router, liar)] }))).toBe(`TokenRefused(${liar.address})`);
    const nobody: ExecutionCall = { ...swap(1n), approval: { token: STRANGER, spender: router.address, amount: 1n } };
    expect(await planRefusal(executor, OWNER, plan({ calls: [nobody] }))).toBe(`TokenRefused(${STRANGER})`);
  });

  test('error: a router that takes and gives nothing costs no more than the plan', async () => {
    const calls = [pull(200n), swap(200n, attacker)];
    const outcome = plan({ calls, outputs: [{ token: other.address, minimum: 1n }] });
    expect(await planRefusal(executor, OWNER, outcome)).toBe(`OutputTooLow(${other.address}, 0, 1)`);
    const greedy: ExecutionCall = { ...callOf(attacker, 'swap', [token.address, 200n, other.address]), approval: allow(token, attacker, 199n) };
    expect(await planRefusal(executor, OWNER, plan({ calls: [pull(200n), greedy] }))).toBe('CallFailed(1: AllowanceTooLow())');
  });
});

describe('ether', () => {
  test('default: what the calls leave of it returns to the owner; wrapped ether can be unwrapped', async () => {
    await chain.undone(async () => {
      const weth = await put(chain, STRANGER, 'WrappedEther');
      const calls = [callOf(weth, 'deposit', [], null, 1_000n), callOf(weth, 'withdraw', [400n])];
      const data = encodeExecution(plan({ calls, outputs: [{ token: weth.address, minimum: 600n }] }));
      const before = await balance(OWNER);
      await sendValue(chain, OWNER, executor.address, data, 5_000n);
      expect(await weth.read('balanceOf', OWNER)).toBe(600n);
      expect(await balance(executor.address)).toBe(0n);
      expect(before - (await balance(OWNER))).toBeLessThan(10n ** 16n);
      expect(await weth.read('balanceOf', executor.address)).toBe(0n);
    });
  });

  test('error: NotExecuting for ether outside of a plan, from the owner too', async () => {
    for (const from of [OWNER, STRANGER]) expect(await refusalOf(chain, { from, to: executor.address, data: '0x', value: '0x1' })).toBe('NotExecuting()');
  });

  test('error: AlreadyExecuting where a smart account that owns an executor enters again at its refund', async () => {
    await chain.undone(async () => {
      const { account, owned } = await smartAccount();
      await account.write(STRANGER, 'setAgain', encodeExecution(plan({})));
      await chain.request('anvil_setBalance', [owned.address, '0x9']);
      await account.write(STRANGER, 'run', owned.address, encodeExecution(plan({})));
      expect(wordsOf(String(await account.read('reason')))).toBe('AlreadyExecuting()');
      expect(await balance(account.address)).toBe(9n);
      expect(await balance(owned.address)).toBe(0n);
    });
  });

  test('error: RefundRefused for the plan’s own ether; ether that was forced in does not block an owner that takes none', async () => {
    await chain.undone(async () => {
      const { account, owned } = await smartAccount();
      await account.write(STRANGER, 'setTakesEther', false);
      await chain.request('anvil_setBalance', [owned.address, '0x9']);
      expect(await refusalOf(chain, { from: account.address, to: owned.address, data: encodeExecution(plan({})) })).toBeNull();
      await chain.fund(account.address);
      expect(await refusalOf(chain, { from: account.address, to: owned.address, data: encodeExecution(plan({})), value: '0x1' })).toBe('RefundRefused()');
    });
  });
});

async function smartAccount(): Promise<{ account: Contract; owned: Contract }> {
  const account = await put(chain, STRANGER, 'TestAccount');
  await account.write(STRANGER, 'create');
  return { account, owned: new Contract(chain, String(await account.read('executor')), executorInterface) };
}

async function balance(address: string): Promise<bigint> {
  return BigInt(String(await chain.request('eth_getBalance', [address, 'latest'])));
}

function executorCallback(kind: 'morpho' | 'aave', data: string): string {
  return kind === 'morpho'
    ? executor.abi.encodeFunctionData('onMorphoFlashLoan', [LENT, data])
    : executor.abi.encodeFunctionData('executeOperation', [token.address, LENT, 0n, executor.address, data]);
}

/** The bytes that the executor hands to its first lender while it holds nothing and has no calls. */
function frameOf(loans: readonly ExecutionLoan[]): string {
  const rows = loans.map(({ kind, lender: from, token: of, amount, maxFee }) => [kind === 'morpho' ? 0 : 1, from, of, amount, maxFee]);
  const type = 'tuple(uint256,uint256,tuple(uint8,address,address,uint256,uint256)[],tuple(address,uint256,bytes,tuple(address,address,uint256))[])';
  return AbiCoder.defaultAbiCoder().encode([type], [[0n, 0n, rows, []]]);
}
