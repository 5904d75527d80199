import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packClaim } from '../../src/proof/claim.ts';
import { addressOf } from './executor-chain.ts';
import { balances, enrolment, FUNDS, openPool, POOL, type PoolWorld } from './pool-world.ts';
import { compileSolvency, put, refusalOf, signEnrolment, wordsOf } from './solvency-chain.ts';
import { addMock, DEVELOPMENT_CHAIN, mockSubmission, OWNER, openWorld, RECIPIENT, SIGNERS, STRANGER } from './solvency-world.ts';

const ATTESTOR = 777n;
const COVERAGE = 888n;
const MARKET = 10n ** 30n;
const REF = 2_000n;
const BORROWER = STRANGER;
const THIEF = addressOf(0x7e1ef);
const BREACH = packClaim({ lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 0n });
const SOLVENT = packClaim({ lowerPpm: 1_000_000, upperPpm: null, minDeficitCents: 0n });
/** A fifth of 1,000, and the reward. */
const MARGIN = 205n;
const LOAN = 1_000n;

let world: PoolWorld;
let now: bigint;

beforeAll(async () => {
  const opened = await openWorld([ATTESTOR]);
  await addMock(opened, 'M-attested');
  world = await openPool(opened, [COVERAGE], [0n, MARKET]);
  await world.chain.fund(THIEF);
  now = await world.chain.time();
}, 120_000);

afterAll(() => world.chain.stop());

let nullifiers = 0n;

/** A proof for the pool of the newest snapshot, as the mock verifier takes it. */
async function proofOf(claim: bigint, changes: { readonly scope?: bigint; readonly snapshot?: bigint; readonly accountRef?: bigint } = {}) {
  const time = await world.chain.time();
  nullifiers += 1n;
  const signals = { attestor: ATTESTOR, coverage: COVERAGE, snapshot: time, claim, scope: 0n, nullifier: nullifiers, accountRef: REF, ...changes };
  return mockSubmission({ consumer: world.pool.address, deadline: time + 600n, signals });
}

const refusal = (from: string, method: string, ...args: readonly unknown[]) => refusalOf(world.pool, from, method, ...args);
const enrol = (borrower = BORROWER, ref = REF) => world.pool.write(OWNER, 'enrol', borrower, ref, enrolment(world.pool, borrower, ref));

/** On a copy of the chain: the reference enrolled and a loan drawn on it, a minute ago. */
function withLoan(body: () => Promise<void>): Promise<void> {
  return world.chain.undone(async () => {
    await enrol();
    await world.pool.write(BORROWER, 'open', REF, MARGIN, LOAN);
    await world.chain.wait(60);
    await body();
  });
}

/** On a copy of the chain: a loan that was called, a minute ago. */
function withCall(body: () => Promise<void>, scope = 0n): Promise<void> {
  return withLoan(async () => {
    await world.pool.write(THIEF, 'marginCall', await proofOf(BREACH, { scope }));
    await world.chain.wait(60);
    await body();
  });
}

describe('enrol', () => {
  test('default: anybody hands in what two signers signed, once a reference', async () => {
    await world.chain.undone(async () => {
      const receipt = await world.pool.write(THIEF, 'enrol', BORROWER, REF, enrolment(world.pool, BORROWER, REF));
      expect(world.pool.events(receipt, 'Enrolled')[0]?.['accountRef']).toBe(REF);
      expect(await refusal(THIEF, 'enrol', THIEF, REF, enrolment(world.pool, THIEF, REF))).toBe(`AlreadyEnrolled(${REF})`);
      expect(await refusal(THIEF, 'enrol', BORROWER, REF, enrolment(world.pool, BORROWER, REF))).toBe(`AlreadyEnrolled(${REF})`);
      expect(await refusal(THIEF, 'enrol', BORROWER, REF + 1n, enrolment(world.pool, BORROWER, REF + 1n))).toBeNull();
    });
  });

  test('error: signatures for another borrower, reference, consumer or chain, and one signature', async () => {
    const signatures = enrolment(world.pool, BORROWER, REF);
    expect(await refusal(OWNER, 'enrol', BORROWER, REF, signatures)).toBeNull();
    expect(await refusal(OWNER, 'enrol', THIEF, REF, signatures)).toMatch(/^Sign/);
    expect(await refusal(OWNER, 'enrol', BORROWER, REF + 1n, signatures)).toMatch(/^Sign/);
    expect(await refusal(OWNER, 'enrol', BORROWER, REF, enrolment(world.token, BORROWER, REF))).toMatch(/^Sign/);
    expect(await refusal(OWNER, 'enrol', BORROWER, REF, enrolment(world.pool, BORROWER, REF, 1))).toMatch(/^Sign/);
    await world.chain.undone(async () => {
      await world.chain.request('anvil_setChainId', [1_337]);
      expect(await refusal(OWNER, 'enrol', BORROWER, REF, signatures)).toMatch(/^Sign/);
      expect(await refusal(OWNER, 'enrol', BORROWER, REF, enrolment(world.pool, BORROWER, REF, 1_337))).toBeNull();
      await world.chain.request('anvil_setChainId', [DEVELOPMENT_CHAIN]);
    });
    const single = signEnrolment(SIGNERS.slice(0, 1), 31_337, { consumer: world.pool.address, borrower: BORROWER, accountRef: REF });
    expect(await refusal(OWNER, 'enrol', BORROWER, REF, single)).toBe('TooFewSignatures(1, 2)');
  });
});

