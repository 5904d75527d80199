import type { Answer as Documents } from '../../api/contract/operations.ts';
import { requestJson } from './request.ts';

/** A wallet that the service knows from recorded data, with the moments that it was recorded at, the newest last. */
export type RecordedWallet = Documents<'listRecorded'>['wallets'][number];
/** What a service without configuration reads. */
export type Recorded = Documents<'listRecorded'>;

const NONE: Recorded = { mode: 'live', wallets: [] };
let known: Promise<Recorded> | null = null;

/** The recorded wallets, asked for once; none where the service is gone. */
export function fetchRecorded(): Promise<Recorded> {
  known ??= requestJson('/v1/recorded').then((answer) => {
    if (!answer.ok) known = null;
    return answer.ok ? (answer.value as Recorded) : NONE;
  });
  return known;
}
