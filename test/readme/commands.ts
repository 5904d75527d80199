/** What running a command as it stands must leave. */
export interface AsWritten {
  readonly exit: number;
  /** Found in what it prints. */
  readonly shows: RegExp;
}

/** A command that serves until Ctrl-C: run as it stands until it says that it is ready. */
export interface Serving {
  /** The first group is where it serves, if it serves. */
  readonly ready: RegExp;
  readonly exit: number;
  /** Found in what it prints until its end. */
  readonly shows?: RegExp;
  /** Addresses that must answer with 200 meanwhile. */
  readonly asks?: readonly string[];
  /** What is run in its place, with the reason; the command itself where absent. */
  readonly instead?: string;
  readonly because?: string;
}

/** A command that cannot be run here as it stands, and what is run in its place. */
export interface Shortened extends AsWritten {
  readonly instead: string;
  readonly because: string;
}

const PLIMSOLL = 'npm run -s plimsoll --';
const DEMO = '0xc0ffee00000000000000000000000000c0ffee01';
/** npm starts a script in a shell, which ends by the signal itself. */
const CTRL_C = 130;
const NO_INSTALL = 'npm install needs the registry, and is how the packages that run this test came here';
const WHOLE_SUITE = 'it runs every suite, this one included: that its script is there and that vitest finds the suites is what is looked at';

/**
 * Every command of the README, in its order, with what it must leave. A command that is not here makes the test red, and so does a row that the README does not have.
 */
