import { type Command, Option } from 'commander';
import type { Config } from '../../config.ts';
import { InvalidFile } from '../../core/errors.ts';
import { type Attestation, parseAttestation } from '../../proof/attestation.ts';
import { formatBundle, type ProofBundle } from '../../proof/bundle.ts';
import { encodeSubmission } from '../../proof/calldata.ts';
import { unpackClaim } from '../../proof/claim.ts';
import type { ProveProgress, ProveStage } from '../../proof/prover/backend.ts';
import { claimText, scopeText } from '../../proof/verify.ts';
import { readSecret } from '../../service/proof/holder-secret.ts';
import { createPrivate, readText } from '../../service/proof/private-file.ts';
import { type ProveWalletRequest, proveWallet } from '../../service/proof/prove-wallet.ts';
import { openProver } from '../../service/proof/prover.ts';
import type { Console } from '../console.ts';
import { readAddress, readChainId, readSeconds } from './flags.ts';

interface ProveFlags {
  readonly secretFile: string;
  readonly statement: 'breach' | 'solvent';
  readonly threshold: string;
  readonly minDeficit?: string;
  readonly scope: string;
  readonly chainId: string;
  readonly consumer: string;
  readonly recipient: string;
  readonly validFor: string;
  readonly keys?: string;
  readonly devKeys: boolean;
  readonly out: string;
  readonly calldata: boolean;
}

const STAGES: Readonly<Record<ProveStage, string>> = { load: 'Loading the keys', witness: 'Computing the witness', prove: 'Proving', done: 'Done' };

/** `plimsoll prove`: a statement about an attested wallet. No network is used; nothing that is printed or written holds a position. */
export function addProveCommand(program: Command, config: () => Config, console: Console): void {
  program
    .command('prove')
    .description('prove a breach, or solvency, over an attestation; without network, and without showing a position')
    .argument('<attestation>', 'attestation.json')
    .requiredOption('--secret-file <file>', "the holder's secret")
    .addOption(new Option('--statement <statement>', 'breach: health below the threshold; solvent: at or above it').choices(['breach', 'solvent']).makeOptionMandatory())
    .option('--threshold <health>', 'health factor, at most six decimals', '1.0')
    .option('--min-deficit <usd>', 'breach: adjusted debt exceeds adjusted collateral by at least this')
    .option('--scope <scope>', 'unified; hidden (one account, not said which); or a market as in eip155:1/aave-v3/0x8787…', 'unified')
    .requiredOption('--chain-id <number>', 'the chain where it counts')
    .requiredOption('--consumer <address>', 'the contract that it is for')
    .requiredOption('--recipient <address>', 'whom it serves: nobody else can use it')
    .option('--valid-for <seconds>', 'until when it can be used', '3600')
    .option('--keys <folder>', 'proving keys with their manifest (the shipped development keys where absent)')
    .option('--dev-keys', 'use development keys: anyone can forge proofs with them, so they count on development chains only', false)
    .option('--out <file>', 'where to write the proof', 'proof.json')
    .option('--calldata', 'print the submission for the contract, ABI-encoded', false)
    .action(async (file: string, flags: ProveFlags) => {
      const settings = config();
      const attestation = parseAttestation(await readText(file));
      const request = await readRequest(attestation, flags, { settings, console });
      const backend = openProver(settings);
      try {
        const bundle = await proveWallet(request, backend);
        if (!(await createPrivate(flags.out, formatBundle(bundle))))
          throw new InvalidFile(`${flags.out} is there already and is not overwritten. Choose another name with --out.`, { file: flags.out });
        const calldata = flags.calldata ? encodeSubmission(bundle) : null;
        console.output({ file: flags.out, class: bundle.class, instance: bundle.instance, claim: claimOf(bundle), scope: scopeText(bundle.signals.scope), deadline: bundle.deadline, calldata }, () =>
          render(bundle, flags.out, { attestation, calldata }),
        );
      } finally {
        await backend.close();
      }
    });
}

async function readRequest(attestation: Attestation, flags: ProveFlags, { settings, console }: { readonly settings: Config; readonly console: Console }): Promise<ProveWalletRequest> {
  // A recorded wallet lives on the recorded clock, where nothing ever expires for real.
  const now = attestation.recorded === null ? Math.floor(Date.now() / 1000) : attestation.createdAt;
  return {
    attestation,
    secret: await readSecret(flags.secretFile),
    statement: flags.statement,
    threshold: flags.threshold,
    minDeficit: flags.minDeficit ?? null,
    scope: flags.scope,
    chainId: readChainId('--chain-id', flags.chainId),
    consumer: readAddress('--consumer', flags.consumer),
    recipient: readAddress('--recipient', flags.recipient),
    deadline: BigInt(now + readSeconds('--valid-for', flags.validFor)),
    keys: flags.keys ?? null,
    environment: { production: settings.production, allowDevelopment: flags.devKeys },
    onProgress: showProgress(console),
  };
}

function showProgress(console: Console): (progress: ProveProgress) => void {
  let shown: ProveStage | null = null;
  return ({ stage, share }) => {
    if (stage === shown) return;
    shown = stage;
    console.progress(`${String(Math.round(share * 100)).padStart(3)} %  ${STAGES[stage]}`);
  };
}

function claimOf(bundle: ProofBundle): string {
  return claimText(unpackClaim(bundle.signals.claim));
}

function render(bundle: ProofBundle, file: string, { attestation, calldata }: { readonly attestation: Attestation; readonly calldata: string | null }): string {
  const until = new Date(bundle.deadline * 1000).toISOString();
  return [
    `Proved: ${claimOf(bundle)}; ${scopeText(bundle.signals.scope)}.`,
    `For ${bundle.consumer} on chain ${bundle.chainId}, to the benefit of ${bundle.recipient}, until ${until}${attestation.recorded === null ? '' : ' by the recorded clock'}.`,
    `Saved ${file} (${bundle.instance}, ${bundle.class}${bundle.class === 'dev' ? ': it proves nothing to anybody' : ''}).`,
    ...(calldata === null ? [] : ['', calldata]),
    '',
  ].join('\n');
}
