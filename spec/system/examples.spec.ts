import { readdirSync } from 'node:fs'
import path from 'node:path'
import { Client } from '@elastic/elasticsearch'
import { newSealingKey } from 'express-esql-async-query'
import { Client as Database } from 'pg'
import { API_KEY, startCluster, TABLE } from '../support/cluster'
import { installExample, RunningExample, shownAs, shownBy, surroundings } from '../support/example'
import { type Consumer, createConsumer } from '../support/packed'
import { paste } from '../support/pasting'
import type { TestDatabase } from '../support/postgres/database'
import { openDatabase } from '../support/postgres/database'
import { programAt } from '../support/programs'
import { runHere } from '../support/run-here'

jest.setTimeout(300_000)

const NAMES = readdirSync(path.join(__dirname, '..', '..', 'examples'))

let consumer: Consumer
let folders: Record<string, string>
let running: RunningExample | undefined

beforeAll(async () => {
  consumer = createConsumer()
  const { folder, tarball } = consumer
  consumer.run('chmod', '755', folder) // for programs that do not run as root
  const install = async (name: string) =>
    [name, await installExample(name, `${folder}/examples`, tarball)] as const
  folders = Object.fromEntries(await Promise.all(NAMES.map(install)))
}, 300_000)
afterEach(async () => {
  await running?.end()
  running = undefined
})
afterAll(() => consumer.remove())

/** Starts an example by its own command. */
function start(name: string, more: Record<string, string> = {}): RunningExample {
  running = new RunningExample(folders[name] ?? '', more)
  return running
}

