import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePortfolio } from '../../src/core/portfolio.ts';
import { type Attestation, parseAttestation } from '../../src/proof/attestation.ts';
import { parseBundle } from '../../src/proof/bundle.ts';
import { packRow } from '../../src/proof/row.ts';
import { marketId } from '../../src/proof/scope.ts';
import { type CliRun, runCli } from './run-cli.ts';

const INSOLVENT = '0x1597e4b7cf6d2877a1d690b6088668afdb045763';
const CONSTRUCTED = '0xc0ffee00000000000000000000000000c0ffee01';
const CONSUMER = `0x${'0'.repeat(38)}aa`;
const RECIPIENT = `0x${'0'.repeat(38)}bb`;
const AFTER = '2026-03-24T00:05:00Z';
const WHERE = ['--chain-id', '31337', '--consumer', CONSUMER, '--recipient', RECIPIENT];

let folder = '';
const file = (name: string): string => join(folder, name);
const runs: CliRun[] = [];

/** Runs the program and keeps what it printed, for the search for leaks. */
async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CliRun> {
  const done = await runCli(args, environment);
  runs.push(done);
  return done;
}

const attest = (wallet: string, recorded: string, out: string, ...more: string[]): Promise<CliRun> =>
  run(['attest', wallet, '--recorded', recorded, '--key-file', file('key.json'), '--secret-file', file('secret.json'), '--out', file(out), ...more]);
const prove = (attestation: string, out: string, ...more: string[]): Promise<CliRun> =>
  run(['prove', file(attestation), '--secret-file', file('secret.json'), '--statement', 'breach', ...WHERE, '--dev-keys', '--out', file(out), ...more]);
const verify = (...more: string[]): Promise<CliRun> => run(['verify', file('proof.json'), '--policy', file('policy.json'), '--at', AFTER, ...more]);

function changePolicy(changes: Readonly<Record<string, unknown>>): string {
  const path = file(`policy-${Object.keys(changes).join('-')}.json`);
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(file('policy.json'), 'utf8')), ...changes }));
  return path;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-proof-'));
  expect((await run(['attestor', 'create', file('key.json'), '--dev'])).code).toBe(0);
  expect((await attest(INSOLVENT, 'morpho-depeg', 'attestation.json')).code).toBe(0);
  expect((await prove('attestation.json', 'proof.json', '--min-deficit', '1000000')).stderr).toMatch(/Proving/);
  const { stdout, code } = await run(['verify', file('proof.json'), '--template']);
  expect(code).toBe(0);
  writeFileSync(file('policy.json'), stdout);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('plimsoll attest, prove, verify', () => {
  test('default: a breach on the recorded clock is proved and accepted', async () => {
    const { code, stdout } = await verify();
    expect([code, stdout]).toEqual([0, expect.stringContaining('ACCEPTED: health factor below 1, deficit at least 1000000.00 USD; all accounts together.')]);
    expect(stdout).toContain('development keys or attestation: it proves nothing to anybody');
    expect(stdout).toContain('Nothing was counted');
  });

  test('behavior: --spent counts a proof once', async () => {
    const { code } = await verify('--spent', file('spent.json'));
    const again = await verify('--spent', file('spent.json'));
    expect([code, again.code]).toEqual([0, 5]);
    expect(again.stdout).toContain('✗ nullifier  counted before');
  });

  test('behavior: proved again with another deadline, it is still the same breach', async () => {
    expect((await prove('attestation.json', 'again.json', '--valid-for', '7200', '--threshold', '0.9')).code).toBe(0);
    const [first, again] = ['proof.json', 'again.json'].map((name) => parseBundle(readFileSync(file(name), 'utf8')));
    expect(again?.signals.binding).not.toBe(first?.signals.binding);
    expect(again?.signals.nullifier).toBe(first?.signals.nullifier);
  });

  test('error: REFUSED, exit 5, with the rule that fails', async () => {
    for (const [changes, rule] of [
      [{ coverages: ['5'] }, 'coverage'],
      [{ attestors: { ids: ['5'] } }, 'attestors'],
      [{ consumer: RECIPIENT }, 'domain'],
      [{ recipient: CONSUMER }, 'binding'],
      [{ threshold: '0.5' }, 'claim'],
      [{ scopes: ['hidden'] }, 'scope'],
      [{ accountRef: '5' }, 'account'],
      [{ maxAgeSeconds: 60 }, 'snapshot'],
    ] as const) {
      const { code, stdout } = await run(['verify', file('proof.json'), '--policy', changePolicy(changes), '--at', AFTER]);
      expect([rule, code, stdout.match(/✗ (\w+)/g)]).toEqual([rule, 5, [`✗ ${rule}`]]);
    }
    const late = await run(['verify', file('proof.json'), '--policy', file('policy.json'), '--at', '2026-03-25T00:00:00Z']);
    expect(late.stdout).toMatch(/✗ deadline {3}passed/);
  });

  test('error: an altered proof, a policy without development keys, another clock', async () => {
    const bundle = JSON.parse(readFileSync(file('proof.json'), 'utf8')) as { signals: Record<string, string> };
    writeFileSync(file('altered.json'), JSON.stringify({ ...bundle, signals: { ...bundle.signals, nullifier: '5' } }));
    const altered = await run(['verify', file('altered.json'), '--policy', file('policy.json'), '--at', AFTER]);
    expect([altered.code, altered.stdout.match(/✗ (\w+)/g)]).toEqual([5, ['✗ proof']]);
    const strict = await run(['verify', file('proof.json'), '--policy', changePolicy({ allowDevelopment: false })]);
    expect([strict.code, strict.stderr]).toEqual([5, expect.stringContaining('development keys')]);
    expect((await verify('--policy', changePolicy({ allowDevelopment: false }))).stderr).toMatch(/--at judges by another clock/);
    expect((await run(['verify', file('proof.json')])).stderr).toMatch(/Say what is accepted/);
  });

  test('error: development keys are refused unasked for, in production and on a real chain', async () => {
    const base = ['prove', file('attestation.json'), '--secret-file', file('secret.json'), '--statement', 'breach', '--out', file('none.json')];
    const unasked = await run([...base, ...WHERE]);
    const production = await run([...base, ...WHERE, '--dev-keys'], { NODE_ENV: 'production' });
    const mainnet = await run([...base, '--chain-id', '1', '--consumer', CONSUMER, '--recipient', RECIPIENT, '--dev-keys']);
    for (const { code, stderr } of [unasked, production, mainnet]) expect([code, stderr]).toEqual([5, expect.stringContaining('development keys')]);
    expect(existsSync(file('none.json'))).toBe(false);
  });

  test('error: what does not hold is not proved; another secret, a file in the way', async () => {
    expect((await attest(CONSTRUCTED, 'constructed-wallet', 'healthy.json')).code).toBe(0);
    const healthy = await prove('healthy.json', 'none.json');
    expect([healthy.code, healthy.stderr]).toEqual([5, expect.stringContaining('The statement does not hold')]);
    const taken = await prove('attestation.json', 'proof.json');
    expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('not overwritten')]);
    await run(['attestor', 'secret', file('other.json')]);
    const stolen = await prove('attestation.json', 'none.json', '--secret-file', file('other.json'));
    expect([stolen.code, stolen.stderr]).toEqual([5, expect.stringContaining('The secret is not the one')]);
    const second = await attest(INSOLVENT, 'morpho-depeg', 'second.json', '--secret-file', file('other.json'));
    expect([second.code, second.stderr]).toEqual([5, expect.stringContaining('attested with another secret before')]);
  });

  test('error: a key that is not marked dev signs no recorded data; the altered attestation is refused', async () => {
    await run(['attestor', 'create', file('real.json')]);
    const { code, stderr } = await attest(INSOLVENT, 'morpho-depeg', 'none.json', '--key-file', file('real.json'));
    expect([code, stderr]).toEqual([5, expect.stringContaining('recorded data are signed with a key marked dev only')]);
    const document = JSON.parse(readFileSync(file('attestation.json'), 'utf8')) as { rows: { amount: string }[] };
    writeFileSync(file('cheat.json'), JSON.stringify({ ...document, rows: document.rows.slice(0, 1) }));
    const cheat = await prove('cheat.json', 'none.json');
    expect([cheat.code, cheat.stderr]).toEqual([5, expect.stringContaining('altered after it was signed')]);
  });

  test('behavior: an attestation, a key and a secret are readable by their owner alone, and are never printed', () => {
    for (const name of ['attestation.json', 'key.json', 'secret.json', 'proof.json', 'key.json.ledger.json']) expect(statSync(file(name)).mode & 0o077).toBe(0);
    const printed = runs.map(({ stdout, stderr }) => `${stdout}\n${stderr}`).join('\n');
    const { privateKey } = JSON.parse(readFileSync(file('key.json'), 'utf8')) as { privateKey: string };
    const { secret } = JSON.parse(readFileSync(file('secret.json'), 'utf8')) as { secret: string };
    const attestation = parseAttestation(readFileSync(file('attestation.json'), 'utf8'));
    for (const text of [privateKey.slice(2), BigInt(privateKey).toString(), secret.slice(2), BigInt(secret).toString(), attestation.salt.toString()]) expect(printed).not.toContain(text);
  });
});

