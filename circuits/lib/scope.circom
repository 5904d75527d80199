pragma circom 2.1.9;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";

// table[index] of 16 entries by a binary tree of 8 + 4 + 2 + 1 = 15 selections; `index` is proven to be 0..15.
template UnitLookup() {
    signal input table[16];
    signal input index;
    signal output out;

    component indexBits = Num2Bits(4);
    indexBits.in <== index;

    // node[0..7] choose by the lowest bit, node[8..11] by the next, node[12..13], node[14] by the highest.
    signal node[15];
    for (var i = 0; i < 8; i++) {
        node[i] <== table[2 * i] + indexBits.out[0] * (table[2 * i + 1] - table[2 * i]);
    }
    for (var i = 0; i < 4; i++) {
        node[8 + i] <== node[2 * i] + indexBits.out[1] * (node[2 * i + 1] - node[2 * i]);
    }
    for (var i = 0; i < 2; i++) {
        node[12 + i] <== node[8 + 2 * i] + indexBits.out[2] * (node[8 + 2 * i + 1] - node[8 + 2 * i]);
    }
    node[14] <== node[12] + indexBits.out[3] * (node[13] - node[12]);
    out <== node[14];
}

// What the sums are taken over: scope 0 = every row; otherwise the rows of the one account `u`, whose market
// is `scope`, or is not said (scope 1). `single` is 0 for the unified account and 1 for one account.
//
// Hazards:
// - One account must be one that is there: an empty entry of the unit table has no rows, its sums are zero, and a
//   "solvent" claim about it would hold of nothing. So its market must not be zero.
// - `u` is range-checked for scope 0 too, though it selects nothing there.
// - 0 and 1 are no market ids: those are 248 bits of a keccak-256 hash.
template Scope() {
    signal input scope;
    signal input unitTable[16];
    signal input u;
    signal output single;

    component isUnified = IsZero();
    isUnified.in <== scope;
    component isHidden = IsZero();
    isHidden.in <== scope - 1;

    component market = UnitLookup();
    market.table <== unitTable;
    market.index <== u;

    single <== 1 - isUnified.out;

    component isEmpty = IsZero();
    isEmpty.in <== market.out;
    isEmpty.out * single === 0;

    // At most one of isUnified and isHidden is 1, so the left factor is 0 or 1.
    (single - isHidden.out) * (market.out - scope) === 0;
}
