import * as fc from 'fast-check';
import { isInputObjectType, parse, validate } from 'graphql';
import { afterAll, describe, expect, test } from 'vitest';
import { buildApiSchema } from '../../src/sources/recorded/api-schema.ts';
import { readDataset } from '../../src/sources/recorded/dataset.ts';
import { graphNodeNames, pluralOf, subsquidNames } from '../../src/sources/recorded/entity-names.ts';
import { createGraphEndpoint } from '../../src/sources/recorded/graph-endpoint.ts';
import { startRecorded } from '../../src/sources/recorded/start.ts';
import { HASH_1, HASH_2, manyPositions, sampleDocuments, TINY } from './sample.ts';

const dataset = await readDataset(TINY);
const recorded = await startRecorded(dataset, sampleDocuments);
afterAll(() => recorded.close());

async function ask(deployment: string, query: string, variables: object = {}) {
  const response = await fetch(recorded.graphUrl(deployment) ?? '', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) });
  return (await response.json()) as { data?: Record<string, unknown> | null; errors?: { message: string }[] };
}
const lending = (query: string, variables: object = {}) => ask('sample-lending/1/core', query, variables);
const perps = (query: string) => ask('sample-perps/42161', query);
const at1 = `block: { hash: "${HASH_1}" }`;
const ids = (list: unknown) => (Array.isArray(list) ? list.map((entry: { id: string }) => entry.id) : list);

describe(graphNodeNames, () => {
  test.each([
    ['Reserve', 'reserve', 'reserves'],
    ['UserReserve', 'userReserve', 'userReserves'],
    ['EModeCategory', 'emodeCategory', 'emodeCategories'],
    ['AToken', 'atoken', 'atokens'],
    ['AccountCToken', 'accountCToken', 'accountCTokens'],
    ['MarketDailySnapshot', 'marketDailySnapshot', 'marketDailySnapshots'],
    ['TokenDayData', 'tokenDayData', 'tokenDayDatas'],
    ['Metadata', 'metadata', 'metadata_collection'],
    ['ProtocolStats', 'protocolStats', 'protocolStats_collection'],
    ['MarketInfo', 'marketInfo', 'marketInfos'],
    ['Proxy', 'proxy', 'proxies'],
    ['Key', 'key', 'keys'],
    ['PriceIndex', 'priceIndex', 'priceIndexes'],
    ['Tax', 'tax', 'taxes'],
    ['V3Pool', 'v3Pool', 'v3Pools'],
  ])('default: %s', (entity, singular, plural) => {
    expect(graphNodeNames(entity)).toEqual({ singular, plural });
  });

  test('behavior: Subsquid lowers the first letter only', () => {
    expect(subsquidNames('OnChainSetting')).toEqual({ singular: 'onChainSettingById', plural: 'onChainSettings' });
    expect(subsquidNames('EModeCategory').plural).toBe('eModeCategories');
    expect(pluralOf('Position')).toBe('Positions');
  });
});

