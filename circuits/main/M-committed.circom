pragma circom 2.1.9;

include "../lib/committed.circom";

component main {public [commitment, coverage, domain, binding, snapshot, claim, scope, nullifier, accountRef]} = Committed(30);
