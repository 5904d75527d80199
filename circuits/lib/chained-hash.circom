pragma circom 2.1.9;

include "circomlib/circuits/poseidon.circom";

// H_d(x_0 .. x_(n-1)): Poseidon of width 17 chained over chunks of 16 elements; the capacity word of the first
// permutation is d * 4096 + n, that of each later one is the output before it; the last chunk is padded with zeros.
//
// Hazards:
// - The padding is safe only because the length stands in the first capacity word: two inputs that differ in
//   trailing zeros alone start from different states. n must therefore stay below 4096.
// - d keeps uses apart. 1 is the commitment; no other use exists.
template ChainedHash(d, n) {
    assert(n > 0 && n < 4096);
    signal input in[n];
    signal output out;

    var chunks = (n + 15) \ 16;
    component permutation[chunks];

    for (var c = 0; c < chunks; c++) {
        permutation[c] = PoseidonEx(16, 1);
        if (c == 0) {
            permutation[c].initialState <== d * 4096 + n;
        } else {
            permutation[c].initialState <== permutation[c - 1].out[0];
        }
        for (var i = 0; i < 16; i++) {
            if (c * 16 + i < n) {
                permutation[c].inputs[i] <== in[c * 16 + i];
            } else {
                permutation[c].inputs[i] <== 0;
            }
        }
    }
    out <== permutation[chunks - 1].out[0];
}
