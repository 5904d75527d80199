/** The part of ffjavascript that is used here; the package has no types. */
declare module 'ffjavascript' {
  /** A module under construction; what it builds is compiled as the curve's code. */
  interface ModuleBuilder {
    build(): Uint8Array<ArrayBuffer>;
  }

  interface Bn128 {
    readonly tm: { readonly concurrency: number };
    /** Ends its threads. */
    terminate(): Promise<void>;
  }

  function getCurveFromName(name: 'bn128', singleThread: boolean, plugin?: (builder: ModuleBuilder) => void): Promise<Bn128>;
}
