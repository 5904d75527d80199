import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileSolidity } from '../chain/compile-solidity.ts';
import { type Contract, deploy } from '../chain/contract.ts';
import { listBlocks, README } from '../readme/read-readme.ts';
import { ATTESTOR, CLAIMS, HOLDER_COVERAGE, type Holder, openHolder, type Proving, TROUBLED_MARKET } from './holder.ts';
import { refusalOf } from './solvency-chain.ts';
import { addCircuit, CONSUMER, OWNER, openWorld, type SolvencyWorld, STRANGER } from './solvency-world.ts';

const BLOCKS = listBlocks(README).filter(({ language }) => language === 'solidity');
const BY_A_DOLLAR = { ...CLAIMS.breach, minDeficitCents: 100n };

let holder: Holder;
let world: SolvencyWorld;
let guard: Contract;
beforeAll(async () => {
  holder = openHolder();
  world = await openWorld([ATTESTOR]);
  await addCircuit(world, 'M-attested');
  const [block] = BLOCKS;
  const artifact = compileSolidity({
    compiler: 'solc-0.8.27',
    // As a Solidity project finds what npm installed.
    roots: { 'plimsoll/contracts/': fileURLToPath(new URL('../../contracts/', import.meta.url)) },
    entries: [],
    inline: { 'src/BreachGuard.sol': block?.text ?? '' },
    settings: { evmVersion: 'paris', optimizer: { enabled: true, runs: 200 }, viaIR: true },
  })['BreachGuard'];
  if (artifact === undefined) throw new TypeError('the README has no BreachGuard');
  guard = await deploy(world.chain, OWNER, artifact, [world.registry.address, world.registry.address, HOLDER_COVERAGE]);
}, 300_000);
afterAll(async () => {
  await holder?.close();
  world?.chain.stop();
});

const prove = async (changes: Partial<Proving> = {}) => {
  const now = await world.chain.time();
  return holder.prove({ instance: 'M-attested', consumer: guard.address, snapshot: now - 60n, deadline: now + 600n, claim: BY_A_DOLLAR, ...changes });
};

describe("the README's contract", () => {
  test('behavior: it is the only Solidity there', () => {
    expect(BLOCKS).toHaveLength(1);
  });

  test('default: takes a proof once, whoever hands it in, and remembers when the account was in breach', async () => {
    const proof = await prove();
    await guard.write(STRANGER, 'report', proof);
    const [, , , , snapshot, , , , accountRef] = proof.signals;
    expect(await guard.read('breachedAt', accountRef)).toBe(snapshot);
    expect(await refusalOf(guard, STRANGER, 'report', proof)).toMatch(/^NullifierUsed/);
  });

  test('error: a proof for somebody else, an old one, of another scope, of less than a dollar, of coverage that it does not take', async () => {
    const now = await world.chain.time();
    expect(await refusalOf(guard, STRANGER, 'report', await prove({ consumer: CONSUMER }))).toMatch(/^WrongDomain/);
    expect(await refusalOf(guard, STRANGER, 'report', await prove({ snapshot: now - 700n }))).toMatch(/^SnapshotRefused/);
    expect(await refusalOf(guard, STRANGER, 'report', await prove({ scope: { kind: 'market', marketId: TROUBLED_MARKET } }))).toMatch(/^NotInTerms/);
    expect(await refusalOf(guard, STRANGER, 'report', await prove({ claim: CLAIMS.breach }))).toMatch(/^ClaimRefused/);
  });
});
