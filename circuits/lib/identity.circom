pragma circom 2.1.9;

include "circomlib/circuits/poseidon.circom";

// What ties a proof to its account without naming it:
//
//   s = Poseidon(secret, domain), accountRef = Poseidon(account, s), nullifier = Poseidon(s, snapshot, scope)
//
// Hazards:
// - The secret must be the one whose hash is inside the commitment (secretHash); a free secret would yield a fresh
//   nullifier, and a fresh account, for every proof of the same breach.
// - Neither value depends on recipient or deadline: proving again does not give a second nullifier.
template Identity() {
    signal input account;
    signal input secret;
    signal input domain;
    signal input snapshot;
    signal input scope;
    signal output secretHash;
    signal output accountRef;
    signal output nullifier;

    component hashOfSecret = Poseidon(1);
    hashOfSecret.inputs[0] <== secret;
    secretHash <== hashOfSecret.out;

    component perDomain = Poseidon(2);
    perDomain.inputs[0] <== secret;
    perDomain.inputs[1] <== domain;

    component reference = Poseidon(2);
    reference.inputs[0] <== account;
    reference.inputs[1] <== perDomain.out;
    accountRef <== reference.out;

    component once = Poseidon(3);
    once.inputs[0] <== perDomain.out;
    once.inputs[1] <== snapshot;
    once.inputs[2] <== scope;
    nullifier <== once.out;
}
