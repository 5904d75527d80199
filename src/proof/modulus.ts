/** The order of BN254's scalar field: every number of a circuit is below it. @source EIP-196 */
export const FIELD_MODULUS = 21_888_242_871_839_275_222_246_405_745_257_275_088_548_364_400_416_034_343_698_204_186_575_808_495_617n;
