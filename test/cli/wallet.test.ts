import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toChecksum } from '../../src/core/ids.ts';
import { parsePortfolio } from '../../src/core/portfolio.ts';
import { RECORDED_ROOT } from '../../src/service/portfolio/recorded-data.ts';
import { runCli } from './run-cli.ts';

const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';
const DEPEGGED = '0x1597e4b7cf6d2877a1d690b6088668afdb045763';
const HIDDEN = '0x2fca661c0a563a4f3af1511c80d8391a4a5de79d';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('plimsoll wallet', () => {
  test('default: the report in text, progress apart from it', async () => {
    const { code, stdout, stderr } = await runCli(['wallet', WALLET]);
    expect(code).toBe(0);
    expect(stdout).toContain('CRITICAL   unified health 1.2230   weakest 1.0812  GMX v2 Arbitrum');
    expect(stdout).toContain('CONSTRUCTED');
    expect(stdout).toMatch(/▼ weakest account {3}▽ unified {3}┃ liquidation/);
    for (const label of ['Aave v3 Ethereum', 'Compound v3 Ethereum USDC', 'Morpho Blue Ethereum WBTC/USDC', 'GMX v2 Arbitrum']) expect(stdout).toContain(label);
    expect(stdout).toContain('Liquidation prices');
    expect(stderr).toBe('Reading 1 wallet(s) from recorded data\n');
  });

  test('behavior: --json is one document on stdout, wherever the flag stands', async () => {
    const [before, after] = await Promise.all([runCli(['--json', 'wallet', WALLET]), runCli(['wallet', WALLET, '--json', '--quiet'])]);
    expect(after.stderr).toBe('');
    expect(JSON.parse(before.stdout)).toEqual(JSON.parse(after.stdout));
    const report = JSON.parse(after.stdout);
    expect([report.status, report.accounts.length, report.gaps.length, report.discrepancies.length]).toEqual(['critical', 4, 0, 1]);
    expect(report.wallet.health).toMatch(/^1\.223/);
    expect(JSON.stringify(report)).not.toMatch(/NaN|Infinity/);
  });

  test('behavior: a saved Portfolio gives the same report again', async () => {
    const file = join(folder, 'portfolio.json');
    const read = await runCli(['wallet', WALLET, '--save', file, '--json']);
    const again = await runCli(['wallet', file, '--json']);
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(read.stdout));
    expect(parsePortfolio(readFileSync(file, 'utf8')).owners).toEqual([WALLET]);
  });

  test('behavior: a shock is shown beside', async () => {
    const { stdout } = await runCli(['wallet', WALLET, '--shock', 'ETH=-10%']);
    expect(stdout).toContain('After ETH −10.0 %');
    expect(stdout).toContain('liquidatable: GMX v2 Arbitrum');
  });

  test('behavior: several addresses are one owner', async () => {
    const { code, stdout } = await runCli(['wallet', `${DEPEGGED},${HIDDEN}`, '--json']);
    const report = JSON.parse(stdout);
    // Outside, addresses carry their checksum.
    expect([code, report.owners, report.accounts.length]).toEqual([0, [DEPEGGED, HIDDEN].map(toChecksum), 2]);
  });

  test('behavior: market health stands beside oracle health, and what the oracle hides is said', async () => {
    const { stdout } = await runCli(['wallet', HIDDEN]);
    expect(stdout).toContain('INSOLVENT');
    expect(stdout).toMatch(/the oracle says 5\.9\d+, the market 0\.01\d+: a debt of .* that the protocol calls healthy is worth more than what stands against it/);
  });

  test('behavior: recorded data can be read at a moment', async () => {
    const [early, late] = await Promise.all(['2021-02-01', '2021-05-20'].map((at) => runCli(['wallet', '0x09f1b4c0a59494f2c695924bcc4b9ce698f22233', '--at', at, '--json'])));
    expect(JSON.parse(early?.stdout ?? '').accounts[0].at).toBeLessThan(Date.parse('2021-02-01') / 1000);
    expect(JSON.parse(late?.stdout ?? '').accounts[0].at).toBeGreaterThan(Date.parse('2021-02-01') / 1000);
  });

  test('behavior: of a wallet that the recording does not know nothing is said, least of all that it is safe', async () => {
    const { code, stdout } = await runCli(['wallet', `0x${'12'.repeat(20)}`]);
    expect([code, stdout.includes('INCOMPLETE'), stdout.includes('SAFE')]).toEqual([3, true, false]);
    expect(stdout).toMatch(/know nothing of 0x1212/);
  });

  test('bad input: a chain without a deployment, and a recording without the chain', async () => {
    const nowhere = await runCli(['wallet', WALLET, '--chain', '999999']);
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringMatching(/No deployment is known on eip155:999999/)]);
    const elsewhere = await runCli(['wallet', WALLET, '--chain', '8453', '--json']);
    expect([elsewhere.code, JSON.parse(elsewhere.stdout).status, JSON.parse(elsewhere.stdout).gaps[0].message]).toEqual([3, 'incomplete', 'Nothing was looked at: no deployment was read.']);
  });

  test('behavior: a source that fails makes the report incomplete, exit code 3, never safe', async () => {
    const faulty = join(folder, 'faulty');
    await cp(join(RECORDED_ROOT, 'constructed-wallet'), faulty, { recursive: true });
    const file = join(faulty, 'compound-v3-1-usdc.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"hasIndexingErrors":false', '"hasIndexingErrors":true').replace('"hasIndexingErrors": false', '"hasIndexingErrors": true'));
    const { code, stdout } = await runCli(['wallet', WALLET, '--recorded', faulty, '--json']);
    const report = JSON.parse(stdout);
    expect([code, report.status, report.accounts.length]).toEqual([3, 'incomplete', 3]);
    expect(report.gaps).toMatchObject([{ code: 'INDEXING_ERRORS', deployment: 'compound-v3/1/usdc' }]);
    const { stdout: text } = await runCli(['wallet', WALLET, '--recorded', faulty]);
    expect(text).toMatch(/^INCOMPLETE \(what was read is critical\)/m);
    expect(text).toContain('this report is not a statement of safety');
  });

  test.each([
    ['a bad address', ['wallet', '0x12'], /is not a wallet/],
    ['a bad chain', ['wallet', WALLET, '--chain', 'solana'], /is not a chain/],
    ['an unknown flag', ['wallet', WALLET, '--fast'], /unknown option/],
    ['an unknown command', ['wallets'], /unknown command/],
    ['no wallet', ['wallet'], /missing required argument/],
    ['a bad shock', ['wallet', WALLET, '--shock', 'ETH=-200%'], /./],
    ['an unknown asset in a shock', ['wallet', WALLET, '--shock', 'DOGE=-10%'], /DOGE/],
    ['a bad time', ['wallet', WALLET, '--at', 'yesterday'], /is not a time/],
    ['a time before the recording', ['wallet', WALLET, '--at', '2001-01-01'], /Nothing was recorded by then/],
    ['an unknown recording', ['wallet', WALLET, '--recorded', 'nothing'], /There is no recorded data set/],
    ['a missing document', ['wallet', 'nowhere.json'], /cannot be read/],
    ['a folder that cannot be written', ['wallet', WALLET, '--save', '/nowhere/p.json'], /cannot be written/],
  ])('error: exit code 2 and one clear line for %s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli([...args, '--quiet', '--json']);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout).error).toMatchObject({ code: expect.any(String), message: expect.stringMatching(message), retryable: false });
  });

  test('error: without --json the line is all there is', async () => {
    const { code, stdout, stderr } = await runCli(['wallet', '0x12', '--quiet']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('plimsoll: "0x12" is not a wallet. Write a 20-byte address (0x and 40 hex digits) or a CAIP-10 account such as eip155:1:0x….\n');
  });

  test('error: exit code 4 where nothing can be reached, and the key is in no output', async () => {
    const secret = 'k3y-that-must-not-show';
    const { code, stdout, stderr } = await runCli(['wallet', WALLET, '--chain', '8453'], {
      PLIMSOLL_DEADLINE: '2',
      RPC_URL_8453: `http://127.0.0.1:9/${secret}`,
      GRAPH_URL_AAVE_V3_8453_CORE: `http://127.0.0.1:9/${secret}`,
    });
    expect(code).toBe(4);
    expect(stdout).toContain('INCOMPLETE');
    expect(stdout + stderr).not.toContain(secret);
  });
});
