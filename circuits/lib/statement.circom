pragma circom 2.1.9;

include "./chained-hash.circom";
include "./claim.circom";
include "./identity.circom";
include "./row.circom";
include "./scope.circom";
include "./sums.circom";

// What both modes prove about K rows; `commitment` is the hash of everything that the attestor vouches for.
//
//   commitment = H_1(account, snapshot, secretHash, salt, coverage, blocksHash, unitTable[16], rows[K])
//
// Hazards:
// - The caller must bind `commitment` to an attestor, by a signature or as a public signal. Unbound, the rows are
//   whatever the prover likes.
// - The vector has a fixed length, padding included: leaving a row out changes the hash.
// - `binding` enters nothing. It is squared so that a proof cannot be carried over to another one.
template Statement(K) {
    signal input coverage;
    signal input domain;
    signal input binding;
    signal input snapshot;
    signal input claim;
    signal input scope;
    signal input nullifier;
    signal input accountRef;

    signal input account;
    signal input secret;
    signal input salt;
    signal input blocksHash;
    signal input unitTable[16];
    signal input u;
    signal input amount[K];
    signal input price[K];
    signal input weight[K];
    signal input unit[K];
    signal input side[K];

    signal output commitment;

    signal bindingSquare <== binding * binding;

    component identity = Identity();
    identity.account <== account;
    identity.secret <== secret;
    identity.domain <== domain;
    identity.snapshot <== snapshot;
    identity.scope <== scope;
    identity.accountRef === accountRef;
    identity.nullifier === nullifier;

    component vector = ChainedHash(1, 22 + K);
    vector.in[0] <== account;
    vector.in[1] <== snapshot;
    vector.in[2] <== identity.secretHash;
    vector.in[3] <== salt;
    vector.in[4] <== coverage;
    vector.in[5] <== blocksHash;
    for (var i = 0; i < 16; i++) {
        vector.in[6 + i] <== unitTable[i];
    }
    component row[K];
    for (var i = 0; i < K; i++) {
        row[i] = PackedRow();
        row[i].amount <== amount[i];
        row[i].price <== price[i];
        row[i].weight <== weight[i];
        row[i].unit <== unit[i];
        row[i].side <== side[i];
        vector.in[22 + i] <== row[i].packed;
    }
    commitment <== vector.out;

    component scoped = Scope();
    scoped.scope <== scope;
    scoped.unitTable <== unitTable;
    scoped.u <== u;

    component sums = SideSums(K);
    sums.amount <== amount;
    sums.price <== price;
    sums.weight <== weight;
    sums.unit <== unit;
    sums.side <== side;
    sums.single <== scoped.single;
    sums.u <== u;

    component claimed = Claim(K);
    claimed.claim <== claim;
    claimed.collateral <== sums.collateral;
    claimed.debt <== sums.debt;
}
