pragma circom 2.1.9;

include "circomlib/circuits/comparators.circom";

// C and D: amount * price * weight over the selected rows, of side 0 and of side 1. A row is selected where
// `single` is 0, or where its unit is `u`.
//
// Hazards:
// - amount, price, weight and side must already be range-checked (PackedRow): then one row's value is below 2^216,
//   and a sum over K <= 64 rows below 2^222. Unchecked, a product could wrap around the field.
// - `single` must be 0 or 1 (Scope).
template SideSums(K) {
    assert(K <= 64);
    signal input amount[K];
    signal input price[K];
    signal input weight[K];
    signal input unit[K];
    signal input side[K];
    signal input single;
    signal input u;
    signal output collateral;
    signal output debt;

    component isUnit[K];
    signal value[K];
    signal weighted[K];
    signal skipped[K];
    signal selected[K];
    signal owed[K];

    var ownedSum = 0;
    var owedSum = 0;
    for (var i = 0; i < K; i++) {
        isUnit[i] = IsZero();
        isUnit[i].in <== unit[i] - u;
        skipped[i] <== single * (1 - isUnit[i].out);

        value[i] <== amount[i] * price[i];
        weighted[i] <== value[i] * weight[i];
        selected[i] <== weighted[i] * (1 - skipped[i]);
        owed[i] <== selected[i] * side[i];

        ownedSum += selected[i] - owed[i];
        owedSum += owed[i];
    }
    collateral <== ownedSum;
    debt <== owedSum;
}
