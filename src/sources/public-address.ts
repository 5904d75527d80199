import { BlockList, isIP } from 'node:net';

/**
 * Addresses that are nobody's, or somebody's own: private networks, loopback, link-local, shared, documentation, benchmarking, multicast, reserved, and the IPv6 forms
 * that carry an IPv4 address inside, which would be a way around.
 *
 * @source IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates)
 */
const SPECIAL_V4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
/** Of IPv6 only 2000::/3 is handed out; within it these are special. */
const GLOBAL_V6 = ['2000::', 3] as const;
const SPECIAL_V6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const;

const special = new BlockList();
for (const [net, prefix] of SPECIAL_V4) special.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of SPECIAL_V6) special.addSubnet(net, prefix, 'ipv6');
const handedOut = new BlockList();
handedOut.addSubnet(...GLOBAL_V6, 'ipv6');

/**
 * Tells whether an address belongs to the public internet.
 *
 * @param address an IPv4 or IPv6 address as text; anything else is not public
 * @example
 * ```ts
 * isPublicAddress('169.254.169.254'); // false: a cloud's metadata service
 * ```
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  return family === 6 && handedOut.check(address, 'ipv6') && !special.check(address, 'ipv6');
}
