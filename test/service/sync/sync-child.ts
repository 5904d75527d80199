import process from 'node:process';
import { holderName, syncBook } from '../../../src/service/sync/sync-book.ts';
import { type DatabaseLocation, openDatabase } from '../../../src/store/open-database.ts';
import { openSync } from './syncing.ts';

/** A process of its own that synchronises once and prints what became of it, to be killed at any moment. Arguments: endpoint, `postgres` or `embedded`, address or folder. */
const [url = '', kind, place = ''] = process.argv.slice(2);
const location: DatabaseLocation = kind === 'postgres' ? { kind, url: place } : { kind: 'embedded', folder: place };
const database = openDatabase(location);
const { options } = openSync(database, { url, holder: kind === 'postgres' ? 'successor' : holderName(database) });
const [result] = await syncBook(options);
await database.close();
process.stdout.write(
  JSON.stringify({
    status: result?.status,
    mode: result?.mode,
    requests: result?.requests,
    rowsRead: result?.rowsRead,
    accountsChanged: result?.accountsChanged,
    gaps: result?.gaps.map((gap) => gap.code),
  }),
);
