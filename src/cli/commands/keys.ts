import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { InvalidArgument, InvalidFile } from '../../core/errors.ts';
import { encodeJson, type Json } from '../../core/json.ts';
import { getInstance, INSTANCES } from '../../proof/instances.ts';
import { HERMEZ_PTAU } from '../../proof/keys/hermez-ptau.ts';
import { type KeyManifest, parseManifest } from '../../proof/keys/manifest.ts';
import { applyBeacon, type CeremonyLog, contributeToKeys, setUpKeys } from '../../proof/node/ceremony/steps.ts';
import { verifyKeys } from '../../proof/node/ceremony/verify-keys.ts';
import { readText } from '../../service/proof/private-file.ts';
import type { Console } from '../console.ts';

/** Names the compiled circuits of this release. */
const CIRCUITS = fileURLToPath(new URL('../../../circuits/artifacts/manifest.json', import.meta.url));

interface SetupFlags {
  readonly r1cs: string;
  readonly ptau: string;
  readonly out: string;
  readonly circuits: string;
}

interface BeaconFlags {
  readonly source: string;
  readonly hash: string;
  readonly iterations: string;
}

interface VerifyFlags extends SetupFlags {
  readonly wasm: string;
  readonly zkey: string;
}

/** `plimsoll keys`: the ceremony of production keys, step by step. */
export function addKeysCommand(program: Command, console: Console): void {
  const keys = program.command('keys').description('production proving keys: the second phase of a trusted setup, step by step');
  addSetup(keys, console);
  addContribute(keys, console);
  addBeacon(keys, console);
  addVerify(keys, console);
}

function addSetup(keys: Command, console: Console): void {
  keys
    .command('setup')
    .description('start from a compiled circuit and a downloaded Hermez first phase; the key is unsafe until it has contributions')
    .argument('<circuit>', INSTANCES.map(({ id }) => id).join(', '))
    .requiredOption('--r1cs <file>', 'the compiled circuit (npm run circuits)')
    .requiredOption('--ptau <file>', 'powersOfTau28_hez_final_….ptau; its blake2b-512 is checked against the published one')
    .requiredOption('--out <file>', 'the first .zkey of the ceremony')
    .option('--circuits <manifest>', 'names the compiled circuits', CIRCUITS)
    .action(async (circuit: string, flags: SetupFlags) => {
      const { id } = getInstance(circuit);
      const circuits = await readCircuits(flags.circuits);
      console.progress(`Checking ${flags.r1cs} and ${flags.ptau}`);
      const made = await setUpKeys({ instance: id, r1cs: flags.r1cs, ptau: flags.ptau, out: flags.out, circuits, table: HERMEZ_PTAU }, logTo(console));
      console.output(encodeJson(made), () => `Wrote ${made.zkey} from the first phase of power ${made.ptau.power}.\ncircuit hash ${made.circuitHash}\nNext: plimsoll keys contribute ${made.zkey} …\n`);
    });
}

function addContribute(keys: Command, console: Console): void {
  keys
    .command('contribute')
    .description("add a contribution; its secret comes from the system's randomness and exists in this process alone")
    .argument('<from>', 'the .zkey of the one before')
    .argument('<out>', 'the .zkey with the contribution')
    .requiredOption('--name <name>', 'whose it is; it stands in the key')
    .option('--typed', 'also take in a line that is typed', false)
    .action(async (from: string, out: string, flags: { readonly name: string; readonly typed: boolean }) => {
      const typed = flags.typed ? await askLine() : '';
      console.progress(`Contributing to ${from}`);
      const made = await contributeToKeys({ from, out, name: flags.name, typed }, logTo(console));
      console.output(encodeJson(made), () => `Wrote ${made.zkey}, contribution ${made.contributions}.\ncontribution hash ${made.hash}\nPublish the hash, and pass the file on.\n`);
    });
}

function addBeacon(keys: Command, console: Console): void {
  keys
    .command('beacon')
    .description('close the contributions with a value that nobody could know before')
    .argument('<from>', 'the .zkey after the last contribution')
    .argument('<out>', 'the finished .zkey')
    .requiredOption('--source <text>', 'where the value is published, as in "drand round 4242424"')
    .requiredOption('--hash <hex>', 'the value')
    .option('--iterations <n>', 'hash it 2^n times', '20')
    .action(async (from: string, out: string, flags: BeaconFlags) => {
      if (!/^[0-9]{2}$/.test(flags.iterations)) throw new InvalidArgument('--iterations is a whole number from 10 to 63.');
      console.progress(`Applying the beacon to ${from}`);
      const made = await applyBeacon({ from, out, source: flags.source, hash: flags.hash, iterations: Number(flags.iterations) }, logTo(console));
      console.output(encodeJson(made), () => `Wrote ${made.zkey} after ${made.contributions} contributions.\nbeacon hash ${made.hash}\nNext: plimsoll keys verify …\n`);
    });
}

function addVerify(keys: Command, console: Console): void {
  keys
    .command('verify')
    .description('verify the whole ceremony, and write the manifest, vkey.json and the Solidity verifier')
    .argument('<circuit>', INSTANCES.map(({ id }) => id).join(', '))
    .requiredOption('--r1cs <file>', 'the compiled circuit')
    .requiredOption('--wasm <file>', 'its witness program')
    .requiredOption('--ptau <file>', 'the first phase')
    .requiredOption('--zkey <file>', 'the finished key')
    .requiredOption('--out <folder>', 'where the keys are put, for --keys of prove and verify')
    .option('--circuits <manifest>', 'names the compiled circuits', CIRCUITS)
    .action(async (circuit: string, flags: VerifyFlags) => {
      const { id } = getInstance(circuit);
      const circuits = await readCircuits(flags.circuits);
      console.progress(`Verifying ${flags.zkey}`);
      const { r1cs, wasm, ptau, zkey } = flags;
      const verified = await verifyKeys({ instance: id, r1cs, wasm, ptau, zkey, folder: flags.out, circuits, table: HERMEZ_PTAU }, logTo(console));
      console.output(encodeJson(verified), () => {
        const names = verified.entry.contributions.map(({ name, hash }) => `  ${name}: ${hash}`).join('\n');
        return `The key of ${id} is sound. Contributions:\n${names}\nWrote ${verified.files.join('\n      ')}\n`;
      });
    });
}

/** What snarkjs says, without its point counters. */
function logTo(console: Console): CeremonyLog {
  let last = '';
  return (text) => {
    const line = text.replace(/[:,]?\s*[0-9]+\/[0-9]+.*$/s, '').split('\n')[0] ?? '';
    if (line !== last && line.trim() !== '') console.progress(`  ${line.trim()}`);
    last = line;
  };
}

/** Takes a line from the terminal, or from what is piped in; it is neither kept nor printed. */
async function askLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    return await lines.question('Type something at random, then Enter: ');
  } finally {
    lines.close();
  }
}

async function readCircuits(path: string): Promise<KeyManifest> {
  let document: Json;
  try {
    document = JSON.parse(await readText(path)) as Json;
  } catch (cause) {
    throw new InvalidFile(`${path} cannot be read as JSON. Name the manifest of circuits that npm run circuits wrote.`, { file: path }, { cause });
  }
  return parseManifest(document);
}