describe(buildApiSchema, () => {
  const schemas = { 'sample-lending': 'graph-node', 'sample-perps': 'subsquid' } as const;

  test.each(Object.entries(schemas))('default: every document of %s validates', (folder, dialect) => {
    const schema = buildApiSchema(sampleDocuments.schema(folder), dialect);
    for (const name of sampleDocuments.operationNames(folder)) expect(validate(schema, parse(sampleDocuments.operation(folder, name).text))).toEqual([]);
  });

  test('behavior: a field or filter that the excerpt lacks is refused', () => {
    const schema = buildApiSchema(sampleDocuments.schema('sample-lending'), 'graph-node');
    const wrong = [
      '{ markets { price } }',
      '{ markets(where: { price: "1" }) { id } }',
      '{ markets(where: { symbol_between: "1" }) { id } }',
      '{ position(id: 1) { market } }',
      '{ markets(limit: 5) { id } }',
    ];
    for (const query of wrong) expect(validate(schema, parse(query)), query).not.toEqual([]);
  });

  test('behavior: graph-node has text filters on strings only, and none on derived lists', () => {
    const type = buildApiSchema(sampleDocuments.schema('sample-lending'), 'graph-node').getType('Position_filter');
    const names = isInputObjectType(type) ? Object.keys(type.getFields()) : [];
    expect(names).toEqual(expect.arrayContaining(['note_starts_with_nocase', 'debt_gte', 'market', 'market_', 'market_contains', 'isCollateral_not_in', 'and', 'or']));
    expect(names).not.toContain('debt_contains');
    expect(names).not.toContain('isCollateral_gt');
  });

  test.each([
    ['type A { id: ID! }', 'lacks @entity'],
    ['type A @entity { name: String! }', 'lacks the field id'],
    ['type A @entity { id: ID! b: B! }', 'does not declare'],
    ['type A @entity { id: ID! b: [A!]! @derivedFrom(field: "c") }', 'leaves out'],
    ['interface A { id: ID! }', 'not supported'],
    ['type A @entity {', 'not GraphQL SDL'],
  ])('error: INVALID_FILE for "%s"', (sdl, problem) => {
    expect(() => buildApiSchema(sdl, 'graph-node')).toThrow(expect.objectContaining({ code: 'INVALID_FILE', message: expect.stringContaining(problem) }));
  });
});