describe('open and repay', () => {
  test('default: the margin goes in, the loan out, and back again', async () => {
    await withLoan(async () => {
      expect(await balances(world, BORROWER)).toEqual([FUNDS - LOAN, FUNDS - LOAN + MARGIN, FUNDS + LOAN - MARGIN]);
      await world.pool.write(BORROWER, 'repay', REF);
      expect(await balances(world, BORROWER)).toEqual([FUNDS, FUNDS, FUNDS]);
      expect(await refusal(BORROWER, 'repay', REF)).toBe('WrongState(0)');
      expect(await refusal(BORROWER, 'open', REF, MARGIN, LOAN)).toBeNull();
    });
  });

  test('error: NotBorrower, MarginTooSmall, NotIdle, and a second loan on the same reference', async () => {
    expect(await refusal(BORROWER, 'open', REF, MARGIN, LOAN)).toBe(`NotBorrower(${BORROWER})`);
    await withLoan(async () => {
      expect(await refusal(BORROWER, 'open', REF, MARGIN, LOAN)).toBe('WrongState(1)');
      await enrol(BORROWER, REF + 1n);
      expect(await refusal(OWNER, 'open', REF + 1n, MARGIN, LOAN)).toBe(`NotBorrower(${OWNER})`);
      const other = (margin: bigint, amount: bigint) => refusal(BORROWER, 'open', REF + 1n, margin, amount);
      expect(await other(MARGIN - 1n, LOAN)).toBe('MarginTooSmall(204, 205)');
      expect(await other(MARGIN, LOAN + 1n)).toBe('MarginTooSmall(205, 206)');
      expect(await other(MARGIN, 0n)).toMatch(/^MarginTooSmall/);
      expect(await other(5_000n, FUNDS)).toBe(`NotIdle(${FUNDS}, ${FUNDS - LOAN})`);
    });
  });

  test('behavior: somebody else may repay; the margin is the borrower’s', async () => {
    await withLoan(async () => {
      await world.token.write(OWNER, 'mint', OWNER, LOAN);
      await world.pool.write(OWNER, 'repay', REF);
      expect(await balances(world, BORROWER, OWNER)).toEqual([FUNDS, FUNDS, FUNDS + LOAN, 0n]);
    });
  });
});

