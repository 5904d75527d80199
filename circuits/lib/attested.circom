pragma circom 2.1.9;

include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/eddsaposeidon.circom";
include "circomlib/circuits/poseidon.circom";
include "./statement.circom";

// The statement over rows that one attestor signed: EdDSA over BabyJubJub with Poseidon, the commitment as message.
// The commitment stays private, so two proofs from one attestation cannot be linked by it.
//
// The nine public signals are the first nine inputs, in this order (the order of declaration is the order of the
// signals, whatever the `public` list of main says).
//
// Hazards:
// - The verifier adds points with formulas that hold on the curve only: A and R8 are checked to lie on it. Off the
//   curve a denominator may vanish, and then the sum is the prover's to choose.
// - Points of small order: the verifier refuses an A with 8A = 0.
// - Whether the attestor is one to be trusted is decided by who reads signal 0.
template Attested(K) {
    signal input attestor;
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
    signal input Ax;
    signal input Ay;
    signal input R8x;
    signal input R8y;
    signal input S;

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

    component keyHash = Poseidon(2);
    keyHash.inputs[0] <== Ax;
    keyHash.inputs[1] <== Ay;
    keyHash.out === attestor;

    component keyOnCurve = BabyCheck();
    keyOnCurve.x <== Ax;
    keyOnCurve.y <== Ay;
    component nonceOnCurve = BabyCheck();
    nonceOnCurve.x <== R8x;
    nonceOnCurve.y <== R8y;

    component signature = EdDSAPoseidonVerifier();
    signature.enabled <== 1;
    signature.Ax <== Ax;
    signature.Ay <== Ay;
    signature.R8x <== R8x;
    signature.R8y <== R8y;
    signature.S <== S;
    signature.M <== statement.commitment;
}
