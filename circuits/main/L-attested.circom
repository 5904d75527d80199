pragma circom 2.1.9;

include "../lib/attested.circom";

component main {public [attestor, coverage, domain, binding, snapshot, claim, scope, nullifier, accountRef]} = Attested(64);
