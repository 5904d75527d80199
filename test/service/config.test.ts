import { describe, expect, test } from 'vitest';
import { graphUrlVariable, isLive, readConfig, VARIABLES } from '../../src/config.ts';

describe('readConfig', () => {
  test('default: nothing set', () => {
    const config = readConfig({ PATH: '/bin', GRAPH_API_KEY: '  ' });
    expect(config).toEqual({
      graphApiKey: null,
      graphUrls: new Map(),
      rpcUrls: new Map(),
      priceApiUrl: null,
      maxBlockAgeSeconds: 600,
      bands: null,
      deadlineSeconds: 20,
      recorded: null,
      production: false,
      rapidsnarkBin: null,
      databaseUrl: null,
      sealKey: null,
      dataFolder: null,
      service: {
        apiKeysFile: null,
        anonymousScopes: [],
        corsOrigins: [],
        requestsPerMinute: 1_200,
        proofs: false,
        proxies: 0,
        drainSeconds: 0,
        logLevel: 'info',
        attestorsFile: null,
      },
    });
    expect(isLive(config)).toBe(false);
  });

  test('behavior: everything set', () => {
    const config = readConfig({
      GRAPH_API_KEY: 'k',
      GRAPH_URL_AAVE_V3_1_CORE: 'https://graph.example/a',
      RPC_URL_1: 'https://rpc.example/1',
      RPC_URL_1_SECOND: 'https://rpc.example/2',
      RPC_URL_10: 'http://rpc.example',
      PRICE_API_URL: 'https://prices.example',
      PLIMSOLL_MAX_BLOCK_AGE: '60',
      PLIMSOLL_DEADLINE: '5',
      PLIMSOLL_BANDS: '1.6, 1.25',
      DATABASE_URL: 'postgres://user:secret@host/db',
      PLIMSOLL_DATA: '/somewhere',
    });
    expect(config.bands).toEqual({ warning: '1.6', critical: '1.25' });
    expect([config.databaseUrl, config.dataFolder]).toEqual(['postgres://user:secret@host/db', '/somewhere']);
    expect(config.rpcUrls).toEqual(
      new Map([
        ['eip155:1', { first: 'https://rpc.example/1', second: 'https://rpc.example/2' }],
        ['eip155:10', { first: 'http://rpc.example', second: null }],
      ]),
    );
    expect([config.graphUrls.get(graphUrlVariable('aave-v3/1/core')), config.maxBlockAgeSeconds, config.deadlineSeconds, isLive(config)]).toEqual(['https://graph.example/a', 60, 5, true]);
    expect(isLive({ ...config, recorded: 'constructed-wallet' })).toBe(false);
  });

  test.each([
    ['RPC_URL_1', 'localhost:8545'],
    ['RPC_URL_1_SECOND', 'ftp://x'],
    ['GRAPH_URL_SPARK_1_CORE', 'x'],
    ['PRICE_API_URL', 'x'],
    ['PLIMSOLL_MAX_BLOCK_AGE', '-1'],
    ['PLIMSOLL_DEADLINE', '1.5'],
    ['PLIMSOLL_BANDS', '1.2,1.5'],
    ['PLIMSOLL_BANDS', '1.5,0.9'],
    ['PLIMSOLL_BANDS', '1.5'],
    ['DATABASE_URL', 'mysql://user:secret@host/db'],
    ['DATABASE_URL', 'localhost'],
    ['PLIMSOLL_ANONYMOUS', 'everything'],
    ['PLIMSOLL_CORS', 'https://example.org/path'],
    ['PLIMSOLL_RATE_LIMIT', 'none'],
    ['PLIMSOLL_PROOFS', 'yes'],
    ['PLIMSOLL_PROXIES', '99'],
    ['PLIMSOLL_LOG', 'loud'],
  ])('error: INVALID_CONFIGURATION names %s and not its value', (variable, value) => {
    const environment = variable === 'RPC_URL_1_SECOND' ? { RPC_URL_1: 'http://x', [variable]: value } : { [variable]: value };
    expect(() => readConfig(environment)).toThrow(new RegExp(`^${variable} `));
    expect(() => readConfig(environment)).not.toThrow(new RegExp(value.replaceAll('.', '\\.').concat('$')));
  });

  test('behavior: every fixed variable is described', () => {
    expect(VARIABLES.map(([name]) => name)).toEqual(expect.arrayContaining(['GRAPH_API_KEY', 'PRICE_API_URL', 'PLIMSOLL_MAX_BLOCK_AGE', 'PLIMSOLL_DEADLINE', 'PLIMSOLL_RECORDED']));
  });
});
