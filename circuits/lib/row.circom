pragma circom 2.1.9;

include "circomlib/circuits/bitify.circom";

// One row of the exposure form, range-checked and packed into one field element:
//
//   amount < 2^104 | price < 2^88 | weight < 2^24 | unit < 2^4 (8 bits reserved) | side < 2^1
//
// Hazards:
// - The packed element is what is hashed and signed. Without every range check below the same element could be
//   split in more than one way, and the attested amounts would not be the ones that are summed.
// - The largest packed value is below 2^225, so it never wraps around the field (p > 2^253).
// - Four of the eight bits reserved for the unit are not representable: the unit table has 16 entries.
template PackedRow() {
    signal input amount;
    signal input price;
    signal input weight;
    signal input unit;
    signal input side;
    signal output packed;

    component amountBits = Num2Bits(104);
    amountBits.in <== amount;
    _ <== amountBits.out;

    component priceBits = Num2Bits(88);
    priceBits.in <== price;
    _ <== priceBits.out;

    component weightBits = Num2Bits(24);
    weightBits.in <== weight;
    _ <== weightBits.out;

    component unitBits = Num2Bits(4);
    unitBits.in <== unit;
    _ <== unitBits.out;

    component sideBits = Num2Bits(1);
    sideBits.in <== side;
    _ <== sideBits.out;

    // Offsets: 104 = amount, 192 = 104 + 88, 216 = 192 + 24, 224 = 216 + 8.
    packed <== amount + price * 2**104 + weight * 2**192 + unit * 2**216 + side * 2**224;
}

// Largest value that one row can add to a sum: amount * price * weight, all at their ends.
// Below 2^(104 + 88 + 24) = 2^216.
function rowValueMax() {
    return (2**104 - 1) * (2**88 - 1) * (2**24 - 1);
}

// Number of bits that hold every integer from 0 to `largest`. Only for values below p / 2, above which circom
// compares field elements as negative.
function bitsFor(largest) {
    var bits = 0;
    var rest = largest;
    while (rest > 0) {
        rest = rest \ 2;
        bits = bits + 1;
    }
    return bits;
}