export const COMMANDS: Readonly<Record<string, AsWritten | Serving | Shortened>> = {
  'npm install && npm start': { instead: 'npm pkg get scripts.start', because: `${NO_INSTALL}; npm start has a row of its own`, exit: 0, shows: /node src\/cli\/first-run\.ts/ },
  'npm start': { ready: /Page\s+(http:\/\/localhost:[0-9]+)\/[\s\S]*Ctrl-C stops it/, asks: ['/healthz', '/', '/docs', `/v1/wallets/${DEMO}`], exit: CTRL_C, shows: /Stopping\.\n$/ },
  'npm start -- --print': { exit: 0, shows: /unified health 1\.2230[\s\S]*A plan for the first[\s\S]*Verified as a lender would[\s\S]*Other recorded wallets/ },
  'npm install && npm test': {
    instead: 'npm pkg get scripts.test && npx vitest list --filesOnly test/readme',
    because: `${NO_INSTALL}; ${WHOLE_SUITE}`,
    exit: 0,
    shows: /vitest run[\s\S]*commands\.test\.ts/,
  },
  'npm run test:long': {
    instead: 'npm pkg get scripts.test:long && npx vitest list --filesOnly test/readme',
    because: WHOLE_SUITE,
    exit: 0,
    shows: /PLIMSOLL_LONG=1 vitest run[\s\S]*commands\.test\.ts/,
  },
  [`${PLIMSOLL} wallet ${DEMO}`]: { exit: 0, shows: /CRITICAL +unified health 1\.2230 +weakest 1\.0812/ },
  [`${PLIMSOLL} wallet ${DEMO} --shock ETH=-10%,BTC=-5%`]: { exit: 0, shows: /After ETH −10\.0 %, BTC −5\.0 %: unified health 1\.1275[\s\S]*liquidatable: GMX/ },
  [`${PLIMSOLL} wallet 0x09f1b4c0a59494f2c695924bcc4b9ce698f22233 --at 2021-02-24`]: { exit: 0, shows: /INSOLVENT[\s\S]*2021-02-16/ },
  [`${PLIMSOLL} wallet 0x1597e4b7cf6d2877a1d690b6088668afdb045763 --json`]: { exit: 0, shows: /^\{\s*"status": "insolvent"[\s\S]*"coverage": \[/m },
  [`${PLIMSOLL} plan ${DEMO} --target 1.5`]: { exit: 0, shows: /The cheapest way to health 1\.5: [\s\S]*no plan costs less than[\s\S]*optimal for this model/ },
  [`${PLIMSOLL} plan ${DEMO} --view forced --shock ETH=-25%`]: { exit: 0, shows: /At the shocked prices[\s\S]*is liquidated[\s\S]*together: costs/ },
  [`${PLIMSOLL} scan --move ETH=-10%`]: { exit: 3, shows: /Book euler-v1[\s\S]*NOT JUDGED[\s\S]*Opportunities of/ },
  [`${PLIMSOLL} protocols`]: { exit: 0, shows: /aave-v3@3\.6[\s\S]*gmx-v2@2/ },
  [`${PLIMSOLL} doctor`]: { exit: 0, shows: /Nothing live is configured[\s\S]*PLIMSOLL_RECORDED/ },
  'npm run bench -- path': { instead: 'npm run bench -- path --only time --size 2x3 --instances 1', because: 'the full counts take minutes', exit: 0, shows: /REDUCED RUN: 1 instances[\s\S]*2x3/ },
  'npm run bench -- page': { instead: 'npm run bench -- page --runs 0', because: 'test/bench/page runs it; that it starts and reads its flags is what is looked at', exit: 2, shows: /Usage: / },
  'npm run bench -- scan': {
    instead: 'npm run bench -- scan --accounts 7',
    because: 'test/bench/scan runs it with reduced counts; that it starts and reads its flags is what is looked at',
    exit: 2,
    shows: /Usage: /,
  },
  'npm install --no-package-lock': { instead: 'npm pkg get dependencies --prefix test/bench/scan-peers', because: NO_INSTALL, exit: 0, shows: /@aave\/math-utils/ },
  [`${PLIMSOLL} attestor create attestor.json --dev`]: { exit: 0, shows: /attestor [0-9]+ \(eddsa, dev\)/ },
  [`${PLIMSOLL} attest 0x1597e4b7cf6d2877a1d690b6088668afdb045763 --recorded morpho-depeg --key-file attestor.json --secret-file secret.json --out attestation.json`]: {
    exit: 0,
    shows: /Attested for M-attested, dev/,
  },
  [`${PLIMSOLL} prove attestation.json --secret-file secret.json --statement breach --min-deficit 1000000 --chain-id 31337 --consumer 0x00000000000000000000000000000000000000aa --recipient 0x00000000000000000000000000000000000000bb --dev-keys --out proof.json`]:
    { exit: 0, shows: /Proved: health factor below 1, deficit at least 1000000\.00 USD; all accounts together/ },
  [`${PLIMSOLL} verify proof.json --template > policy.json`]: { exit: 0, shows: /^$/ },
  [`${PLIMSOLL} verify proof.json --policy policy.json --at 2026-03-24T00:05:00Z --spent counted.json`]: { exit: 0, shows: /ACCEPTED[\s\S]*✓ nullifier {2}not counted before/ },
  'npm run circuits': {
    instead: 'npm run circuits -- none',
    because: 'compiling circuits and making keys takes minutes and writes over what is committed',
    exit: 1,
    shows: /There is no circuit of that name/,
  },
  'plimsoll keys': { exit: 2, shows: /Usage: plimsoll keys[\s\S]*setup[\s\S]*contribute[\s\S]*beacon[\s\S]*verify/ },
  'npm pack': { instead: 'npm pack --dry-run --ignore-scripts', because: 'test/package packs in a clean copy, where nobody else reads what is built', exit: 0, shows: /plimsoll-[0-9.]+\.tgz/ },
  'npm run docs': { instead: 'npm pkg get scripts.docs', because: 'npx brings typedoc and its TypeScript from the registry', exit: 0, shows: /typedoc --tsconfig tsconfig\.build\.json/ },
  'openssl rand -hex 32': { exit: 0, shows: /^[0-9a-f]{64}$/m },
  'plimsoll serve': {
    instead: 'plimsoll serve --port 0',
    because: 'another test may have 8080',
    ready: /Page\s+(http:\/\/localhost:[0-9]+)\/[\s\S]*Ctrl-C stops it/,
    asks: ['/readyz', '/', `/v1/wallets/${DEMO}`],
    exit: 0,
  },
  'npm run build:web': { instead: 'npm run build:web -- --outDir "$PWD/page"', because: 'another test may be reading the page that is there', exit: 0, shows: /index\.html[\s\S]*built in/ },
  'plimsoll worker': { ready: /Working: sync, watch, notify/, exit: 0 },
  'plimsoll sync': { ready: /aave-v3\/1\/core +synced at block/, exit: 0 },
  'npm run fixtures': {
    instead: 'node test/fixtures/write-schema.ts .',
    because: 'it writes recorded data over those that are committed, from figures that are not part of the repository',
    exit: 0,
    shows: /^$/,
  },
  'npx vitest run test/contract': { instead: 'npx vitest list --filesOnly test/contract', because: 'the suites run in the same run as this one', exit: 0, shows: /test\/contract\/rules\.test\.ts/ },
};
