import { EVENT_CHANNEL } from '../../store/events.ts';
import type { Sealer } from '../../store/seal.ts';
import type { DeliveryOutcome } from '../../store/webhooks.ts';
import { type DeliverOptions, startDeliveries } from '../alerts/deliver-events.ts';
import { keepHouse } from './housekeeping.ts';
import type { RoleContext, RunningRole, StartRole } from './role.ts';
import { RoleTally } from './role-tally.ts';
import { createWaker } from './waker.ts';

/** What delivering has besides the configuration. */
export interface NotifyRoleOptions {
  readonly sealer: Sealer;
  /** How receivers are reached; a test lets its own machine be one. */
  readonly webhook?: DeliverOptions['webhook'];
}

/** Deliveries that are under way at once. */
const MOST = 64;
/** Milliseconds after which it is looked again, heard of or not: repetitions come due, and what was announced while a connection was lost. */
const LOOK_MS = 2_000;
/** Milliseconds between two looks whether the house is to be kept. */
const HOUSE_LOOK_MS = 600_000;

/** Makes the role that delivers events to their subscribers, and keeps house now and then. */
export function notifyRole(options: NotifyRoleOptions): StartRole {
  return async (context) => startNotify(context, options);
}

async function startNotify(context: RoleContext, { sealer, webhook }: NotifyRoleOptions): Promise<RunningRole> {
  const { database, surroundings } = context;
  const { clock, random } = surroundings;
  const tally = new RoleTally('notify', context);
  const stopping = new AbortController();
  const waker = createWaker(clock);

  const options: Omit<DeliverOptions, 'most'> = { database, sealer, now: () => Math.floor(clock.now() / 1000), random, ...(webhook === undefined ? {} : { webhook }) };
  const underWay = new Set<Promise<void>>();

  async function deliver(): Promise<void> {
    while (!stopping.signal.aborted) {
      await begin().catch((error: unknown) => tally.failed(error));
      await waker.wait(LOOK_MS, stopping.signal);
    }
    await Promise.all(underWay);
  }

  async function begin(): Promise<void> {
    if (underWay.size >= MOST) return;
    for (const attempt of await startDeliveries({ ...options, most: MOST - underWay.size })) follow(attempt);
    tally.succeeded(null);
  }

  /** Whatever ends makes room for more. */
  function follow(attempt: Promise<DeliveryOutcome>): void {
    const ended = attempt.then(told, (error: unknown) => void tally.failed(error));
    underWay.add(ended);
    void ended.then(() => {
      underWay.delete(ended);
      waker.wake();
    });
  }

  function told({ kind }: DeliveryOutcome): void {
    if (kind !== 'delivered') tally.noted('SOURCE_UNREACHABLE');
  }

  async function keep(): Promise<void> {
    while (!stopping.signal.aborted) {
      await keepHouse(context).catch((error: unknown) => tally.failed(error));
      await clock.sleep(HOUSE_LOOK_MS, stopping.signal);
    }
  }

  // Heard or not, it is looked every few seconds: a database that cannot listen now is no reason to deliver nothing.
  const deaf = await database.listen(EVENT_CHANNEL, () => waker.wake()).catch((error: unknown) => void tally.failed(error));
  const running = [deliver(), keep()];
  return {
    health: () => tally.health(),
    async stop() {
      stopping.abort();
      await Promise.all(running);
      await deaf?.().catch(() => {});
    },
  };
}