describe('marginCall', () => {
  test('default: the reward goes to the recipient, out of the margin, and the cure period starts', async () => {
    await withLoan(async () => {
      const receipt = await world.pool.write(THIEF, 'marginCall', await proofOf(BREACH));
      const time = await world.chain.time();
      const [event] = world.pool.events(receipt, 'MarginCalled');
      expect([event?.['cureBy'], event?.['reward']]).toEqual([time + BigInt(POOL.curePeriod), POOL.reward]);
      expect(await balances(world, RECIPIENT)).toEqual([FUNDS - LOAN, FUNDS - LOAN + MARGIN - POOL.reward, POOL.reward]);
      expect(await refusal(THIEF, 'marginCall', await proofOf(BREACH, { snapshot: time + 1n }))).toBe('WrongState(2)');
    });
  });

  test('error: what the registry refuses', async () => {
    await withLoan(async () => {
      const good = await proofOf(BREACH);
      expect(await refusal(THIEF, 'marginCall', { ...good, recipient: THIEF })).toBe('WrongBinding()');
      expect(await refusal(THIEF, 'marginCall', { ...good, a: [0n, 0n] })).toBe('ProofRefused()');
      expect(await refusal(THIEF, 'marginCall', await proofOf(SOLVENT))).toBe(`ClaimRefused(${SOLVENT})`);
      expect(await refusal(THIEF, 'marginCall', await proofOf(BREACH, { scope: 1n }))).toBe(`NotInTerms(0, ${COVERAGE}, 1)`);
      expect(await refusalOf(world.registry, THIEF, 'submitBreach', good)).toMatch(/^NotInTerms/);
    });
  });

  test('error: a reference without a loan, and a breach from before the loan', async () => {
    await withLoan(async () => {
      expect(await refusal(THIEF, 'marginCall', await proofOf(BREACH, { accountRef: REF + 1n }))).toBe('WrongState(0)');
      const opened = now;
      expect(await refusal(THIEF, 'marginCall', await proofOf(BREACH, { snapshot: opened }))).toBe(`SnapshotNotLater(${opened}, ${opened})`);
      expect(await refusal(THIEF, 'marginCall', await proofOf(BREACH, { snapshot: opened + 1n }))).toBeNull();
    });
  });

  test('behavior: a refused call uses up no nullifier', async () => {
    await withLoan(async () => {
      const proof = await proofOf(BREACH, { snapshot: now });
      await expect(world.pool.write(THIEF, 'marginCall', proof)).rejects.toThrow();
      expect(await world.registry.read('usedAt', world.pool.address, nullifiers)).toBe(0n);
    });
  });

  test('behavior: nothing of the pool can be entered while the reward is paid', async () => {
    await withLoan(async () => {
      await world.token.write(OWNER, 'setHook', world.pool.address, world.pool.abi.encodeFunctionData('repay', [REF]));
      await world.pool.write(THIEF, 'marginCall', await proofOf(BREACH));
      expect(wordsOf(String(await world.token.read('answer')))).toBe('Reentered()');
    });
  });
});

describe('cure', () => {
  test('default: solvency of a later snapshot; the reward is put back, and the loan may be called again', async () => {
    await withCall(async () => {
      const before = await balances(world, BORROWER);
      await world.pool.write(BORROWER, 'cure', await proofOf(SOLVENT));
      const after = await balances(world, BORROWER);
      expect(after.map((value, at) => value - (before[at] ?? 0n))).toEqual([0n, POOL.reward, -POOL.reward]);
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT, { snapshot: (await world.chain.time()) + 1n }))).toBe('WrongState(1)');
      expect(await refusal(THIEF, 'marginCall', await proofOf(BREACH))).toMatch(/^SnapshotNotLater/);
      await world.chain.wait(1);
      expect(await refusal(THIEF, 'marginCall', await proofOf(BREACH))).toBeNull();
    });
  });

  test('error: a snapshot that is not later than the breach, a breach, another scope', async () => {
    await withCall(async () => {
      const time = await world.chain.time();
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT, { snapshot: time - 60n }))).toBe(`SnapshotNotLater(${time - 60n}, ${time - 60n})`);
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT, { snapshot: time - 59n }))).toBeNull();
      expect(await refusal(BORROWER, 'cure', await proofOf(BREACH))).toBe(`ClaimRefused(${BREACH})`);
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT, { scope: MARKET }))).toBe(`OtherScope(${MARKET}, 0)`);
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT, { accountRef: REF + 1n }))).toBe('WrongState(0)');
    });
    await withCall(async () => {
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT))).toBe(`OtherScope(0, ${MARKET})`);
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT, { scope: MARKET }))).toBeNull();
    }, MARKET);
  });

  test('behavior: until the last second of the cure period; from the next on the loan can be closed', async () => {
    await withCall(async () => {
      const cureBy = (await world.chain.time()) - 60n + BigInt(POOL.curePeriod);
      await world.chain.wait(POOL.curePeriod - 60);
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT))).toBeNull();
      expect(await refusal(THIEF, 'close', REF)).toBe(`CureStillPossible(${cureBy})`);
      await world.chain.wait(1);
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT))).toBe(`CureTooLate(${cureBy})`);
      expect(await refusal(THIEF, 'close', REF)).toBeNull();
    });
  });

  test('behavior: cures still count after the owner takes no more calls', async () => {
    await withCall(async () => {
      await world.pool.write(OWNER, 'disallow', COVERAGE, 0n);
      expect(await refusal(BORROWER, 'cure', await proofOf(SOLVENT))).toBeNull();
      await world.pool.write(BORROWER, 'cure', await proofOf(SOLVENT));
      await world.chain.wait(1);
      expect(await refusal(THIEF, 'marginCall', await proofOf(BREACH))).toMatch(/^NotInTerms/);
    });
  });
});

