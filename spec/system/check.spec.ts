import { writeFileSync } from 'node:fs'
import { newSealingKey } from 'express-esql-async-query'
import type { Cluster } from '../support/cluster'
import { API_KEY, refusal, startCluster } from '../support/cluster'
import { commandHere } from '../support/command-here'
import { Issuer, jwk } from '../support/issuer'
import { PostgresServer } from '../support/postgres/server'
import { processesOfTests } from '../support/server-process'
import { audience, rsaKeys } from '../support/tokens'

type Environment = Record<string, string>

interface Finding {
  check: string
  outcome: string
  says: string
  todo?: string
}

const { start, fileOf } = processesOfTests()

const run = (environment: Environment, args: string[] = []) => start(environment, ['--check', ...args])

async function checked(environment: Environment, args: string[] = []) {
  const check = run(environment, args)
  return read({ code: await check.exited, stdout: check.stdout, stderr: check.stderr })
}

/** For settings of which one is refused before anything is asked, so that no process is needed. */
async function checkedHere(environment: Environment) {
  return read(await commandHere(['--check'], { ESQL_ASYNC_PRINT: 'json', ...environment }))
}

function read({ code, stdout, stderr }: { code: unknown; stdout: string; stderr: string }) {
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Finding[] }
  expect([code, stderr]).toEqual([ok ? 0 : 1, ''])
  const of = (name: string) => checks.find(({ check: of }) => of === name)
  return { ok, of, checks, text: stdout }
}

const TOKENS = {
  ESQL_ASYNC_JWT_KEY: 'k-secret-k-secret-k-secret-k-secret',
  ESQL_ASYNC_JWT_ALGORITHMS: 'HS256',
  ESQL_ASYNC_JWT_ISSUER: 'https://issuer.example',
  ESQL_ASYNC_JWT_AUDIENCE: audience,
}

describe('--check', () => {
  it('finds nothing wrong with development mode, and says so to people and programs', async () => {
    const { ok, checks } = await checked({})
    expect(ok).toBe(true)
    expect(checks.map(({ check, outcome }) => [check, outcome])).toEqual([
      ['variables', 'ok'],
      ['keys', 'ok'],
      ['cluster', 'skipped'],
      ['queries', 'skipped'],
      ['sealing keys', 'skipped'],
      ['catalogue', 'ok'],
      ['database', 'skipped'],
      ['metrics', 'skipped'],
      ['settings', 'ok'],
    ])
    const text = run({ ESQL_ASYNC_PRINT: 'text' })
    expect(await text.exited).toBe(0)
    expect(text.stdout).toBe(
      checks.map(({ check, outcome, says }) => `${outcome.padEnd(8)} ${check.padEnd(13)} ${says}\n`).join(''),
    )
  })

  it('prints nothing that a terminal would obey', async () => {
    const text = run({ ESQL_ASYNC_PRINT: 'text', ESQL_ASYNC_CATALOGUE: '/n\u0007o\u001b[2Jwhere' })
    expect(await text.exited).toBe(1)
    expect(text.stdout).toMatch(/catalogue .*\/n\\u0007owhere/)
    expect(text.stdout).not.toMatch(/[^\P{Cc}\n]/u)
  })

  it.each<[string, Environment, Finding]>([
    [
      'a variable that is none',
      { ESQL_ASYNC_PROT: '1' },
      {
        check: 'variables',
        outcome: 'failed',
        says: 'the variable ESQL_ASYNC_PROT is not known; did you mean ESQL_ASYNC_PORT?',
      },
    ],
    [
      'half of a token check',
      {
        ESQL_ASYNC_SAMPLES: 'true',
        ESQL_ASYNC_JWT_ISSUER: 'i',
        ESQL_ASYNC_JWT_AUDIENCE: 'a',
        ESQL_ASYNC_JWT_KEY: 'k',
      },
      {
        check: 'keys',
        outcome: 'failed',
        says: 'ESQL_ASYNC_JWT_KEY, ESQL_ASYNC_JWT_ISSUER, ESQL_ASYNC_JWT_AUDIENCE alone cannot check tokens; set ESQL_ASYNC_JWT_ALGORITHMS too',
      },
    ],
    [
      'a secret that is too short',
      { ...TOKENS, ESQL_ASYNC_SAMPLES: 'true', ESQL_ASYNC_JWT_KEY: 'short' },
      { check: 'keys', outcome: 'failed', says: expect.stringContaining('a secret of 5 bytes') },
    ],
    [
      'nothing to answer with',
      TOKENS,
      {
        check: 'catalogue',
        outcome: 'failed',
        says: expect.stringMatching(/^tokens are checked, but there is nothing/),
      },
    ],
    [
      'a catalogue that is missing',
      { ESQL_ASYNC_CATALOGUE: '/nowhere' },
      {
        check: 'catalogue',
        outcome: 'failed',
        says: expect.stringMatching(/^ESQL_ASYNC_CATALOGUE .*ENOENT/),
      },
    ],
    [
      'a variable of OpenTelemetry that the exporter of measurements cannot use',
      { ESQL_ASYNC_METRICS: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: 'x' },
      {
        check: 'metrics',
        outcome: 'failed',
        says: 'OTEL_EXPORTER_PROMETHEUS_PORT must be a port, 1 to 65535',
      },
    ],
    [
      'a setting that no other check reads',
      { ESQL_ASYNC_MAX_WAIT: 'long' },
      {
        check: 'settings',
        outcome: 'failed',
        says: 'ESQL_ASYNC_MAX_WAIT must be a time value such as 500ms, 30s or 5d, got `long`',
      },
    ],
  ])('names %s, and nothing else', async (_, environment, finding) => {
    const { ok, checks, text } = await checkedHere(environment)
    expect(ok).toBe(false)
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([finding])
    expect(text).not.toContain(TOKENS.ESQL_ASYNC_JWT_KEY)
  })

  it('names a database that does not answer, and nothing else', async () => {
    const url = 'postgres://u:hunter2@127.0.0.1:1/queries'
    const { ok, checks, text } = await checked({ ESQL_ASYNC_POSTGRES_URL: url })
    expect(ok).toBe(false)
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([
      {
        check: 'database',
        outcome: 'failed',
        says: 'the database cannot be used: connect ECONNREFUSED 127.0.0.1:1',
        todo: 'see whether ESQL_ASYNC_POSTGRES_URL is right, and whether its user may use the tables',
      },
    ])
    expect(text).not.toContain('hunter2')
  })

  it('warns of variables that look like settings, which fails nothing', async () => {
    const { ok, of, text } = await checkedHere({ ES_URL: 'http://u:hunter2@es' })
    expect([ok, of('variables')]).toEqual([
      true,
      {
        check: 'variables',
        outcome: 'warning',
        says: 'the variable ES_URL is not read; did you mean ELASTICSEARCH_URL?',
      },
    ])
    expect(text).not.toContain('hunter2')
  })

  it('ends with 2 for a flag that it does not have, and shows its help', async () => {
    const wrong = await commandHere(['--check', '--prot', '1'])
    const help = await commandHere(['--check', '--help'], { ESQL_ASYNC_PROT: '1' })
    expect([wrong.code, wrong.stdout]).toEqual([2, ''])
    expect([help.code, help.stdout.split('\n')[0]]).toEqual([
      0,
      'Usage: express-esql-async-query --check [FLAGS]',
    ])
  })
})

