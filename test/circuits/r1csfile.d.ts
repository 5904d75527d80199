/** The part of r1csfile that is used here; the package has no types. */
declare module 'r1csfile' {
  /** Wire → coefficient. */
  type LinearCombination = Readonly<Record<string, bigint>>;

  interface R1cs {
    readonly nVars: number;
    readonly nOutputs: number;
    readonly nPubInputs: number;
    readonly nConstraints: number;
    readonly constraints: readonly (readonly [a: LinearCombination, b: LinearCombination, c: LinearCombination])[];
  }

  /** F reads the coefficients; without one the package starts a curve with threads of its own. */
  interface Options {
    readonly loadConstraints: boolean;
    readonly F: { readonly p: bigint; fromRprLE(bytes: Uint8Array, at: number): bigint };
  }

  function readR1cs(file: string, options: Options): Promise<R1cs>;
}