describe('recorded graph-node endpoint', () => {
  test('default', async () => {
    expect(await lending('{ positions { id debt updatedAt isCollateral note account { id } market { symbol status emodes liquidationThreshold oracle } } }')).toEqual({
      data: {
        positions: [
          {
            id: 'p2',
            debt: '50',
            updatedAt: 11,
            isCollateral: true,
            note: null,
            account: { id: 'alice' },
            market: { symbol: 'WETH', status: 'ACTIVE', emodes: ['1'], liquidationThreshold: '0.80', oracle: '0xabcd' },
          },
        ],
      },
    });
  });

  test('behavior: singular fields find by id, bytes ids in any case; null where there is none', async () => {
    expect(await lending(`{ a: market(id: "0xAA", ${at1}) { symbol oracle } b: market(id: "0xcc") { id } }`)).toEqual({ data: { a: { symbol: 'WETH', oracle: '0xabcd' }, b: null } });
  });

  test('behavior: _meta is the newest block; by number it tells neither hash nor time', async () => {
    const newest = await lending('{ _meta { block { number hash timestamp } hasIndexingErrors deployment } }');
    expect(newest.data?.['_meta']).toEqual({ block: { number: 23_640_010, hash: HASH_2, timestamp: 1_761_221_390 }, hasIndexingErrors: false, deployment: 'sample-lending/1/core' });
    const byNumber = await lending('{ _meta(block: { number: 23640000 }) { block { number hash timestamp } } }');
    expect(byNumber.data?.['_meta']).toEqual({ block: { number: 23_640_000, hash: null, timestamp: null } });
    const byHash = await lending(`{ _meta(${at1}) { block { number hash timestamp } } }`);
    expect(byHash.data?.['_meta']).toEqual({ block: { number: 23_640_000, hash: HASH_1, timestamp: 1_761_221_354 } });
  });

  test('behavior: rows and their children come from the asked block', async () => {
    const query = 'query Q($block: Block_height) { positions(block: $block) { id debt market { liquidationThreshold positions { id } } } }';
    const old = await lending(query, { block: { hash: HASH_1 } });
    expect(old.data?.['positions']).toMatchObject([
      { id: 'p1', debt: '9', market: { liquidationThreshold: '0.78', positions: [{ id: 'p1' }] } },
      { id: 'p2', debt: '100000000000000000000', market: { liquidationThreshold: '0.83', positions: [{ id: 'p2' }] } },
    ]);
    for (const block of [{ number: 23_640_010 }, { number_gte: 5 }, null]) expect((await lending(query, { block })).data?.['positions']).toMatchObject([{ id: 'p2', debt: '50' }]);
  });

  test.each([
    [`{ markets(block: { hash: "0x${'9'.repeat(64)}" }) { id } }`, 'Failed to decode `block.hash` value: `no block with that hash found`'],
    ['{ markets(block: { number: 99999999 }) { id } }', 'has only indexed up to block number 23640010 and data for block number 99999999 is therefore not yet available'],
    ['{ markets(block: { number_gte: 99999999 }) { id } }', 'is therefore not yet available'],
    ['{ markets(block: { number: 23640005 }) { id } }', 'has no block 23640005'],
    ['{ markets(first: 1001) { id } }', 'The `first` argument must be between 0 and 1000, but is 1001'],
    ['{ markets(first: 0) { id } }', 'The `first` argument must be between 0 and 1000, but is 0'],
    ['{ markets(skip: 5001) { id } }', 'The `skip` argument must be between 0 and 5000, but is 5001'],
    ['{ markets { positions(first: 1001) { id } } }', 'The `first` argument must be between 0 and 1000, but is 1001'],
    ['{ markets(where: { symbol: "WETH", or: [{ symbol: "A" }] }) { id } }', "Cannot mix column filters with 'or'"],
    ['{ markets(orderBy: emodes) { id } }', 'Ordering by `emodes` is not supported'],
    ['{ markets(where: { id_gt: "zz" }) { id } }', 'Failed to decode `Bytes` value'],
    ['{ nothing { id } }', 'Cannot query field "nothing"'],
    ['{', 'Syntax Error'],
  ])('error: %s', async (query, message) => {
    const answer = await lending(query);
    expect(answer.data ?? null).toBeNull();
    expect(answer.errors?.[0]?.message).toContain(message);
  });

  test.each([
    ['debt: "9"', ['p1']],
    ['debt_not: "9"', ['p2']],
    ['debt_gt: "9"', ['p2']],
    ['debt_gte: 9', ['p1', 'p2']],
    ['debt_lt: "100000000000000000000"', ['p1']],
    ['debt_lte: "100000000000000000000"', ['p1', 'p2']],
    ['debt_in: ["9", "10"]', ['p1']],
    ['debt_in: []', []],
    ['debt_not_in: ["9"]', ['p2']],
    ['isCollateral: true', ['p2']],
    ['updatedAt_gt: 7', ['p1']],
    ['note: null', ['p2']],
    ['note_not: null', ['p1']],
    ['note_not: "x"', ['p1']],
    ['note_contains: "Payer"', ['p1']],
    ['note_contains: "payer"', []],
    ['note_contains_nocase: "payer"', ['p1']],
    ['note_not_contains: "payer"', ['p1']],
    ['note_starts_with: "Late_"', ['p1']],
    ['note_starts_with_nocase: "late"', ['p1']],
    ['note_ends_with: "er"', ['p1']],
    ['note_not_ends_with: "er"', []],
    ['id_gt: "p1"', ['p2']],
    ['id_in: ["p2", "p1"]', ['p1', 'p2']],
    ['account: "alice"', ['p1', 'p2']],
    ['market: "0xBB"', ['p1']],
    ['market_in: ["0xaa"]', ['p2']],
    ['market_: { liquidationThreshold_gt: "0.8" }', ['p2']],
    ['market_: { status: FROZEN }', ['p1']],
    ['market_: { emodes_contains: ["2"] }', ['p2']],
    ['market_: { emodes_not_contains: ["2"] }', ['p1']],
    ['market_: { emodes: [] }', ['p1']],
    ['market_: { oracle_contains: "0xcd" }', ['p2']],
    ['and: [{ debt_gt: "1" }, { debt_lt: "10" }]', ['p1']],
    ['or: [{ debt: "9" }, { updatedAt: 7 }]', ['p1', 'p2']],
    ['debt_gt: "1", updatedAt_lt: 9', ['p2']],
  ])('behavior: where { %s }', async (where, expected) => {
    expect(ids((await lending(`{ positions(where: { ${where} }, ${at1}) { id } }`)).data?.['positions'])).toEqual(expected);
  });

  test('behavior: children of an entity are filtered through derived lists', async () => {
    expect(ids((await lending(`{ markets(where: { positions_: { debt: "9" } }, ${at1}) { id } }`)).data?.['markets'])).toEqual(['0xbb']);
  });

  test.each([
    ['orderBy: debt', ['p1', 'p2']],
    ['orderBy: debt, orderDirection: desc', ['p2', 'p1']],
    ['orderDirection: desc', ['p2', 'p1']],
    ['orderBy: account, orderDirection: desc', ['p2', 'p1']],
    ['orderBy: market__liquidationThreshold', ['p1', 'p2']],
    ['orderBy: note', ['p1', 'p2']],
    ['orderBy: note, orderDirection: desc', ['p2', 'p1']],
    ['first: 1', ['p1']],
    ['skip: 1', ['p2']],
  ])('behavior: %s', async (order, expected) => {
    expect(ids((await lending(`{ positions(${order}, ${at1}) { id } }`)).data?.['positions'])).toEqual(expected);
  });

  test('behavior: lists of references come by id and take arguments of their own', async () => {
    const answer = await lending(`{ account(id: "alice", ${at1}) { favourites { id } last: favourites(first: 1, orderDirection: desc) { id } positions(where: { debt_lt: "10" }) { id } } }`);
    expect(answer.data?.['account']).toEqual({ favourites: [{ id: '0xaa' }, { id: '0xbb' }], last: [{ id: '0xbb' }], positions: [{ id: 'p1' }] });
  });

  test('behavior: 100 rows where `first` is absent, also in nested lists', async () => {
    const [many] = manyPositions(150).subgraphs;
    if (many === undefined) return expect.unreachable();
    const answer = createGraphEndpoint(many, sampleDocuments.schema('sample-lending'));
    const result = JSON.parse(JSON.stringify(await answer({ query: '{ positions(first: null) { id } market(id: "0xaa") { positions { id } all: positions(first: 1000) { id } } }' })));
    expect([result.data.positions.length, result.data.market.positions.length, result.data.market.all.length]).toEqual([100, 100, 150]);
  });

  test('behavior: with indexing errors rows are withheld unless asked for, _meta is not', async () => {
    const [first] = dataset.subgraphs;
    if (first === undefined) return expect.unreachable();
    const broken = { ...first, snapshots: first.snapshots.map((snapshot) => ({ ...snapshot, hasIndexingErrors: true })) };
    const answer = createGraphEndpoint(broken, sampleDocuments.schema('sample-lending'));
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
    expect(plain(await answer({ query: '{ _meta { hasIndexingErrors } }' }))).toEqual({ data: { _meta: { hasIndexingErrors: true } } });
    expect(plain(await answer({ query: '{ markets { id } }' }))).toMatchObject({ data: null, errors: [{ message: 'indexing_error' }] });
    expect(plain(await answer({ query: '{ markets(subgraphError: allow) { id } }' }))).toEqual({ data: { markets: [{ id: '0xaa' }] } });
  });

  test('behavior: one recording may serve several deployments; others are not known', () => {
    expect(recorded.graphUrl('sample-lending/1/prime')).toBe(recorded.graphUrl('sample-lending/1/core'));
    expect(recorded.graphUrl('elsewhere')).toBeNull();
    expect(recorded.clockSeconds).toBe(1_761_221_400);
  });

  test('behavior: id_gt pages of any size give every row once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.stringMatching(/^[0-9a-z:-]{1,6}$/), { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 15 }), async (names, first) => {
        const [many] = manyPositions(0).subgraphs;
        const [snapshot] = many?.snapshots ?? [];
        if (many === undefined || snapshot === undefined) return expect.unreachable();
        const rows = names.map((id) => ({ id, account: 'alice', market: '0xaa', debt: '1', collateral: '0', isCollateral: true, updatedAt: 1, note: null }));
        const answer = createGraphEndpoint({ ...many, snapshots: [{ ...snapshot, entities: { ...snapshot.entities, Position: rows } }] }, sampleDocuments.schema('sample-lending'));
        const { text } = sampleDocuments.operation('sample-lending', 'Positions');
        const read: string[] = [];
        for (let page: string[] | null = null; page === null || page.length === first; read.push(...page)) {
          const result = JSON.parse(JSON.stringify(await answer({ query: text, variables: { account: 'alice', first, last: read.at(-1) ?? '', block: { hash: HASH_1 } } })));
          page = result.data.positions.map((row: { id: string }) => row.id) as string[];
        }
        expect(read).toEqual([...names].sort());
      }),
      { numRuns: 40 },
    );
  });
});

