/**
 * Why a screen passes over nobody. Let an account be liquidatable by its rule at a second of the window, and let its n terms have the amounts a', prices p
 * and weights w of the rule's exposure then. By the contract of {@link Screening}
 *
 *     Σ a'·p·(w − cut) over collateral  <  Σ a'·p·w over debt + 2·n·q.                                                             (1)
 *
 * The columns hold for each term an amount x, and the table a weight T, so that x·T ≤ a'·p·(w − cut) for collateral and x·|T| ≥ a'·p·w for debt, with 2·n·q
 * on top of one debt term, and another share of {@link BAND} on top of all debt. Hence S = Σ x·T ≤ −BAND · D in exact arithmetic, with D = Σ x·|T| over debt.
 *
 * Growth. A term's amount a was read at an earlier second, as a = r·G + ε with |ε| ≤ 1 raw unit; now it is a' = r·G' + ε'. Let g = G'/G. The slot's yardstick,
 * an account with the amount A, shows g as A'/A, which is off by at most (1 + g)/A; so a·(A'/A) is off from a' by at most (1 + g)·(1 + a/A) raw units. An
 * account is at most twice its slot's yardstick, or becomes it; whenever a yardstick follows another it is more than twice as large, so over all of them
 * a/A adds up to at most 2 + 1 + 1/2 + … = 4, and the error to 5·(1 + g). {@link UNITS} raw units, taken from collateral and put on debt when the amount is
 * read, are worth 16·g units now: enough as long as g ≥ 5/11, that is always, since nothing shrinks but when a clock is turned back.
 *
 * Time. A window has two ends: collateral weighs as at its beginning, debt as at its end. Growth never shrinks, so both are on the safe side between them.
 *
 * Slack. 2·n·q is put on a debt term in raw units, {@link SLACK} times over at the price of that moment. Once the debt's price has fallen against q by more
 * than {@link FALL} the accounts of its market are read again; until then the slack is worth 1.28 · 2·n·q at least.
 *
 * Floats. An amount, a price, a weight and an index are each rounded once to 2⁻⁵³ of themselves; x and T take fewer than ten operations, each as exact, and
 * the sum n − 1 more after n products. So |S̃ − S| ≤ (n + 12)·2⁻⁵³·Σ|x·T|. Where the account is liquidatable, collateral is less than D, so Σ|x·T| ≤ 2·D
 * and the error is at most 2.3e-16·(n + 12)·D: 3·10⁶ legs would not use up BAND. S̃ < 0, and the account is flagged. An overflow gives a NaN or an infinity with
 * the sign of what overflowed; a NaN is flagged; a weight too small for full precision ({@link LEAST_WEIGHT}) is not used, and its holders are flagged.
 *
 * There is no drift: a tick does not add to sums, it adds up again, by the same kernel that screens all, the blocks that what moved can have brought below
 * 0 (margins.ts) or that hold it.
 */
export const BAND = 1e-9;

/** Raw units of rounding that every amount is put on the safe side by. */
export const UNITS = 16;

/** How many times over the rounding of values is put on an account's debt. */
export const SLACK = 128;

/** After such a fall of a debt's price the slack is put on anew. */
export const FALL = 100;

/** Smaller weights have lost digits, or their products would: 2⁻¹⁰²² is the least number of full precision. */
export const LEAST_WEIGHT = 1e-290;
