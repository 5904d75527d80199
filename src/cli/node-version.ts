/** The oldest Node that Plimsoll runs on: `engines` of the package, which npm only warns about. */
const LEAST = { major: 22, minor: 12 };

/**
 * Says what to do about a Node that is too old.
 *
 * @param version as in `process.versions.node`
 * @returns null where it is new enough
 *
 * @example
 * ```ts
 * describeOldNode('24.1.0'); // null
 * ```
 */
export function describeOldNode(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > LEAST.major || (major === LEAST.major && minor >= LEAST.minor)) return null;
  return `This is Node ${version}, and Plimsoll needs ${LEAST.major}.${LEAST.minor} or newer. Install a newer Node.`;
}
