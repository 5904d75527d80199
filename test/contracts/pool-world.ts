import type { Address } from '../../src/core/ids.ts';
import { type Contract, deploy } from '../chain/contract.ts';
import { compileSolvency, put, signEnrolment } from './solvency-chain.ts';
import { DEVELOPMENT_CHAIN, OWNER, SIGNERS, type SolvencyWorld, STRANGER } from './solvency-world.ts';

/** What a test's pool asks for: a fifth as margin, and the reward beside it. */
export const POOL = { curePeriod: 14_400, reward: 5n, marginBps: 2_000, breachBound: 1_000_000, minDeficit: 0n, solventBound: 1_000_000, maxAge: 0 };
/** What a borrower starts with, and what the pool may lend. */
export const FUNDS = 10_000n;

/** A pool with its token. */
export interface PoolWorld extends SolvencyWorld {
  readonly pool: Contract;
  readonly token: Contract;
}

/** Deploys a pool that takes a coverage and scopes; owner and stranger hold {@link FUNDS}, which the pool may take, and the owner's are in it. */
export async function openPool(world: SolvencyWorld, coverages: readonly bigint[], scopes: readonly bigint[]): Promise<PoolWorld> {
  const { chain, registry } = world;
  const token = await put(chain, OWNER, 'LoanToken');
  const { curePeriod, reward, marginBps, breachBound, minDeficit, solventBound, maxAge } = POOL;
  const settings = [registry.address, registry.address, token.address, curePeriod, reward, marginBps, breachBound, minDeficit, solventBound, maxAge];
  const artifact = compileSolvency()['ExampleMarginPool'];
  if (artifact === undefined) throw new TypeError('no pool');
  const pool = await deploy(chain, OWNER, artifact, [OWNER, settings]);
  for (const account of [OWNER, STRANGER]) {
    await token.write(OWNER, 'mint', account, FUNDS);
    await token.write(account, 'approve', pool.address, 2n ** 256n - 1n);
  }
  await pool.write(OWNER, 'fund', FUNDS);
  await pool.write(OWNER, 'allow', coverages, scopes);
  return { ...world, pool, token };
}

/** Two signers' enrolment of a reference for a borrower. */
export function enrolment(pool: Contract, borrower: Address, accountRef: bigint, chainId = DEVELOPMENT_CHAIN): string {
  return signEnrolment(SIGNERS.slice(0, 2), chainId, { consumer: pool.address, borrower, accountRef });
}

/** Which tokens are where: the pool's own count of idle money, what it holds, and what the others hold. */
export async function balances({ pool, token }: PoolWorld, ...others: readonly string[]): Promise<readonly bigint[]> {
  const held = await Promise.all([pool.address, ...others].map((address) => token.read('balanceOf', address)));
  return [await pool.read('idle'), ...held].map((value) => BigInt(String(value)));
}
