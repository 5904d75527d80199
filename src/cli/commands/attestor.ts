import { type Command, Option } from 'commander';
import { toChecksum } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import { parseAttestation } from '../../proof/attestation.ts';
import { hashSecret } from '../../proof/commitment.ts';
import { type AttestorName, createAttestorKey, nameAttestor, readAttestorKey, signEnrolment } from '../../service/proof/attestor.ts';
import { readOrCreateSecret, readSecret } from '../../service/proof/holder-secret.ts';
import { readText } from '../../service/proof/private-file.ts';
import type { Console } from '../console.ts';
import { readAddress, readChainId } from './flags.ts';

interface EnrolFlags {
  readonly keyFile: string;
  readonly secretFile: string;
  readonly chainId: string;
  readonly consumer: string;
  readonly borrower: string;
}

/** `plimsoll attestor`: keys, secrets and enrolment. Keys and secrets stay in files; none is printed or taken as an argument. */
export function addAttestorCommand(program: Command, console: Console): void {
  const attestor = program.command('attestor').description("an attestor's keys, a holder's secret, and the enrolment of accounts with consumers");

  attestor
    .command('create')
    .description('make a key in a new file')
    .argument('<file>', 'where to keep it; only its owner may read it')
    .addOption(new Option('--kind <kind>', 'eddsa signs inside proofs (attested); secp256k1 signs commitments and enrolments').choices(['eddsa', 'secp256k1']).default('eddsa'))
    .option('--dev', 'may sign files and recorded data; nobody should trust it', false)
    .action(async (file: string, flags: { kind: AttestorName['kind']; dev: boolean }) => {
      const name = await createAttestorKey(file, { kind: flags.kind, class: flags.dev ? 'dev' : 'production' });
      console.output({ file, ...name }, () => `Made ${file}.\n${textOf(name)}`);
    });

  attestor
    .command('show')
    .description('name the attestor of a key, as verifiers list it')
    .argument('<file>', 'the key file')
    .action(async (file: string) => {
      const name = nameAttestor(await readAttestorKey(file));
      console.output({ ...name }, () => textOf(name));
    });

  attestor
    .command('secret')
    .description("print the hash of a holder's secret, for an attestor that must not see the secret")
    .argument('<file>', 'the secret file; made where it is missing')
    .action(async (file: string) => {
      const { secret, isNew } = await readOrCreateSecret(file);
      if (isNew) console.progress(`Made a new secret in ${file}. Keep it: every later attestation of this account needs it.`);
      const secretHash = hashSecret(secret).toString();
      console.output({ file, secretHash }, () => `${secretHash}\n`);
    });

  attestor
    .command('enrol')
    .description("sign which of a consumer's borrowers an account is, when the loan opens")
    .argument('<attestation>', 'attestation.json of the account')
    .requiredOption('--key-file <file>', 'a secp256k1 key')
    .requiredOption('--secret-file <file>', "the holder's secret")
    .requiredOption('--chain-id <number>', 'the chain of the consumer')
    .requiredOption('--consumer <address>', 'the contract that lends')
    .requiredOption('--borrower <address>', 'its borrower')
    .action(async (file: string, flags: EnrolFlags) => {
      const enrolment = signEnrolment({
        attestation: parseAttestation(await readText(file)),
        secret: await readSecret(flags.secretFile),
        key: await readAttestorKey(flags.keyFile),
        chainId: readChainId('--chain-id', flags.chainId),
        consumer: readAddress('--consumer', flags.consumer),
        borrower: readAddress('--borrower', flags.borrower),
      });
      console.output(encodeJson(enrolment), () => `accountRef ${enrolment.accountRef}\nsigner ${toChecksum(enrolment.signer)}\nsignature ${enrolment.signature}\n`);
    });
}

function textOf({ kind, class: keyClass, id }: AttestorName): string {
  return `${kind === 'eddsa' ? 'attestor' : 'signer'} ${kind === 'eddsa' ? id : toChecksum(id)} (${kind}, ${keyClass})\n`;
}
