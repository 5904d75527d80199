import { type Command, Option } from 'commander';
import type { Config } from '../../config.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { type ProofBundle, parseBundle } from '../../proof/bundle.ts';
import { unpackClaim } from '../../proof/claim.ts';
import { parsePolicy, policyTemplate } from '../../proof/policy-file.ts';
import { claimText, scopeText, type Verification } from '../../proof/verify.ts';
import { readText } from '../../service/proof/private-file.ts';
import { askRegistry, verifyProof } from '../../service/proof/verify-proof.ts';
import type { Console } from '../console.ts';
import { EXIT } from '../exit.ts';
import { readAddress } from './flags.ts';

interface VerifyFlags {
  readonly policy?: string;
  readonly template: boolean;
  readonly spent?: string;
  readonly at?: string;
  readonly keys?: string;
  readonly rpc?: string;
  readonly registry?: string;
  readonly purpose: 'breach' | 'solvent';
}

/** `plimsoll verify`: the whole policy, off chain by a policy file, or as SolvencyRegistry sees it. */
export function addVerifyCommand(program: Command, config: () => Config, console: Console): void {
  program
    .command('verify')
    .description('judge a proof: by a policy file without network, or as a SolvencyRegistry on chain would')
    .argument('<proof>', 'proof.json')
    .option('--policy <file>', 'what is accepted: attestors, coverage, consumer, claim, scope, age …')
    .option('--template', 'print a policy that accepts this proof, to be checked and changed line by line', false)
    .option('--spent <file>', 'a list of what was counted: refuses what stands there, and adds this proof if it is accepted')
    .option('--at <time>', 'judge at this moment instead of now, as in 2026-03-24T00:05:00Z (proofs over recorded data)')
    .option('--keys <folder>', 'verification keys with their manifest (the shipped development keys where absent)')
    .option('--rpc <url>', 'with --registry: ask the contract instead')
    .option('--registry <address>', 'the SolvencyRegistry')
    .addOption(new Option('--purpose <purpose>', 'with --registry: what it is submitted as').choices(['breach', 'solvent']).default('breach'))
    .action(async (file: string, flags: VerifyFlags) => {
      const bundle = parseBundle(await readText(file));
      if (flags.template) return console.output(JSON.parse(policyTemplate(bundle)), () => policyTemplate(bundle));
      if (flags.rpc !== undefined || flags.registry !== undefined) return verifyOnChain(bundle, flags, console);
      return verifyByPolicy(bundle, flags, { config: config(), console });
    });
}

async function verifyOnChain(bundle: ProofBundle, flags: VerifyFlags, console: Console): Promise<void> {
  if (flags.rpc === undefined || flags.registry === undefined) throw new InvalidArgument('--rpc and --registry belong together.');
  const verdict = await askRegistry({ bundle, rpcUrl: flags.rpc, registry: readAddress('--registry', flags.registry), purpose: flags.purpose });
  console.output({ ...verdict }, () => (verdict.accepted ? `Accepted by the registry for ${bundle.consumer}.\n` : `REFUSED by the registry: ${verdict.reason}.\n`));
  console.exit(verdict.accepted ? EXIT.ok : EXIT.refused);
}

async function verifyByPolicy(bundle: ProofBundle, flags: VerifyFlags, { config, console }: { readonly config: Config; readonly console: Console }): Promise<void> {
  if (flags.policy === undefined) throw new InvalidArgument('Say what is accepted: --policy <file>, or --rpc and --registry. plimsoll verify <proof> --template prints a policy to start from.');
  const policy = parsePolicy(flags.policy, await readText(flags.policy));
  const verification = await verifyProof({
    bundle,
    policy,
    now: momentOf(flags, policy.allowDevelopment),
    keys: flags.keys ?? null,
    spent: flags.spent ?? null,
    environment: { production: config.production, allowDevelopment: policy.allowDevelopment },
  });
  const { accepted, checks } = verification;
  console.output({ accepted, checks: checks.map((check) => ({ ...check })) }, () => render(bundle, verification, flags.spent));
  console.exit(accepted ? EXIT.ok : EXIT.refused);
}

function momentOf(flags: VerifyFlags, allowDevelopment: boolean): number {
  if (flags.at === undefined) return Math.floor(Date.now() / 1000);
  if (!allowDevelopment) throw new InvalidArgument('--at judges by another clock, which only a policy with allowDevelopment takes.');
  const milliseconds = Date.parse(flags.at);
  if (Number.isNaN(milliseconds)) throw new InvalidArgument(`--at "${flags.at}" is not a time. Write it as 2026-03-24T00:05:00Z.`);
  return Math.floor(milliseconds / 1000);
}

function render(bundle: ProofBundle, { accepted, checks }: Verification, spent: string | undefined): string {
  const claim = `${claimText(unpackClaim(bundle.signals.claim))}; ${scopeText(bundle.signals.scope)}`;
  return [
    accepted ? `ACCEPTED: ${claim}.` : `REFUSED: the proof claims ${claim}, and is not accepted.`,
    ...checks.map(({ rule, holds, finding }) => `  ${holds ? '✓' : '✗'} ${rule.padEnd(10)} ${finding}`),
    ...(spent === undefined ? ['  Nothing was counted: without --spent the same breach can be shown again.'] : []),
    '',
  ].join('\n');
}
