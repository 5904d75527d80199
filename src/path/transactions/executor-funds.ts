import type { TokenGain, TokenUse } from '../../core/call.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { max, min } from '../../core/fixed-point.ts';
import type { Address } from '../../core/ids.ts';
import type { ExecutionOutput } from './executor-calldata.ts';

/**
 * The tokens that an executor holds while a plan runs, raw units. Swaps count with their minimum outputs, as the planner counts them: what they bring beyond that goes to the owner.
 */
export class ExecutorFunds {
  /** By the rules' computation. */
  readonly #held = new Map<Address, bigint>();
  readonly #lowest = new Map<Address, bigint>();
  /** Head-room of payments: what they may take beyond that. */
  readonly #headRoom = new Map<Address, bigint>();
  /** What protocols' rounding may have lost on the way in; and what of it no swap has been reduced for. */
  readonly #loss = new Map<Address, bigint>();
  readonly #uncovered = new Map<Address, bigint>();

  /** What loans will take back, fees included. */
  readonly #owed = new Map<Address, bigint>();

  /** A loan arrives; `due` is what goes back in the end, fee included. */
  borrow(token: Address, amount: bigint, due: bigint): void {
    this.#owed.set(token, (this.#owed.get(token) ?? 0n) + due);
    this.move(token, amount);
  }

  /** All loans go back. */
  giveBack(): void {
    for (const [token, due] of this.#owed) this.move(token, -due);
    this.#owed.clear();
  }

  /** Tokens come in, or go out (negative). */
  move(token: Address, amount: bigint): void {
    const held = (this.#held.get(token) ?? 0n) + amount;
    this.#held.set(token, held);
    this.#lowest.set(token, min(this.#lowest.get(token) ?? 0n, held));
  }

  pay({ token, expected, most }: TokenUse): void {
    this.#headRoom.set(token, (this.#headRoom.get(token) ?? 0n) + most - expected);
    this.move(token, -expected);
  }

  receive({ token, expected, least }: TokenGain): void {
    for (const loss of [this.#loss, this.#uncovered]) loss.set(token, (loss.get(token) ?? 0n) + expected - least);
    this.move(token, expected);
  }

  /** The amount that a swap of `amountIn` is made with: less by what rounding may have lost, where nothing else covers it. */
  sell(token: Address, amountIn: bigint): bigint {
    const loss = this.#uncovered.get(token) ?? 0n;
    const left = max((this.#held.get(token) ?? 0n) - (this.#owed.get(token) ?? 0n) - amountIn, 0n);
    const reduced = max(loss - left, 0n);
    this.#uncovered.set(token, loss - reduced);
    this.move(token, -(amountIn - reduced));
    return amountIn - reduced;
  }

  /**
   * What has to come from the owner's wallet, so that no balance falls below 0; with head-room where payments come out of it, as far as the wallet is known to hold it.
   *
   * @param cashOf what the wallet holds, raw units; null where that is not known
   * @throws {InvalidArgument} where the wallet is known to hold less
   */
  listPulls(cashOf: (token: Address) => bigint | null): ReadonlyMap<Address, bigint> {
    const pulls = new Map<Address, bigint>();
    for (const [token, lowest] of this.#lowest) {
      const end = this.#held.get(token) ?? 0n;
      const needed = max(-lowest, max((this.#uncovered.get(token) ?? 0n) - end, 0n));
      if (needed === 0n) continue;
      const wished = needed + (this.#headRoom.get(token) ?? 0n);
      const cash = cashOf(token);
      if (cash !== null && cash < needed) {
        throw new InvalidArgument(
          `The plan needs ${needed} raw units of ${token} from the wallet, which holds ${cash}: rounding on the way through the executor may take that much. Keep a few units there.`,
        );
      }
      pulls.set(token, max(needed, min(wished, cash ?? wished)));
    }
    return pulls;
  }

  /** Every token that passed through, with the least of it that is left in the end. */
  listOutputs(pulls: ReadonlyMap<Address, bigint>): readonly ExecutionOutput[] {
    return [...this.#held].map(([token, held]) => ({
      token,
      minimum: max(held + (pulls.get(token) ?? 0n) - (this.#headRoom.get(token) ?? 0n) - (this.#loss.get(token) ?? 0n), 0n),
    }));
  }
}