describe('close', () => {
  test('default: the margin is kept, and the reference carries no loan again', async () => {
    await withCall(async () => {
      await world.chain.wait(POOL.curePeriod);
      const receipt = await world.pool.write(THIEF, 'close', REF);
      const [event] = world.pool.events(receipt, 'Closed');
      expect([event?.['margin'], event?.['debt'], event?.['loss']]).toEqual([MARGIN - POOL.reward, LOAN, LOAN - MARGIN + POOL.reward]);
      expect(await balances(world)).toEqual([FUNDS - LOAN + MARGIN - POOL.reward, FUNDS - LOAN + MARGIN - POOL.reward]);
      for (const method of ['close', 'repay']) expect(await refusal(BORROWER, method, REF)).toBe('WrongState(3)');
      expect(await refusal(BORROWER, 'open', REF, MARGIN, LOAN)).toBe('WrongState(3)');
    });
  });

  test('behavior: a called loan can be repaid until it is closed; an open one cannot be closed', async () => {
    await withLoan(async () => expect(await refusal(THIEF, 'close', REF)).toBe('WrongState(1)'));
    await withCall(async () => {
      await world.chain.wait(POOL.curePeriod);
      await world.pool.write(BORROWER, 'repay', REF);
      expect(await balances(world, BORROWER)).toEqual([FUNDS, FUNDS, FUNDS - POOL.reward]);
    });
  });

  test('behavior: however often a loan is called and cured, the pool never risks more than at the start', async () => {
    await withLoan(async () => {
      for (let round = 0; round < 4; round += 1) {
        await world.pool.write(THIEF, 'marginCall', await proofOf(BREACH));
        await world.chain.wait(1);
        await world.pool.write(BORROWER, 'cure', await proofOf(SOLVENT));
        await world.chain.wait(1);
      }
      expect(await balances(world, RECIPIENT)).toEqual([FUNDS - LOAN, FUNDS - LOAN + MARGIN, 4n * POOL.reward]);
      await world.pool.write(BORROWER, 'repay', REF);
      expect(await balances(world, BORROWER)).toEqual([FUNDS, FUNDS, FUNDS - 4n * POOL.reward]);
    });
  });
});

describe('the owner', () => {
  test('behavior: it takes out what is idle, never margins', async () => {
    await withLoan(async () => {
      expect(await refusal(OWNER, 'withdraw', FUNDS - LOAN)).toBeNull();
      expect(await refusal(OWNER, 'withdraw', FUNDS - LOAN + 1n)).toBe(`NotIdle(${FUNDS - LOAN + 1n}, ${FUNDS - LOAN})`);
      await world.token.write(OWNER, 'mint', world.pool.address, 1_000n);
      expect(await refusal(OWNER, 'withdraw', FUNDS - LOAN + 1n)).toMatch(/^NotIdle/);
    });
  });

  test('error: NotOwner, TokenRefused, InvalidSettings', async () => {
    const calls: readonly [string, ...unknown[]][] = [
      ['fund', 1n],
      ['withdraw', 1n],
      ['allow', [COVERAGE], [0n]],
      ['disallow', COVERAGE, 0n],
    ];
    for (const [method, ...args] of calls) expect(await refusal(THIEF, method, ...args)).toBe(`NotOwner(${THIEF})`);
    expect(await refusal(OWNER, 'fund', 1n)).toBe('TokenRefused()');
    expect(await refusal(OWNER, 'allow', [COVERAGE], [1n])).toBe('HiddenScope()');
    const made = (curePeriod: number, marginBps: number) =>
      put(world.chain, OWNER, 'ExampleMarginPool', [OWNER, [world.registry.address, world.registry.address, world.token.address, curePeriod, 0, marginBps, 1, 0, 1_000_000, 0]]).then(
        () => null,
        (error: { data: string }) => wordsOf(error.data),
      );
    expect(await made(3_600, 1)).toBeNull();
    for (const [curePeriod, marginBps] of [
      [3_599, 1],
      [365 * 86_400 + 1, 1],
      [3_600, 0],
    ] as const)
      expect(await made(curePeriod, marginBps)).toBe('InvalidSettings()');
  });
});

describe('compileSolvency', () => {
  test('default: every contract fits a chain’s limit of code', () => {
    for (const [name, { bytecode }] of Object.entries(compileSolvency())) expect(bytecode.length / 2, name).toBeLessThan(24_576);
  });
});