describe('--check of keys that an issuer publishes', () => {
  let issuer: Issuer
  const environment = (): Environment => ({
    ESQL_ASYNC_SAMPLES: 'true',
    ESQL_ASYNC_JWT_JWKS: `${issuer.url}/keys`,
    ESQL_ASYNC_JWT_JWKS_ALLOW_HTTP: 'true',
    ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
    ESQL_ASYNC_JWT_ISSUER: issuer.url,
    ESQL_ASYNC_JWT_AUDIENCE: audience,
  })

  beforeEach(async () => {
    issuer = new Issuer()
    await issuer.start()
    issuer.keys = [jwk(rsaKeys.publicKey, { kid: 'first' })]
  })
  afterEach(() => issuer.stop())

  it('shows which there are, and what they are for', async () => {
    expect((await checked(environment())).of('keys')).toEqual({
      check: 'keys',
      outcome: 'ok',
      says: 'kid "first", a key of type rsa with 2048 bits, for RS256 RS384 RS512 PS256 PS384 PS512',
    })
  })

  it('fails where none of them is for an algorithm that is allowed', async () => {
    const { ok, of } = await checked({ ...environment(), ESQL_ASYNC_JWT_ALGORITHMS: 'ES256' })
    expect([ok, of('keys')]).toEqual([
      false,
      expect.objectContaining({
        outcome: 'failed',
        todo: 'see which algorithms the keys are for, and set ESQL_ASYNC_JWT_ALGORITHMS',
      }),
    ])
  })

  it('says why they cannot be fetched', async () => {
    const asked = environment()
    await issuer.stop()
    expect((await checked(asked)).of('keys')).toEqual({
      check: 'keys',
      outcome: 'failed',
      says: expect.stringContaining('ECONNREFUSED'),
      todo: 'see whether ESQL_ASYNC_JWT_JWKS and ESQL_ASYNC_JWT_ISSUER are right, and can be reached from here',
    })
  })
})

