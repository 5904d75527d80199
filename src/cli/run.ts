import { Command, CommanderError } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { isPlimsollError, PlimsollError } from '../core/errors.ts';
import { addAttestCommand } from './commands/attest.ts';
import { addAttestorCommand } from './commands/attestor.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addKeysCommand } from './commands/keys.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addProtocolsCommand } from './commands/protocols.ts';
import { addProveCommand } from './commands/prove.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addScanCommand } from './commands/scan.ts';
import { addServeCommand } from './commands/serve.ts';
import { addSyncCommand } from './commands/sync.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { addWalletCommand } from './commands/wallet.ts';
import { addWorkerCommand } from './commands/worker.ts';
import { createConsole } from './console.ts';
import { EXIT } from './exit.ts';
import { plain } from './render/format.ts';

/** Runs the program with the process's arguments; sets the exit code and never throws. */
export async function runCli(argv: readonly string[]): Promise<void> {
  const program = new Command('plimsoll')
    .description("One wallet's solvency across lending, perp and option protocols.")
    .option('--json', 'print one JSON document on stdout')
    .option('--quiet', 'no progress on stderr');
  const console = createConsole(
    () => program.opts<{ json?: boolean }>().json === true,
    () => program.opts<{ quiet?: boolean }>().quiet === true,
  );
  const config = (): Config => readConfig();
  addWalletCommand(program, config, console);
  addPlanCommand(program, config, console);
  addScanCommand(program, config, console);
  addSyncCommand(program, config, console);
  addWorkerCommand(program, config, console);
  addServeCommand(program, config, console);
  addReplayCommand(program, console);
  addAttestCommand(program, config, console);
  addProveCommand(program, config, console);
  addVerifyCommand(program, config, console);
  addAttestorCommand(program, console);
  addKeysCommand(program, console);
  addProtocolsCommand(program, console);
  addDoctorCommand(program, config, console);
  const commands = descendantsOf(program);
  for (const command of [program, ...commands]) command.exitOverride().configureOutput({ outputError: () => {} });
  // --json and --quiet may stand before or after the command's name.
  for (const command of commands)
    command
      .option('--json', 'print one JSON document on stdout')
      .option('--quiet', 'no progress on stderr')
      .hook('preAction', (_, action) => adopt(program, action));
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    report(error, argv, console.exit);
  }
}

function descendantsOf(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...descendantsOf(child)]);
}

function adopt(program: Command, action: Command): void {
  const flags = action.opts<{ json?: boolean; quiet?: boolean }>();
  if (flags.json === true) program.setOptionValue('json', true);
  if (flags.quiet === true) program.setOptionValue('quiet', true);
}

function report(error: unknown, argv: readonly string[], exit: (code: number) => void): void {
  if (error instanceof CommanderError && error.exitCode === 0) return;
  const failure = asPlimsollError(error);
  if (argv.includes('--json')) {
    const { code, message, retryable, fields } = failure;
    process.stdout.write(`${JSON.stringify({ error: { code, message, retryable, fields } }, null, 2)}\n`);
  }
  process.stderr.write(`plimsoll: ${plain(failure.message)}\n`);
  exit(error instanceof CommanderError ? EXIT.usage : failure.exitCode);
}

function asPlimsollError(error: unknown): PlimsollError {
  if (isPlimsollError(error)) return error;
  if (error instanceof CommanderError) return new PlimsollError('INVALID_ARGUMENT', `${error.message.replace(/^error: /, '').replaceAll(/\s+/g, ' ')} Run "plimsoll --help".`);
  return new PlimsollError('INTERNAL', `An unexpected failure: ${error instanceof Error ? error.message : 'unknown'}. Please report it.`);
}
