/** The part of ffjavascript that is used here; the package has no types. */
declare module 'ffjavascript' {
  /** A module under construction; what it builds is compiled as the curve's code. */
  interface ModuleBuilder {
    build(): Uint8Array<ArrayBuffer>;
  }

  interface Bn128 {
    /** `code` is there where it computes in this thread. */
    readonly tm: { readonly concurrency: number; readonly code?: Uint8Array };
    /** Ends its threads. */
    terminate(): Promise<void>;
  }

  function getCurveFromName(name: 'bn128', singleThread: boolean, plugin?: (builder: ModuleBuilder) => void): Promise<Bn128>;
}
