import type { Command } from 'commander';
import { encodeJson } from '../../core/json.ts';
import { type ReplayResult, replayLiquidations } from '../../service/replay.ts';
import type { Console } from '../console.ts';
import { instant } from '../render/format.ts';

/** Differences that the text lists. */
const SHOWN = 10;

/** `plimsoll replay`: recorded liquidations, recomputed. */
export function addReplayCommand(program: Command, console: Console): void {
  program
    .command('replay')
    .description("recompute recorded liquidations with the protocol's rule")
    .argument('<file>', 'a CSV with the columns of the recorded Aave v2 liquidations')
    .option('--protocol <protocol>', 'whose rule to use', 'aave-v2')
    .action(async (file: string, flags: { readonly protocol: string }) => {
      console.progress(`Replaying ${file}`);
      const result = await replayLiquidations(file, flags.protocol);
      console.output(encodeJson(result), () => renderReplay(result));
    });
}

function renderReplay(result: ReplayResult): string {
  const lines = [
    `${result.rows} liquidations: ${result.exact} exact, ${result.different} different`,
    `of the exact ones ${result.exactWithinTolerance} were recorded as floats and hold within one part in 1e9 of their amounts`,
  ];
  for (const entry of result.details.slice(0, SHOWN)) {
    lines.push(`  line ${entry.line}  ${instant(entry.timestamp)}  ${entry.collateral} for ${entry.debt}: ${entry.reason}`);
  }
  if (result.details.length > SHOWN) lines.push(`  and ${result.details.length - SHOWN} more (--json lists all)`);
  return `${lines.join('\n')}\n`;
}
