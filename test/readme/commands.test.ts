import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type AsWritten, COMMANDS, type Serving, type Shortened } from './commands.ts';
import { listBlocks, listCommands, README } from './read-readme.ts';
import { openWorkingFolder } from './working-folder.ts';

const MINUTES = 60_000;
const checkout = openWorkingFolder();
afterAll(() => checkout.close());

const shown = listCommands(README);
const commands = [...new Set(shown.map(({ command }) => command))];

describe('commands of the README', () => {
  test('behavior: every one has a row that says what it must leave, and every row has its command', () => {
    expect(shown.filter(({ command }) => COMMANDS[command] === undefined)).toEqual([]);
    expect(Object.keys(COMMANDS).filter((command) => !commands.includes(command))).toEqual([]);
    expect(shown.filter(({ place }) => place === 'block').length).toBeGreaterThan(14);
  });

  test('behavior: a command that is added is found, wherever it stands', () => {
    const found = (text: string) => listCommands(text).map(({ command }) => command);
    expect(found('```sh\nnpm run new\n# said\nplimsoll a \\\n  --b\n```')).toEqual(['npm run new', 'plimsoll a --b']);
    expect(found('Run `npm run new`, or\n\n    npx new\n\nnot `plimsoll wallet <address>`, nor `wallet`.')).toEqual(['npm run new', 'npx new']);
  });

  test('behavior: no block hides commands under another name', () => {
    expect([...new Set(listBlocks(README).map(({ language }) => language))].filter((language) => !['sh', 'ts', 'solidity'].includes(language))).toEqual([]);
  });

  test.each(commands)('default: %s', { timeout: 5 * MINUTES }, async (command) => {
    const row = COMMANDS[command] ?? expect.fail('no row');
    const line = 'instead' in row && row.instead !== undefined ? row.instead : command;
    if ('ready' in row) return serveFor(line, row);
    const { code, output } = await checkout.run(line);
    expect({ code, output }).toEqual({ code: row.exit, output: expect.stringMatching(row.shows) });
    expect(output).not.toContain('NO NETWORK IN THIS TEST');
  });

  test('behavior: the lines of the proof left their files in the folder, and what openssl prints seals', async () => {
    for (const name of ['attestor.json', 'secret.json', 'attestation.json', 'proof.json', 'policy.json', 'counted.json']) expect(existsSync(join(checkout.folder, name))).toBe(true);
    expect(JSON.parse(readFileSync(join(checkout.folder, 'policy.json'), 'utf8'))).toMatchObject({ chainId: 31_337 });
    const { output } = await checkout.run('openssl rand -hex 32');
    expect(readConfig({ PLIMSOLL_SEAL_KEY: output }).sealKey).toHaveLength(32);
  });

  test('behavior: what a command asks of anything but the loopback is refused here, so that none of them needed it', async () => {
    const { code, output } = await checkout.run(`node -e "fetch('http://192.0.2.1/').then(() => process.exit(0), (error) => { console.log(String(error.cause ?? error)); process.exit(9); })"`);
    expect([code, output]).toEqual([9, expect.stringContaining('NO NETWORK IN THIS TEST')]);
  });

  test('behavior: what is run in place of a command has a reason', () => {
    const rows: readonly (AsWritten | Serving | Shortened)[] = Object.values(COMMANDS);
    expect(rows.filter((row) => 'instead' in row && (row.because ?? '').length < 20)).toEqual([]);
  });
});

async function serveFor(line: string, { ready, exit, shows = ready, asks = [] }: Serving): Promise<void> {
  const { code, output } = await checkout.serve(line, ready, async (origin) => {
    for (const path of asks) expect([path, (await fetch(`${origin}${path}`)).status]).toEqual([path, 200]);
  });
  expect({ code, output }).toEqual({ code: exit, output: expect.stringMatching(shows) });
}
