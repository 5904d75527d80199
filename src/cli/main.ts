#!/usr/bin/env node
import { EXIT } from './exit.ts';
import { describeOldNode } from './node-version.ts';

const tooOld = describeOldNode(process.versions.node);
if (tooOld === null) {
  // Not before the version is known: what an older Node lacks is missed while modules are loaded.
  const { runCli } = await import('./run.ts');
  await runCli(process.argv);
} else {
  process.stderr.write(`plimsoll: ${tooOld}\n`);
  process.exitCode = EXIT.usage;
}
