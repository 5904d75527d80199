import type { Answer as Documents } from '../../api/contract/operations.ts';
import { type Answer, requestJson } from './request.ts';

/** A wallet that the service knows from recorded data, with the moments that it was recorded at, the newest last. */
export type RecordedWallet = Documents<'listRecorded'>['wallets'][number];
/** What a service without configuration reads. */
export type Recorded = Documents<'listRecorded'>;

const NONE: Pick<Recorded, 'wallets'> & Partial<Recorded> = { wallets: [] };
let known: Promise<Answer<Recorded>> | null = null;

/** Asks which wallets are recorded, once. */
export function askRecorded(): Promise<Answer<Recorded>> {
  known ??= requestJson('/v1/recorded').then((answer) => {
    if (!answer.ok) known = null;
    return answer.ok ? { ok: true, value: answer.value as Recorded } : answer;
  });
  return known;
}

/** The recorded wallets; none where the service is gone. */
export async function fetchRecorded(): Promise<typeof NONE> {
  const answer = await askRecorded();
  return answer.ok ? answer.value : NONE;
}
