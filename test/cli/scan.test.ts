import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Anvil } from '../chain/anvil.ts';
import { runCli } from './run-cli.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const EULER = fileURLToPath(new URL('../../subgraphs/books/euler-v1.json', import.meta.url));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-scan-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('plimsoll scan', () => {
  test('default: the shipped book: opportunities, what offers nothing, who is near, and what was not judged', async () => {
    const { code, stdout, stderr } = await runCli(['scan']);
    // What could not be judged makes the answer incomplete.
    expect(code).toBe(3);
    for (const words of ['34 liquidatable', '73 NOT JUDGED', 'Opportunities of 25.00 USD or more', '0x316b…6600', 'Nearest to liquidation', 'NOT SEEN', 'not proven optimal', 'assumed'])
      expect(stdout).toContain(words);
    expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
    expect(stderr).toContain('Deciding the 589 accounts of euler-v1');
  });

  test('behavior: --json is one document with amounts, confidence and the effect of a move', async () => {
    const { code, stdout } = await runCli(['scan', '--json', '--quiet', '--move', 'ETH=-5%', '--limit', '3']);
    const answer = JSON.parse(stdout);
    expect([code, answer.status, answer.book, answer.accounts.unseen]).toEqual([3, 'incomplete', 'euler-v1', 73]);
    const [first] = answer.opportunities;
    expect(Number(first.profitUsd)).toBeGreaterThan(25);
    expect(Number(first.breakEvenGasUsd)).toBeCloseTo(Number(first.profitUsd) + Number(first.gasUsd), 4);
    const [liquidation] = first.liquidations;
    expect(liquidation.calls[0].paid[0]).toMatchObject({ raw: expect.stringMatching(/^\d+$/), decimals: 18, amount: expect.any(String), usd: expect.any(String) });
    expect(liquidation.confidence).toMatchObject({ level: 'low', precision: 'estimate' });
    expect(liquidation.calldata).toMatchObject({ status: 'none' });
    expect(answer.watched).toHaveLength(3);
    expect(answer.move.added).toMatchObject({ accounts: 1 });
  });

  test('behavior: a complete book exits with 0; calldata is in the JSON', async () => {
    const { code, stdout } = await runCli(['scan', '--recorded', 'constructed-wallet', '--json', '--quiet']);
    expect([code, JSON.parse(stdout).status]).toEqual([0, 'complete']);
  });

  test('behavior: --watch prints the first look, then changes only, as one document each', async () => {
    const file = join(folder, 'book.json');
    const text = readFileSync(EULER, 'utf8');
    writeFileSync(file, text);
    const child = spawn(process.execPath, [MAIN, 'scan', '--book', file, '--watch', '--every', '1', '--json', '--limit', '5'], { env: { PATH: process.env.PATH ?? '' } });
    let [output, looks, isEnding] = ['', 0, false];
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      looks += part.split('Reading').length - 1;
      // Half a file is no reason to stop; then the greatest debtor is gone; at the seventh look enough was seen.
      if (looks === 3) writeFileSync(file, '{"half": ');
      if (looks === 4) writeFileSync(file, withoutAccount(text, '0x316be293c8f2380769e7b7e7382679fe5a3b6600'));
      if (looks >= 7 && !isEnding) isEnding = child.kill('SIGINT');
    });
    expect(await ended).toBe(3);
    const documents = output.split(/^(?=\{)/m).map((document) => JSON.parse(document));
    expect(documents).toHaveLength(2);
    expect(documents[0].opportunities).toHaveLength(2);
    expect(documents[1]).toMatchObject({ opened: [], closed: [{ owner: '0x316be293c8f2380769e7b7e7382679fe5a3b6600' }], liquidatable: { added: [], removed: [expect.stringContaining('0x316b')] } });
  }, 60_000);

  test('behavior: --drill reads the wallets on a local chain: one that is no copy is a gap each, and nothing is tried', async () => {
    const chain = await Anvil.start('cancun');
    try {
      const { code, stdout } = await runCli(['scan', '--drill', '--rpc', chain.url, '--json', '--quiet']);
      const answer = JSON.parse(stdout);
      expect([code, answer.accounts, answer.asPlanned]).toEqual([3, 0, 0]);
      expect(answer.gaps.length).toBeGreaterThan(0);
      expect(answer.assumptions.length).toBeGreaterThan(2);
      expect(await chain.request('eth_blockNumber', [])).toBe('0x0');
    } finally {
      chain.stop();
    }
  }, 60_000);

  test.each([
    [['--drill'], 2, /--drill needs a local chain/],
    [['--drill', '--rpc', 'http://127.0.0.1:1', '--watch'], 2, /takes no --book, --watch/],
    [['--rpc', 'http://127.0.0.1:1'], 2, /--rpc goes with --drill/],
    [['--rounds', '2'], 2, /--every and --rounds go with --watch/],
    [['--every', '3'], 2, /--every and --rounds go with --watch/],
    [['--min-profit', 'much'], 2, /--min-profit "much" is not an amount/],
    [['--limit', '0'], 2, /--limit "0" is not a count/],
    [['--move', 'ETH'], 2, /not a price move/],
    [['--from', '0x1'], 2, /--from "0x1" is not an address/],
    [['--recorded', 'nothing'], 2, /no recorded book "nothing"/],
    [['--book', '/nowhere.json'], 2, /cannot be read/],
    [['--at', 'yesterday'], 2, /is not a time/],
  ] as const)('error: %j', async (args, code, message) => {
    const run = await runCli(['scan', ...args]);
    expect(run.code).toBe(code);
    expect(run.stderr).toMatch(message);
    expect(run.stdout).toBe('');
  });
});

function withoutAccount(text: string, account: string): string {
  const document = JSON.parse(text) as { readonly accounts: readonly { readonly id: string }[] };
  return JSON.stringify({ ...document, accounts: document.accounts.filter(({ id }) => !id.endsWith(account)) });
}
