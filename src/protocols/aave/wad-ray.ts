import { BPS, divDown, divHalfUp, divUp, RAY, WAD } from '../../core/fixed-point.ts';

/** a · b in ray, halves up. @source WadRayMath.rayMul */
export function rayMulHalfUp(a: bigint, b: bigint): bigint {
  return divHalfUp(a * b, RAY);
}

/** a · b in ray, down. @source WadRayMath.rayMulFloor */
export function rayMulDown(a: bigint, b: bigint): bigint {
  return divDown(a * b, RAY);
}

/** a · b in ray, up. @source WadRayMath.rayMulCeil */
export function rayMulUp(a: bigint, b: bigint): bigint {
  return divUp(a * b, RAY);
}

/** a / b in ray, halves up. @source WadRayMath.rayDiv */
export function rayDivHalfUp(a: bigint, b: bigint): bigint {
  return divHalfUp(a * RAY, b);
}

/** a / b in ray, down. @source WadRayMath.rayDivFloor */
export function rayDivDown(a: bigint, b: bigint): bigint {
  return divDown(a * RAY, b);
}

/** a / b in ray, up. @source WadRayMath.rayDivCeil */
export function rayDivUp(a: bigint, b: bigint): bigint {
  return divUp(a * RAY, b);
}

/** a / b in wad, halves up. @source WadRayMath.wadDiv */
export function wadDivHalfUp(a: bigint, b: bigint): bigint {
  return divHalfUp(a * WAD, b);
}

/** value · bps, halves up. @source PercentageMath.percentMul */
export function percentMulHalfUp(value: bigint, bps: bigint): bigint {
  return divHalfUp(value * bps, BPS);
}

/** value · bps, down. @source PercentageMath.percentMulFloor */
export function percentMulDown(value: bigint, bps: bigint): bigint {
  return divDown(value * bps, BPS);
}

/** value · bps, up. @source PercentageMath.percentMulCeil */
export function percentMulUp(value: bigint, bps: bigint): bigint {
  return divUp(value * bps, BPS);
}

/** value / bps, halves up. @source PercentageMath.percentDiv */
export function percentDivHalfUp(value: bigint, bps: bigint): bigint {
  return divHalfUp(value * BPS, bps);
}

/** value / bps, down. @source PercentageMath.percentDivFloor */
export function percentDivDown(value: bigint, bps: bigint): bigint {
  return divDown(value * BPS, bps);
}

/** value / bps, up. @source PercentageMath.percentDivCeil */
export function percentDivUp(value: bigint, bps: bigint): bigint {
  return divUp(value * BPS, bps);
}
