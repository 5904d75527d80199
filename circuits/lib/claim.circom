pragma circom 2.1.9;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";
include "./row.circom";

// The claim about C and D: claim = lower (24 bits, ppm) | upper (24 bits, ppm) | minDeficit (64 bits, US cents).
//
//   C * 10^6 >= D * lower
//   C * 10^6 <  D * upper            unless upper = 2^24 - 1 (unbounded)
//   C + minDeficit * 10^32 <= D      where minDeficit > 0
//
// Each is one range check of a difference: an integer below 2^n if and only if the comparison holds. A condition
// that does not apply multiplies its difference by zero.
//
// Widths. With K rows C and D are at most K * rowValueMax(), below 2^222 for K <= 64.
// - lower: the difference is at most C * 10^6, below 2^242; where the comparison fails it is at least -D * lower, above
//   -2^246, which as a field element is above p - 2^246 > 2^253: outside the checked width.
// - upper: at most D * (2^24 - 2) - 1, below 2^246; where it fails at least -C * 10^6 - 1, above -2^242 - 1.
// - deficit: at most D, below 2^222; where it fails at least -C - (2^64 - 1) * 10^32, above -2^223.
//
// Hazards:
// - C and D must be the bounded sums of SideSums; with unbounded inputs every difference could be chosen.
// - The claim is decomposed into exactly 112 bits: a claim of 2^112 or more has no witness.
// - upper = 0 has no witness, and neither has a bounded upper where D = 0.
template Claim(K) {
    signal input claim;
    signal input collateral;
    signal input debt;

    var sumMax = K * rowValueMax();
    var PPM = 10**6;
    var CENT = 10**32;
    var UNBOUNDED = 2**24 - 1;

    component claimBits = Num2Bits(112);
    claimBits.in <== claim;
    var lower = 0;
    var upper = 0;
    var minDeficit = 0;
    for (var i = 0; i < 24; i++) {
        lower += claimBits.out[i] * 2**i;
        upper += claimBits.out[24 + i] * 2**i;
    }
    for (var i = 0; i < 64; i++) {
        minDeficit += claimBits.out[48 + i] * 2**i;
    }

    signal atLower <== debt * lower;
    component lowerHolds = Num2Bits(bitsFor(sumMax * PPM));
    lowerHolds.in <== collateral * PPM - atLower;
    _ <== lowerHolds.out;

    component isUnbounded = IsZero();
    isUnbounded.in <== upper - UNBOUNDED;
    signal atUpper <== debt * upper;
    signal belowUpper <== (1 - isUnbounded.out) * (atUpper - collateral * PPM - 1);
    component upperHolds = Num2Bits(bitsFor(sumMax * (UNBOUNDED - 1)));
    upperHolds.in <== belowUpper;
    _ <== upperHolds.out;

    component asksNoDeficit = IsZero();
    asksNoDeficit.in <== minDeficit;
    signal overDeficit <== (1 - asksNoDeficit.out) * (debt - collateral - minDeficit * CENT);
    component deficitHolds = Num2Bits(bitsFor(sumMax));
    deficitHolds.in <== overDeficit;
    _ <== deficitHolds.out;
}
