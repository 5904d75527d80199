import { type Command, Option } from 'commander';
import type { Config } from '../../config.ts';
import { InvalidArgument, InvalidFile } from '../../core/errors.ts';
import { parseChain } from '../../core/ids.ts';
import { type Attestation, formatAttestation, parseAttestation } from '../../proof/attestation.ts';
import { hashSecret } from '../../proof/commitment.ts';
import { FIELD_MODULUS } from '../../proof/field.ts';
import { getInstance, INSTANCES } from '../../proof/instances.ts';
import { type AttestWalletRequest, attestWallet } from '../../service/proof/attest-wallet.ts';
import { nameAttestor, readAttestorKey } from '../../service/proof/attestor.ts';
import { readOrCreateSecret } from '../../service/proof/holder-secret.ts';
import { createPrivate, readText } from '../../service/proof/private-file.ts';
import type { Console } from '../console.ts';
import { readSeconds } from './flags.ts';

interface AttestFlags {
  readonly keyFile: string;
  readonly secretFile?: string;
  readonly secretHash?: string;
  readonly out: string;
  readonly ledger?: string;
  readonly maxAge?: string;
  readonly instance?: string;
  readonly cosign?: string;
  readonly chain?: string[];
  readonly deployment?: string[];
  readonly recorded?: string;
}

/** `plimsoll attest`: reads a wallet for itself and vouches for it. Nothing that is printed holds a position. */
export function addAttestCommand(program: Command, config: () => Config, console: Console): void {
  program
    .command('attest')
    .description('read a wallet at final blocks, from two endpoints that agree, and vouch for it: the private input of a proof')
    .argument('<wallet>', 'address; with a key marked dev also portfolio.json')
    .requiredOption('--key-file <file>', "the attestor's key (plimsoll attestor create)")
    .option('--secret-file <file>', "the holder's secret; made where it is missing")
    .option('--secret-hash <number>', "instead of the secret: its hash, where the holder keeps the secret ('plimsoll attestor secret')")
    .option('--out <file>', 'where to write the attestation; it holds positions, so only its owner may read it', 'attestation.json')
    .option('--ledger <file>', "the attestor's list of secret hashes, one for each account (beside the key where absent)")
    .option('--max-age <seconds>', 'greatest age of the oldest block (default 1800)')
    .addOption(new Option('--instance <circuit>', 'the circuit (the smallest that fits where absent)').choices(INSTANCES.map((instance) => instance.id)))
    .option('--cosign <file>', "another attestor's attestation: read the same blocks, and sign it as well where all is equal")
    .option('--chain <chain...>', 'only these chains (CAIP-2 or number)')
    .option('--deployment <id...>', 'only these deployments, as in aave-v3/1/core (all where absent); the coverage says so')
    .option('--recorded <name>', 'read this recorded data set (with a key marked dev)')
    .action(async (subject: string, flags: AttestFlags) => {
      const request = await readRequest(subject, flags, console);
      console.progress(subject.endsWith('.json') ? 'Opening the Portfolio' : 'Reading the wallet');
      const attestation = await attestWallet(request, config());
      if (!(await createPrivate(flags.out, formatAttestation(attestation))))
        throw new InvalidFile(`${flags.out} is there already and is not overwritten. Choose another name with --out.`, { file: flags.out });
      console.progress(`Saved ${flags.out}: it holds the positions in plain; keep it as private as the secret.`);
      const summary = summarize(attestation, request, flags.out);
      console.output(summary, () => render(summary));
    });
}

async function readRequest(subject: string, flags: AttestFlags, console: Console): Promise<AttestWalletRequest> {
  const key = await readAttestorKey(flags.keyFile);
  const cosign = flags.cosign === undefined ? undefined : parseAttestation(await readText(flags.cosign));
  return {
    subject,
    key,
    secretHash: cosign?.secretHash ?? (await readSecretHash(flags, console)),
    ledger: flags.ledger ?? `${flags.keyFile}.ledger.json`,
    ...(cosign === undefined ? {} : { cosign }),
    ...(flags.maxAge === undefined ? {} : { maxAgeSeconds: readSeconds('--max-age', flags.maxAge) }),
    ...(flags.instance === undefined ? {} : { instance: getInstance(flags.instance).id }),
    ...(flags.chain === undefined ? {} : { chains: flags.chain.flatMap((entry) => entry.split(',')).map(parseChain) }),
    ...(flags.deployment === undefined ? {} : { deployments: flags.deployment.flatMap((entry) => entry.split(',')) }),
    ...(flags.recorded === undefined ? {} : { recorded: flags.recorded }),
  };
}

async function readSecretHash(flags: AttestFlags, console: Console): Promise<bigint> {
  if ((flags.secretFile === undefined) === (flags.secretHash === undefined)) throw new InvalidArgument('Give either --secret-file, or --secret-hash where the holder keeps the secret.');
  if (flags.secretHash !== undefined) {
    if (!/^[0-9]{1,78}$/.test(flags.secretHash) || BigInt(flags.secretHash) >= FIELD_MODULUS) throw new InvalidArgument('--secret-hash is the number that plimsoll attestor secret prints.');
    return BigInt(flags.secretHash);
  }
  const path = flags.secretFile ?? '';
  const { secret, isNew } = await readOrCreateSecret(path);
  if (isNew) console.progress(`Made a new secret in ${path}. Keep it: every later attestation of this account needs it.`);
  return hashSecret(secret);
}

interface Summary {
  readonly [key: string]: string | number | null;
}

/** What may be shown: nothing of the positions, not even how many there are. */
function summarize(attestation: Attestation, { key }: AttestWalletRequest, file: string): Summary {
  const signers = attestation.signature.kind === 'eddsa' ? 1 : attestation.signature.signatures.length;
  return { file, class: attestation.class, instance: attestation.instance, attestor: nameAttestor(key).id, signers, snapshot: attestation.snapshot, recorded: attestation.recorded };
}

function render(summary: Summary): string {
  const clock = summary['recorded'] === null ? '' : ' by the recorded clock';
  return [
    `Attested for ${String(summary['instance'])}, ${String(summary['class'])}, by ${String(summary['signers'])} attestor(s), as of ${new Date(Number(summary['snapshot']) * 1000).toISOString()}${clock}.`,
    `attestor ${String(summary['attestor'])}`,
    '',
  ].join('\n');
}