/** Asks as a user of `callers.mjs`, and returns status and body. */
async function ask(url: string, method = 'GET', body?: object, user = 'alice:wonderland') {
  const headers = { authorization: `Basic ${btoa(user)}`, 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  return [response.status, await response.text()] as const
}

const errorBody = (type: string, reason: string, status: number): string =>
  JSON.stringify({ error: { root_cause: [{ type, reason }], type, reason }, status })

it('there is an example for each of these', () => {
  expect(NAMES).toEqual([
    'contract-tests',
    'elasticsearch',
    'fastify',
    'gateway',
    'postgres-replicas',
    'sql-engine',
  ])
})

it('contract-tests has tests that pass', () => {
  const { code, output } = runHere(folders['contract-tests'] ?? '', 'npm', 'test')
  expect([code, output]).toEqual([0, expect.stringMatching(/^# fail 0$|fail 0$/m)])
  expect(output).not.toMatch(/pass 0$/m)
})

describe.each(['bash', 'zsh'] as const)('pasted into %s', (shell) => {
  const test = programAt(shell) ? it : it.skip

  test.each(['elasticsearch', 'fastify', 'gateway', 'sql-engine'])(
    'the lines that %s prints, and those of its README, do what the README shows',
    async (name) => {
      const example = start(name)
      const url = await example.url()
      const shown = shownBy(name)
      const given = (await example.commands()).map((line) => `${line}\n`)
      const blocks = shown.map(({ command }) => command.replaceAll('localhost:3000', new URL(url).host))
      const where = { shell, folder: example.folder, environment: surroundings() }
      const printed = await paste(where, [...given, ...blocks], '')
      expect(printed).toEqual(printed.map(({ output }) => ({ output, code: 0 })))
      const outputs = printed.map(({ output }) => output.replaceAll('\r', ''))
      expect(outputs[given.length - 1]).toMatch(/ \| |-\+-/)
      expect(outputs.slice(given.length)).toEqual(
        shown.map(({ output }) => expect.stringMatching(shownAs(output))),
      )
    },
  )
})

describe('elasticsearch', () => {
  it('takes the cluster, the key and the sealing keys of its user', async () => {
    const cluster = await startCluster()
    try {
      const url = await start('elasticsearch', {
        ELASTICSEARCH_URL: cluster.url,
        ELASTICSEARCH_API_KEY: API_KEY.encoded,
        ESQL_ASYNC_SEALING_KEYS: newSealingKey(),
      }).url()
      const query = { query: 'RUN', wait_for_completion_timeout: '0s' }
      const [status, submitted] = await ask(`${url}/_query/async`, 'POST', query)
      const { id } = JSON.parse(submitted)
      expect([status, JSON.parse(submitted)]).toMatchObject([200, { is_running: true }])
      expect(id).not.toBe(cluster.query.id)
      const result = `${url}/_query/async/${id}`
      expect((await ask(result, 'GET', undefined, 'mallory:looking-glass'))[0]).toBe(404)
      expect((await ask(result, 'GET', undefined, 'alice:guessed'))[0]).toBe(401)
      cluster.query.complete(TABLE)
      expect(JSON.parse((await ask(result))[1])).toMatchObject({ is_running: false, is_partial: false })
      expect(cluster.requests.map(({ headers }) => headers.authorization)).toEqual(
        cluster.requests.map(() => API_KEY.authorization),
      )
    } finally {
      await cluster.close()
    }
  })
})

describe('fastify', () => {
  it('serves the official client under a prefix', async () => {
    const node = `${await start('fastify').url()}/es`
    const client = new Client({ node, auth: { username: 'alice', password: 'wonderland' } })
    const { version } = await client.info()
    expect(version.number).toBe('9.5.0')
    expect(await client.esql.query({ query: 'FROM books' })).toMatchObject({
      columns: [
        { name: 'title', type: 'keyword' },
        { name: 'pages', type: 'long' },
      ],
      values: [
        ['Dune', 412],
        ['Emma', null],
      ],
    })
    await client.close()
  })
})

describe('sql-engine', () => {
  /** Endless: each is three times a million rows. */
  const ENDLESS = {
    query: 'SELECT count(*) AS n FROM trips a, trips b, trips c',
    wait_for_completion_timeout: '0s',
  }

  it('has a million rows streamed by a process whose heap could not hold them, a type for each, and told errors', async () => {
    const url = await start('sql-engine', { NODE_OPTIONS: '--max-old-space-size=64' }).url()
    const query = (text: string, params?: unknown[], more?: object) =>
      ask(`${url}/_query?filter_path=columns,values`, 'POST', { query: text, params, ...more })

    const [status, csv] = await ask(`${url}/_query?format=csv`, 'POST', { query: 'FROM trips ORDER BY id' })
    const lines = csv.split('\r\n')
    expect([status, lines.length, lines[0], lines[1], lines.at(-2)]).toEqual([
      200,
      1_000_002,
      'id,started,city,km',
      '9007199254740993,2026-01-01T00:00:00.000Z,Oslo,0.0',
      '9007199255740992,2026-01-12T13:46:39.000Z,Oslo,39.99',
    ])

    const cells: [sql: string, type: string, cell: string][] = [
      ['true', 'boolean', 'true'],
      ['1::UTINYINT', 'integer', '1'],
      [`'-9223372036854775808'::BIGINT`, 'long', '-9223372036854775808'],
      ['18446744073709551615::UBIGINT', 'unsigned_long', '18446744073709551615'],
      ['(SELECT sum(id) FROM trips WHERE km > 39.98)', 'long', '2251799813810748000'],
      ['1.25::DECIMAL(9, 2)', 'double', '1.25'],
      [`'NaN'::DOUBLE`, 'double', '"NaN"'],
      [`DATE '1969-12-31'`, 'date', '"1969-12-31T00:00:00.000Z"'],
      [`TIMESTAMP '1969-12-31 23:59:59.999999'`, 'date', '"1969-12-31T23:59:59.999Z"'],
      [`TIMESTAMPTZ '2026-01-02 03:04:05.678901+01'`, 'date', '"2026-01-02T02:04:05.678Z"'],
      [`TIMESTAMP_NS '2026-01-02 03:04:05.678901234'`, 'date_nanos', '"2026-01-02T03:04:05.678901234Z"'],
      [`[3, NULL, 1]`, 'integer', '[3,1]'],
      [`[]`, 'integer', 'null'],
      [`{'a': 1, 'b': [2]}`, 'keyword', `"{'a': 1, 'b': [2]}"`],
      [`INTERVAL 3 DAY`, 'keyword', '"3 days"'],
      ['NULL::VARCHAR', 'keyword', 'null'],
    ]
    const list = cells.map(([sql], index) => `${sql} AS c${index}`).join(', ')
    const columns = cells.map(([, type], index) => ({ name: `c${index}`, type }))
    expect(await query(`SELECT ${list}`)).toEqual([
      200,
      `{"columns":${JSON.stringify(columns)},"values":[[${cells.map(([, , cell]) => cell)}]]}`,
    ])
    expect(await query('show tables;')).toEqual([
      200,
      '{"columns":[{"name":"table","type":"keyword"},{"name":"rows","type":"long"}],"values":[["trips",1000000]]}',
    ])

    const refusals: [
      sql: string,
      type: string,
      reason: string,
      params?: unknown[] | undefined,
      more?: object,
    ][] = [
      ['SELEC', 'parsing_exception', 'Parser Error: syntax error at or near "SELEC"'],
      ['FROM nope', 'verification_exception', 'Catalog Error: Table with name nope does not exist!'],
      ['DROP TABLE trips', 'verification_exception', 'Only SELECT is allowed'],
      [
        'SELECT 1; DROP TABLE trips',
        'illegal_argument_exception',
        'Invalid Input Error: Cannot prepare multiple statements at once!',
      ],
      [
        `FROM read_csv('/etc/passwd')`,
        'verification_exception',
        'Permission Error: Cannot access file "/etc/passwd" - file system operations are disabled by configuration',
      ],
      [
        `SELECT CASE WHEN id > 9007199255700000 THEN error('late') END FROM trips`,
        'illegal_argument_exception',
        'Invalid Input Error: late',
      ],
      [
        `SELECT DATE 'infinity'`,
        'illegal_argument_exception',
        '[5881580-07-11] is out of the range of a date: cast it to VARCHAR',
      ],
      [
        'SELECT 1e30::HUGEINT',
        'illegal_argument_exception',
        '[1000000000000000019884624838656] is out of the range of a long: cast it to VARCHAR',
      ],
      [
        'SELECT $x',
        'illegal_argument_exception',
        'parameter [y]: Failed to retrieve bind parameter index',
        [{ y: 1 }],
      ],
      [
        'SELECT 1',
        'illegal_argument_exception',
        'SQL knows no [filter]',
        undefined,
        { filter: { match_all: {} } },
      ],
    ]
    for (const [sql, type, reason, params, more] of refusals) {
      expect(await query(sql, params, more)).toEqual([400, errorBody(type, reason, 400)])
    }
  })

  it('is interrupted by stop and by delete, and then has room for other queries', async () => {
    const url = await start('sql-engine').url()
    const submit = async () => (await ask(`${url}/_query/async`, 'POST', ENDLESS))[1]
    const ids = await Promise.all(Array.from({ length: 3 }, async () => JSON.parse(await submit()).id))
    const isRunning = (await ask(`${url}/_query/async/${ids[0]}?wait_for_completion_timeout=0s`))[1]
    expect(JSON.parse(isRunning)).toMatchObject({ is_running: true })
    const one = { query: 'SELECT 1 AS one' }
    const refused = errorBody('es_rejected_execution_exception', '3 queries run already', 429)
    expect(await ask(`${url}/_query`, 'POST', one)).toEqual([429, refused])
    const [, stopped] = await ask(`${url}/_query/async/${ids[0]}/stop`, 'POST')
    expect(JSON.parse(stopped)).toMatchObject({ is_running: false, is_partial: true, values: [] })
    for (const id of ids.slice(1)) {
      expect(await ask(`${url}/_query/async/${id}`, 'DELETE')).toEqual([200, '{"acknowledged":true}'])
      expect((await ask(`${url}/_query/async/${id}`))[0]).toBe(404)
    }
    // Each has ended in DuckDB, sooner or later.
    let answer = refused
    while (answer === refused) [, answer] = await ask(`${url}/_query?filter_path=values`, 'POST', one)
    expect(answer).toBe('{"values":[[1]]}')
  })
})

describe('postgres-replicas', () => {
  const QUERY = 'FROM orders | STATS revenue = SUM(amount) BY region'
  const found = (by: string) =>
    `region,revenue,found_by\r\neast,1650033,${by}\r\nnorth,1649967,${by}\r\nwest,1650000,${by}\r\n`
  let database: TestDatabase

  beforeAll(async () => {
    database = await openDatabase()
  })
  afterAll(() => database.close())

  it('starts a PostgreSQL of its own, and its lines lead from one replica to the other', async () => {
    const example = start('postgres-replicas')
    const [submit = '', , get = ''] = await example.commands()
    await example.paste(submit.replace('[20]', '[0]'))
    expect(await example.paste(get.replace('format=txt', 'format=csv'))).toBe(found('replica 1'))
  })

  it('goes on when one is killed while its query runs, and keeps what that one has finished', async () => {
    const example = start('postgres-replicas', { DATABASE_URL: database.url })
    const [submit = '', kill = '', get = ''] = await example.commands()
    const [, first = ''] = /(http\S+)\/_query/.exec(submit) ?? []
    const [, second = ''] = /(http\S+)\/_query/.exec(get) ?? []
    const kept = { query: QUERY, keep_on_completion: true, wait_for_completion_timeout: '1m' }
    const { id } = JSON.parse((await ask(`${first}/_query/async`, 'POST', kept))[1])

    const holder = new Database(database.url)
    await holder.connect()
    try {
      // As long as this holds the table, the statement of the query waits.
      await holder.query('BEGIN; LOCK TABLE replicas_example.orders IN ACCESS EXCLUSIVE MODE')
      await example.paste(submit.replace('[20]', '[0]'))
      await example.paste(kill)
      await example.printed(/replica 1 has ended: SIGKILL/)
    } finally {
      await holder.end()
    }
    expect(await example.paste(get.replace('format=txt', 'format=csv'))).toBe(found('replica 2'))
    expect(await ask(`${second}/_query/async/${id}?format=csv`)).toEqual([200, found('replica 1')])
  })

  it('refuses another query, and a stop cancels the statement', async () => {
    const example = start('postgres-replicas', { DATABASE_URL: database.url })
    const [submit = '', , get = ''] = await example.commands()
    const [, second = ''] = /(http\S+)\/_query/.exec(get) ?? []
    expect(await ask(`${second}/_query`, 'POST', { query: 'SELECT 1' })).toEqual([
      400,
      errorBody('verification_exception', `Unknown query, try [${QUERY}]`, 400),
    ])
    await example.paste(submit.replace('[20]', '[3600]'))
    const { id } = JSON.parse(await example.paste('cat submitted.json'))
    const [, stopped] = await ask(`${second}/_query/async/${id}/stop`, 'POST')
    expect(JSON.parse(stopped)).toMatchObject({ is_running: false, is_partial: true, values: [] })
    const sleeping = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep($1)%' AND state = 'active' AND pid <> pg_backend_pid()`
    const client = new Database(database.url)
    await client.connect()
    try {
      let left: unknown
      while (left !== 0) left = (await client.query(sleeping)).rows[0]?.n
    } finally {
      await client.end()
    }
  })
})
