import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDeployments } from '../../src/protocols/registry.ts';
import { runCli } from './run-cli.ts';

const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';
const DEPEGGED = '0x1597e4b7cf6d2877a1d690b6088668afdb045763';
const EXECUTOR = `0x${'e'.repeat(40)}`;
/** Long enough for a certificate on a busy machine. */
const PATIENT = ['--budget-ms', '20000'];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-plan-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function planJson(...args: string[]) {
  const { code, stdout } = await runCli(['plan', WALLET, '--json', ...PATIENT, ...args]);
  return { code, answer: JSON.parse(stdout) };
}

/** The saved portfolio with something changed in its text. */
async function changed(name: string, change: (text: string) => string): Promise<string> {
  const file = join(folder, `${name}.json`);
  await runCli(['wallet', WALLET, '--save', file, '--json']);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  return file;
}

describe('plimsoll plan', () => {
  test('default: the path with its certificate, beside what happens if nothing is done', async () => {
    const { code, stdout } = await runCli(['plan', WALLET, '--target', '1.5', ...PATIENT]);
    expect(code).toBe(0);
    for (const words of [
      'The cheapest way to health 1.5',
      'no plan costs less than',
      'Stage 1 of 2',
      'orders that others execute later',
      'Compared with',
      'each protocol alone',
      'If nothing is done',
      'Assumed',
      'no market was looked at now',
    ]) {
      expect(stdout).toContain(words);
    }
    expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('behavior: --json holds the plan, its bound, both healths, baselines and the forced range', async () => {
    const { code, answer } = await planJson('--target', '1.5');
    expect([code, answer.view, answer.refused, answer.liquidator]).toEqual([0, 'self', null, null]);
    const { self, forced } = answer;
    expect(Number(self.lowerBoundUsd)).toBeLessThanOrEqual(Number(self.cost.totalUsd));
    expect(Number(self.gapUsd)).toBeLessThanOrEqual(Math.max(0.02, 2e-4 * Number(self.cost.totalUsd)));
    expect(self.cost.penaltyUsd).toBe('0.000000');
    for (const account of self.after.accounts) expect(account.health === null || Number(account.health) >= 1.5).toBe(true);
    expect(self.baselines.map((entry: { name: string }) => entry.name)).toEqual(['each protocol alone', 'pro rata', 'close everything', 'native forced']);
    expect(self.policies).toHaveLength(4);
    expect(forced.at).toBe('first');
    expect(Number(forced.rational.costUsd)).toBeGreaterThan(0);
    expect(JSON.stringify(answer)).not.toMatch(/NaN|Infinity/);
  });

  test('behavior: a saved portfolio gives the same plan as the wallet it was read from', async () => {
    const file = await changed('same', (text) => text);
    const [document, wallet] = await Promise.all([runCli(['plan', file, '--json', ...PATIENT]), runCli(['plan', WALLET, '--json', ...PATIENT])]);
    expect(JSON.parse(document.stdout)).toEqual(JSON.parse(wallet.stdout));
  });

  test('behavior: the other views look at shocked prices', async () => {
    const forced = await planJson('--view', 'forced', '--shock', 'ETH=-25%,BTC=-30%');
    expect([forced.code, forced.answer.forced.at, forced.answer.self]).toEqual([0, 'shock', null]);
    expect(forced.answer.forced.accounts.filter((account: { status: string }) => account.status === 'liquidatable')).toHaveLength(3);
    const liquidator = await planJson('--view', 'liquidator', '--shock', 'ETH=-25%,BTC=-30%');
    expect(Number(liquidator.answer.liquidator.profitUsd)).toBeGreaterThan(0);
    expect(liquidator.answer.liquidator.closed.map((entry: { account: string }) => entry.account.split('/')[0])).toEqual(['gmx-v2']);
  });

  test('behavior: calldata aims at the built-in contracts alone, with minimum outputs, and is not called ready without a simulation', async () => {
    const { code, answer } = await planJson('--target', '1.5', '--calldata', '--executor', EXECUTOR, '--pool-fee', '500');
    expect(code).toBe(0);
    const { transactions } = answer.self;
    expect(transactions.status).toBe('not ready');
    expect(transactions.simulations[0].reason).toContain('no RPC endpoint');
    const contracts = new Set(listDeployments().flatMap((deployment) => Object.values(deployment.contracts)));
    const targets: string[] = transactions.calls.map((call: { to: string }) => call.to);
    expect(targets).toContain(EXECUTOR);
    expect(targets.some((to) => contracts.has(to as `0x${string}`))).toBe(true);
    expect(transactions.batches.map((batch: { chainId: string; atomicRequired: boolean }) => [batch.chainId, batch.atomicRequired])).toEqual([
      ['0x1', true],
      ['0xa4b1', false],
    ]);
    for (const call of transactions.calls) expect(call.description.length).toBeGreaterThan(10);
  });

  test('bad input: an executor plan without an executor, and a swap without a venue, have no calldata', async () => {
    const { code, answer } = await planJson('--target', '1.5', '--calldata');
    expect([code, answer.self.transactions.status]).toEqual([5, 'incomplete']);
    expect(answer.self.transactions.reasons[0]).toContain('PlimsollExecutor');
    const swaps = await planJson('--target', '1.5', '--calldata', '--order', 'sequence');
    expect([swaps.code, swaps.answer.self.transactions.reasons[0]]).toEqual([5, expect.stringContaining('No venue is known')]);
  });

  test('bad input: a portfolio with gaps is planned around by name, and has no calldata unless told so', async () => {
    const gap = '"gaps": [{ "code": "SOURCE_UNREACHABLE", "message": "A source did not answer.", "retryable": true, "chain": "eip155:10", "deployment": "aave-v3/10/core", "account": null }]';
    const file = await changed('gaps', (text) => text.replace(/"gaps": \[\]/, gap));
    const plain = await runCli(['plan', file, '--json', ...PATIENT]);
    expect([plain.code, JSON.parse(plain.stdout).gaps.length]).toEqual([3, 1]);
    const refused = await runCli(['plan', file, '--json', '--calldata', '--executor', EXECUTOR, '--pool-fee', '500', ...PATIENT]);
    expect([refused.code, JSON.parse(refused.stdout).refused.message]).toEqual([5, expect.stringContaining('--accept-gaps')]);
    const told = await runCli(['plan', file, '--json', '--calldata', '--accept-gaps', '--executor', EXECUTOR, '--pool-fee', '500', ...PATIENT]);
    expect([told.code, JSON.parse(told.stdout).self.transactions.calls.length > 0]).toEqual([3, true]);
  });

  test('bad input: a document that names another deployment steers no call', async () => {
    const file = await changed('foreign', (text) => text.replaceAll('"deployment": "morpho-blue/1"', '"deployment": "morpho-blue/666"'));
    const { code, stdout } = await runCli(['plan', file, '--json', '--target', '1.5', '--calldata', '--executor', EXECUTOR, '--pool-fee', '500', ...PATIENT]);
    expect([code, JSON.parse(stdout).self.transactions.reasons[0]]).toEqual([5, expect.stringContaining('not built in')]);
  });

  test('bad input: what is impossible says what is missing, and still shows what happens if nothing is done', async () => {
    const { code, stdout } = await runCli(['plan', DEPEGGED]);
    expect(code).toBe(5);
    expect(stdout).toMatch(/needs 154,[0-9,]+ USD more/);
    expect(stdout).toContain('If nothing is done, at these prices');
  });

  test.each([
    ['a target below 1', ['--target', '0.99'], 'at least 1'],
    ['a target that is no number', ['--target', 'high'], 'not a number'],
    ['an unknown asset in a shock', ['--shock', 'FOO=-5%'], 'Nothing in the portfolio is "FOO"'],
    ['cash in an unknown asset', ['--cash', 'FOO=5'], 'held in none'],
    ['cash without an amount', ['--cash', 'USDC'], 'no amount of cash'],
    ['an unknown view', ['--view', 'both'], 'view'],
    ['no budget', ['--budget-ms', '0'], 'budget'],
    ['a slippage of 80 %', ['--slippage', '80'], 'slippage'],
    ['an executor that is no address', ['--executor', '0x12'], 'not an address'],
    ['a fee that Uniswap does not have', ['--pool-fee', '400'], 'no fee of Uniswap'],
    ['a native target of another view', ['--view', 'forced', '--target-native'], '--target-native'],
  ])('bad input: %s', async (_, args, words) => {
    const { code, stderr, stdout } = await runCli(['plan', WALLET, ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
  });
});