describe('privacy', () => {
  test('behavior: nothing of the positions is in the proof, nor in anything that was printed on the way, errors included', async () => {
    await run(['wallet', INSOLVENT, '--recorded', 'morpho-depeg', '--save', file('portfolio.json'), '--quiet']);
    runs.pop();
    const attestation = parseAttestation(readFileSync(file('attestation.json'), 'utf8'));
    const secrets = secretsOf(attestation, parsePortfolio(readFileSync(file('portfolio.json'), 'utf8')));
    const shown = [readFileSync(file('proof.json'), 'utf8'), ...runs.flatMap(({ stdout, stderr }) => [stdout, stderr])].join('\n').toLowerCase();
    expect(secrets.length).toBeGreaterThan(15);
    expect(secrets.filter((text) => shown.includes(text))).toEqual([]);
    // The search finds what it looks for.
    const plain = readFileSync(file('attestation.json'), 'utf8').toLowerCase() + readFileSync(file('portfolio.json'), 'utf8').toLowerCase();
    expect(secrets.filter((text) => plain.includes(text)).length).toBeGreaterThan(10);
  });
});

/** Every amount, price, asset, account, wallet, market and protocol of a wallet, in each way that it could be written. */
function secretsOf(attestation: Attestation, portfolio: ReturnType<typeof parsePortfolio>): readonly string[] {
  const rows = attestation.rows.flatMap((row) => [row.amount, row.price, packRow(row)]);
  const numbers = [...rows, attestation.account, attestation.commitment, ...attestation.units.map((unit) => marketId(unit.market))];
  const legs = portfolio.accounts.flatMap((account) => account.legs);
  const texts = [
    ...numbers.flatMap((value) => [value.toString(), value.toString(16)]),
    ...legs.flatMap((leg) => [leg.amount, leg.asset, leg.symbol, leg.asset.split(':').at(-1) ?? '']),
    ...portfolio.owners,
    ...portfolio.accounts.map((account) => account.id),
    ...portfolio.markets.flatMap((market) => [market.market, market.label, market.protocol, market.rule, market.deployment]),
  ];
  return [...new Set(texts.map((text) => text.toLowerCase().replace(/^0x/, '')).filter((text) => text.length >= 4))];
}