describe('recorded Subsquid endpoint', () => {
  test('default', async () => {
    expect(await perps('{ positions(where: { account_eq: "0xA1", isSnapshot_eq: false }, orderBy: [id_ASC]) { id sizeInUsd market { minCollateralFactor } } }')).toEqual({
      data: {
        positions: [
          { id: 'q1', sizeInUsd: '1000', market: { minCollateralFactor: '5000000000000000000000000000' } },
          { id: 'q2', sizeInUsd: '20', market: { minCollateralFactor: '10000000000000000000000000000' } },
        ],
      },
    });
  });

  test('behavior: the head is in processorStatuses', async () => {
    expect(await perps('{ processorStatuses { lastParsedBlockNumber lastParsedBlockTimestamp } }')).toEqual({
      data: { processorStatuses: [{ lastParsedBlockNumber: 392_000_000, lastParsedBlockTimestamp: 1_761_221_380 }] },
    });
  });

  test.each([
    ['sizeInUsd_gt: "20"', ['q1', 'q3']],
    ['sizeInUsd_in: ["4", "20"]', ['q2', 'q4']],
    ['sizeInUsd_not_in: ["4"]', ['q1', 'q2', 'q3']],
    ['account_not_eq: "0xA1"', ['q4']],
    ['account_containsInsensitive: "xa1"', ['q1', 'q2', 'q3']],
    ['account_startsWith: "0xB"', ['q4']],
    ['account_isNull: true', []],
    ['market: { minCollateralFactor_gt: "5000000000000000000000000000" }', ['q2']],
    ['AND: [{ sizeInUsd_gte: "20" }, { sizeInUsd_lte: "300" }]', ['q2', 'q3']],
    ['account_eq: "0xB2", OR: [{ id_eq: "q1" }]', ['q1', 'q4']],
  ])('behavior: where { %s }', async (where, expected) => {
    expect(ids((await perps(`{ positions(where: { ${where} }, orderBy: [id_ASC]) { id } }`)).data?.['positions'])).toEqual(expected);
  });

  test.each([
    ['orderBy: [sizeInUsd_DESC]', ['q1', 'q3', 'q2', 'q4']],
    ['orderBy: [market_id_DESC, openedAt_ASC]', ['q2', 'q4', 'q3', 'q1']],
    ['orderBy: [id_ASC], limit: 2, offset: 1', ['q2', 'q3']],
    ['orderBy: [id_ASC], limit: 0', []],
  ])('behavior: %s', async (order, expected) => {
    expect(ids((await perps(`{ positions(${order}) { id } }`)).data?.['positions'])).toEqual(expected);
  });

  test('behavior: single rows and quantified lists', async () => {
    expect(await perps('{ positionById(id: "q4") { account } markets(where: { positions_some: { account_eq: "0xB2" } }) { id positions(orderBy: [id_DESC], limit: 1) { id } } }')).toEqual({
      data: { positionById: { account: '0xB2' }, markets: [{ id: '0xm1', positions: [{ id: 'q4' }] }] },
    });
  });

  test('error: a block argument is not known here', async () => {
    expect((await perps(`{ positions(block: { hash: "${HASH_1}" }) { id } }`)).errors?.[0]?.message).toContain('Unknown argument "block"');
  });
});