describe('--check of a cluster', () => {
  let cluster: Cluster
  const environment = (): Environment => ({
    ...TOKENS,
    ELASTICSEARCH_URL: cluster.url,
    ELASTICSEARCH_API_KEY: API_KEY.encoded,
    ESQL_ASYNC_SEALING_KEYS: newSealingKey(),
  })

  beforeEach(async () => {
    cluster = await startCluster()
  })
  afterEach(() => cluster.close())

  it('shows its release, asks for a query, and leaves nothing behind', async () => {
    const { ok, of } = await checked(environment())
    expect(ok).toBe(true)
    expect(of('cluster')?.says).toMatch(/^Elasticsearch 9\.5\.\d+ at http:/)
    expect(of('queries')?.says).toBe('the service account may run ES|QL async queries')
    expect(of('sealing keys')?.says).toBe('one key')
    expect(of('catalogue')?.outcome).toBe('skipped')
    expect(cluster.running).toEqual([])
    const bodies = cluster.requests.filter(({ method }) => method === 'POST').map(({ body }) => String(body))
    expect(bodies).toEqual([expect.stringContaining('"keep_on_completion":false')])
  })

  it.each<[string, () => Environment | Promise<Environment>, Partial<Finding>]>([
    [
      'does not take the account',
      () => ({ ELASTICSEARCH_API_KEY: Buffer.from('id:wrong').toString('base64') }),
      {
        check: 'cluster',
        says: 'the cluster refuses the credentials of the gateway',
        todo: 'set ELASTICSEARCH_API_KEY, or user name and password, of an account that this cluster knows',
      },
    ],
    [
      'is not there',
      async () => {
        await cluster.close()
        return {}
      },
      {
        check: 'cluster',
        says: expect.stringContaining('ECONNREFUSED'),
        todo: 'see whether ELASTICSEARCH_URL is right, and can be reached from here',
      },
    ],
    [
      'is something else',
      () => {
        cluster.inject('info', { kind: 'answer', status: 200, body: '<html>' }, 2)
        return {}
      },
      {
        check: 'cluster',
        says: 'what answers 200 is not Elasticsearch',
        todo: 'see what answers at ELASTICSEARCH_URL: a proxy, a login page, or another port',
      },
    ],
    [
      'speaks no TLS',
      () => ({ ELASTICSEARCH_URL: cluster.url.replace('http:', 'https:') }),
      { check: 'cluster', todo: expect.stringContaining('ELASTICSEARCH_CA_FILE') },
    ],
    [
      'lets the account run nothing',
      () => {
        const reason = 'action [indices:data/read/esql/async] is unauthorized for API key id [key-1]'
        cluster.inject('submit', refusal(403, { type: 'security_exception', reason }))
        return {}
      },
      {
        check: 'queries',
        says: expect.stringContaining('unauthorized'),
        todo: 'grant its role the cluster privilege `monitor`, and `read` on the indices that callers query',
      },
    ],
    [
      'gets a sealing key that is none',
      () => ({ ESQL_ASYNC_SEALING_KEYS: 's3cret' }),
      { check: 'sealing keys', says: expect.stringContaining('--new-sealing-key') },
    ],
  ])('says what to do where it %s', async (_, change, finding) => {
    const base = environment()
    const asked = { ...base, ...(await change()) }
    const { ok, checks, text } = await checked(asked)
    expect(ok).toBe(false)
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([
      expect.objectContaining({ outcome: 'failed', ...finding }),
    ])
    const { ELASTICSEARCH_API_KEY: key, ESQL_ASYNC_SEALING_KEYS: seal, ESQL_ASYNC_JWT_KEY: secret } = asked
    for (const hidden of [key, seal, secret]) expect(text).not.toContain(hidden)
  })

  it('asks nothing in the name of callers whose tokens the cluster gets', async () => {
    const { ELASTICSEARCH_API_KEY: _, ...others } = environment()
    const { of } = await checked({ ...others, ESQL_ASYNC_FORWARD_AUTHORIZATION: 'true' })
    expect([of('cluster')?.outcome, of('queries')?.outcome]).toEqual(['ok', 'skipped'])
  })
})

describe('--check of a database', () => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await PostgresServer.start()
  }, 120_000)
  afterAll(() => server.remove())

  const environment = (): Environment => ({ ESQL_ASYNC_POSTGRES_URL: server.url })

  it('says that tables are missing, creates none, and finds them after a start', async () => {
    for (let times = 0; times < 2; times += 1) {
      expect((await checked(environment())).of('database')).toEqual({
        check: 'database',
        outcome: 'ok',
        says: expect.stringMatching(/^PostgreSQL \d+\.\d+.*, without tables yet: the start creates them$/),
      })
    }
    const gateway = start({ ...environment(), ESQL_ASYNC_PORT: '0' })
    await gateway.url()
    gateway.kill('SIGTERM')
    await gateway.exited
    expect((await checked(environment())).of('database')?.says).toMatch(
      /, with tables that this release knows$/,
    )
  })

  it('names a setting that needs another, beside one that is fine', async () => {
    const file = fileOf('queries.json')
    writeFileSync(file, '{ "version": 2, "queries": [] }')
    const { ok, of } = await checked({
      ...environment(),
      ESQL_ASYNC_MAX_QUERIES: '5',
      ESQL_ASYNC_CATALOGUE: file,
    })
    expect([ok, of('catalogue')?.says, of('database')?.says]).toEqual([
      false,
      `no query in ${file}: every one gets an error`,
      'ESQL_ASYNC_MAX_QUERIES: for queries in memory only; remove it, or ESQL_ASYNC_POSTGRES_URL',
    ])
  })
})
