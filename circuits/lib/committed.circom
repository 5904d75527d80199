pragma circom 2.1.9;

include "./statement.circom";

// The statement over rows under a public commitment, which attestors sign outside the circuit.
//
// The nine public signals are the first nine inputs, in this order (the order of declaration is the order of the
// signals, whatever the `public` list of main says).
//
// Hazards:
// - Nothing here says who vouches for the commitment: the contract and `verify` check the signatures over signal 0.
// - The commitment hides the rows only by its salt, and links all proofs made from one attestation.
template Committed(K) {
    signal input commitment;
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

    component statement = Statement(K);
    statement.coverage <== coverage;
    statement.domain <== domain;
    statement.binding <== binding;
    statement.snapshot <== snapshot;
    statement.claim <== claim;
    statement.scope <== scope;
    statement.nullifier <== nullifier;
    statement.accountRef <== accountRef;
    statement.account <== account;
    statement.secret <== secret;
    statement.salt <== salt;
    statement.blocksHash <== blocksHash;
    statement.unitTable <== unitTable;
    statement.u <== u;
    statement.amount <== amount;
    statement.price <== price;
    statement.weight <== weight;
    statement.unit <== unit;
    statement.side <== side;

    statement.commitment === commitment;
}
