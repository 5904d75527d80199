import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROTOCOLS } from '../../src/protocols/registry.ts';
import { runCli } from './run-cli.ts';

const HEAD =
  'ts,user,liquidator,pool,collateral,collateral_decimals,collateral_seized_raw,collateral_price_eth_wei,debt,debt_decimals,debt_repaid_raw,debt_price_eth_wei,implied_multiplier,exact_bonus_bps,limited_by,amount_source';
/** A recorded liquidation of 2020-12-17, and the same with another amount and with an unknown bonus. */
const EXACT = '1608214767,0xa53fe221bd861f75907d8fd496db1c70779721aa,,main,DAI,18,17805688961227928811,1514010000000000,WBTC,8,74305,34552556732628640000,1.050000,10500,debt,wei';
const OFF = EXACT.replace('17805688961227928811', '17805688961227928812');
const UNKNOWN = EXACT.replace('10500,debt', ',');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-replay-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function csv(name: string, ...lines: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

describe('plimsoll replay', () => {
  test('default', async () => {
    const file = csv('three.csv', HEAD, EXACT, OFF, UNKNOWN);
    const { code, stdout } = await runCli(['replay', file, '--json', '--quiet']);
    const result = JSON.parse(stdout);
    expect([code, result.rows, result.exact, result.different]).toEqual([0, 3, 1, 2]);
    expect(result.details[0]).toMatchObject({ line: 3, recorded: '17805688961227928812', computed: '17805688961227928811', reason: 'the rule gives another amount' });
    expect(result.details[1]).toMatchObject({ line: 4, computed: null, reason: expect.stringMatching(/no bonus is recorded: the recorded prices imply 1\.05/) });
    const { stdout: text } = await runCli(['replay', file]);
    expect(text).toContain('3 liquidations: 1 exact, 2 different');
  });

  test.each([
    ['a missing file', () => 'nowhere.csv', /cannot be read/],
    ['a missing column', () => csv('short.csv', 'ts,collateral', '1,DAI'), /line 2, column collateral_decimals/],
    ['a bad number', () => csv('bad.csv', HEAD, EXACT.replace('74305', '-1')), /line 2, column debt_repaid_raw/],
    ['a ragged table', () => csv('ragged.csv', HEAD, '1,2,3'), /not a CSV table/],
  ])('error: exit code 2 for %s', async (_, file, message) => {
    const { code, stderr } = await runCli(['replay', file(), '--quiet']);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('error: exit code 2 for a protocol without a replay', async () => {
    expect((await runCli(['replay', csv('one.csv', HEAD, EXACT), '--protocol', 'maker'])).code).toBe(2);
  });
});

describe('plimsoll protocols, doctor, help', () => {
  test('default: every protocol and deployment is listed', async () => {
    const { stdout } = await runCli(['protocols', '--json']);
    const rows = JSON.parse(stdout) as { protocol: string; deployments: { id: string }[] }[];
    expect(rows.map((row) => row.protocol)).toEqual(PROTOCOLS.map((protocol) => protocol.id));
    expect(rows.flatMap((row) => row.deployments.map((deployment) => deployment.id))).toEqual(PROTOCOLS.flatMap((protocol) => protocol.deployments.map((deployment) => deployment.id)));
    expect((await runCli(['protocols'])).stdout).toContain('Morpho Blue');
  });

  test('default: doctor asks the recorded data and finds them in order', async () => {
    const { code, stdout } = await runCli(['doctor', '--json', '--quiet']);
    const diagnosis = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(diagnosis.mode).toContain('recorded');
    expect(diagnosis.sources.length).toBeGreaterThan(10);
    expect(new Set(diagnosis.sources.map((source: { status: string }) => source.status))).toEqual(new Set(['ok']));
    expect((await runCli(['doctor', '--quiet'])).stdout).toContain('GRAPH_API_KEY');
  });

  test('behavior: doctor says what is unreachable, exit code 4 where nothing answers', async () => {
    const { code, stdout } = await runCli(['doctor', '--quiet'], {
      PLIMSOLL_DEADLINE: '2',
      RPC_URL_1: 'http://127.0.0.1:9/k3y',
      GRAPH_URL_GMX_V2_42161: 'http://127.0.0.1:9/k3y',
      GRAPH_URL_GMX_V2_43114: 'http://127.0.0.1:9/k3y',
    });
    expect([code, stdout.includes('k3y')]).toEqual([0, false]);
    expect(stdout).toContain('unreachable');
    expect(stdout).toContain('not-configured');
  });

  test('error: a configuration that cannot be used names the variable, not its value', async () => {
    const { code, stderr } = await runCli(['doctor'], { RPC_URL_1: 'k3y-without-scheme' });
    expect([code, stderr.includes('RPC_URL_1'), stderr.includes('k3y')]).toEqual([2, true, false]);
  });

  test('behavior: help and its exit code', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect([code, stdout.includes('replay')]).toEqual([0, true]);
  });
});
