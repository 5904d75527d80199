import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeOldNode } from '../../src/cli/node-version.ts';
import { runCli } from './run-cli.ts';

describe(describeOldNode, () => {
  test('default: nothing to say from the version of the package on', () => {
    const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { engines: { node: string } };
    const [major = 0, minor = 0] = engines.node.replace('>=', '').split('.').map(Number);
    for (const version of [`${major}.${minor}.0`, `${major}.${minor + 1}.0`, `${major + 1}.0.0`, '100.0.0']) expect(describeOldNode(version)).toBeNull();
    for (const version of [`${major}.${minor - 1}.9`, `${major - 1}.99.0`, '8.0.0']) expect(describeOldNode(version)).toContain(`needs ${major}.${minor} or newer`);
  });

  test('error: an older Node is told so, exit code 2, and nothing else happens', async () => {
    const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })";
    const { code, stdout, stderr } = await runCli(['wallet', '0xc0ffee00000000000000000000000000c0ffee01'], { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(older)}` });
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^plimsoll: This is Node 20\.20\.2, and Plimsoll needs 22\.12 or newer\. .*\n$/)]);
  });
});
