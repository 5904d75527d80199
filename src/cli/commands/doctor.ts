import Table from 'cli-table3';
import type { Command } from 'commander';
import { type Config, isLive, VARIABLES } from '../../config.ts';
import { encodeJson } from '../../core/json.ts';
import { type Diagnosis, diagnose } from '../../service/diagnose.ts';
import type { Console } from '../console.ts';
import { EXIT } from '../exit.ts';

/** `plimsoll doctor`: what is configured, reachable, stale. */
export function addDoctorCommand(program: Command, config: () => Config, console: Console): void {
  program
    .command('doctor')
    .description('what is configured, reachable, stale, and what each setting adds')
    .action(async () => {
      const settings = config();
      console.progress(isLive(settings) ? 'Asking every configured source' : 'Nothing live is configured: asking the recorded data');
      const diagnosis = await diagnose(settings);
      console.output(encodeJson(diagnosis), () => renderDiagnosis(diagnosis));
      console.exit(diagnosis.sources.length > 0 && diagnosis.sources.every((source) => source.status === 'unreachable') ? EXIT.unreachable : EXIT.ok);
    });
}

function renderDiagnosis(diagnosis: Diagnosis): string {
  const table = new Table({ head: ['source', 'status', 'block', 'age', 'note'], style: { head: [], border: [] }, wordWrap: true, colWidths: [34, 17, 12, 9, 56] });
  for (const source of diagnosis.sources) {
    table.push([source.label, source.status, source.block ?? '', source.ageSeconds === null ? '' : `${source.ageSeconds} s`, source.note]);
  }
  const settings = VARIABLES.map(([name, meaning]) => `  ${name.padEnd(26)} ${meaning}`);
  return [`mode: ${diagnosis.mode}`, `Node ${diagnosis.node}`, table.toString(), 'Settings (environment):', ...settings, ''].join('\n');
}
