import process from 'node:process';
import { Registry } from 'prom-client';
import { readConfig } from '../../../src/config.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { holderName } from '../../../src/service/sync/sync-book.ts';
import { startWatch, type WatchSettings } from '../../../src/service/workers/watch/watch-role.ts';
import { openDatabase } from '../../../src/store/open-database.ts';

/** A process of its own that watches, to be killed or stopped at any moment. Arguments: address of the database, settings as JSON. It says its holder's name on stdout. */
const [url = '', settings = '{}'] = process.argv.slice(2);
const database = openDatabase({ kind: 'postgres', url, options: { connections: 4, idleMs: 3_000 } });
const holder = holderName(database);
const context = { config: readConfig({ DATABASE_URL: url }), database, holder, surroundings: MACHINE, registry: new Registry(), log: (line: string) => process.stderr.write(`${line}\n`) };
const role = await startWatch(context, JSON.parse(settings) as WatchSettings);
process.stdout.write(`${holder}\n`);
process.once('SIGTERM', () => {
  void role
    .stop()
    .then(() => database.close())
    .then(() => process.exit(0));
});
