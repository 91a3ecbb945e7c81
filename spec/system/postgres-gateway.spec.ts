import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { Client } from '@elastic/elasticsearch'
import { PostgresServer } from '../support/postgres/server'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'
import { audience, issuer, rsaKeys, token } from '../support/tokens'
import { answerThat } from '../support/until'

type Times = Record<'start_time_in_millis' | 'expiration_time_in_millis', number>

const KEY = rsaKeys.publicKey.export({ type: 'spki', format: 'pem' }).toString()

/** Two standalone gateways in processes of their own. They share a database, and nothing else. */
describe('standalone gateways on one PostgreSQL', () => {
  let built: BuiltPackage
  let server: PostgresServer
  const started: ServerProcess[] = []

  beforeAll(async () => {
    built = buildPackage()
    server = await PostgresServer.start()
  }, 120_000)
  afterEach(async () => {
    for (const gateway of started) gateway.kill('SIGKILL')
    await Promise.all(started.splice(0).map(({ exited }) => exited))
  })
  afterAll(async () => {
    built.remove()
    await server.remove()
  })

  function start(environment: Record<string, string> = {}): ServerProcess {
    const gateway = new ServerProcess(built, {
      ESQL_ASYNC_HOST: '127.0.0.1',
      ESQL_ASYNC_PORT: '0',
      ESQL_ASYNC_SAMPLES: String(environment.ESQL_ASYNC_CATALOGUE === undefined),
      ESQL_ASYNC_JWT_KEY: KEY,
      ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
      ESQL_ASYNC_JWT_ISSUER: issuer,
      ESQL_ASYNC_JWT_AUDIENCE: audience,
      ESQL_ASYNC_POSTGRES_URL: server.url,
      ...environment,
    })
    started.push(gateway)
    return gateway
  }

  const clientOf = async (gateway: ServerProcess, sub = 'alice') =>
    new Client({ node: await gateway.url(), auth: { bearer: token({ sub }) }, maxRetries: 0 })

  const submit = (client: Client, query: string) =>
    client.esql.asyncQuery({ query, wait_for_completion_timeout: '0s', keep_on_completion: true })

  it('create the tables at the same time, and serve each other’s queries to their owner', async () => {
    const gateways = [start(), start()]
    const [one, other] = await Promise.all(gateways.map((gateway) => clientOf(gateway)))
    const { id = '', is_running } = await submit(one as Client, 'FROM slow')
    expect(is_running).toBe(true)
    const result = await other?.esql.asyncQueryGet({ id })
    expect(result).toMatchObject({ is_running: false, is_partial: false })
    expect(await one?.esql.asyncQueryGet({ id })).toEqual(result)
    const mallory = await clientOf(gateways[1] as ServerProcess, 'mallory')
    await expect(mallory.esql.asyncQueryGet({ id })).rejects.toMatchObject({ statusCode: 404 })
    expect(await other?.esql.asyncQueryDelete({ id })).toEqual({ acknowledged: true })
    await expect(one?.esql.asyncQueryGet({ id })).rejects.toMatchObject({ statusCode: 404 })
  })

  it('keep no query longer than the catalogue says, whichever of them is asked', async () => {
    const catalogue = path.join(built.folder, 'limited.json')
    const response = { columns: [{ name: 'n', type: 'integer' }], values: [[1]] }
    const queries = [{ query: 'FROM limited', keep_alive: '5m', response }]
    writeFileSync(catalogue, JSON.stringify({ version: 2, queries }))
    const [one, other] = [await clientOf(start({ ESQL_ASYNC_CATALOGUE: catalogue })), await clientOf(start())]
    const submitted = await one.esql.asyncQuery({
      ...{ query: 'FROM limited', wait_for_completion_timeout: '10s' },
      ...{ keep_on_completion: true, keep_alive: '1d' },
    })
    const got = await other.esql.asyncQueryGet({ id: submitted.id ?? '', keep_alive: '1d' })
    for (const answer of [submitted, got]) {
      const { start_time_in_millis: begin, expiration_time_in_millis: end } = answer as unknown as Times
      expect(end - begin).toBeLessThan(3_600_000)
    }
  })

  it('stop each other’s queries, and keep the rows so far', async () => {
    const [one, other] = [await clientOf(start()), await clientOf(start())]
    const { id = '' } = await submit(one, 'FROM slower')
    expect(await other.esql.asyncQueryStop({ id })).toMatchObject({ is_running: false, is_partial: true })
  })

  it('serve what is finished after a restart, and end with 0 when they are asked to', async () => {
    const before = start()
    const client = await clientOf(before)
    const { id = '' } = await submit(client, 'FROM many | LIMIT 100000')
    const { values } = await client.esql.asyncQueryGet({ id })
    const running = await submit(client, 'FROM slower')
    before.kill('SIGTERM')
    expect(await before.exited).toBe(0)
    const after = await clientOf(start())
    expect((await after.esql.asyncQueryGet({ id })).values).toEqual(values)
    await expect(after.esql.asyncQueryGet({ id: running.id ?? '' })).rejects.toMatchObject({
      statusCode: 500,
      body: { error: { type: 'node_closed_exception' } },
    })
  })

  it('are ready as long as the database answers', async () => {
    const gateway = start()
    const url = await gateway.url()
    const ask = async () => {
      const response = await fetch(`${url}/readyz`)
      return [response.status, ((await response.json()) as { checks: { store: string } }).checks.store]
    }
    expect(await ask()).toEqual([200, 'ok'])
    await server.kill()
    await gateway.logged('a connection to PostgreSQL has failed')
    // A probe that has just succeeded answers for the next ones too.
    expect(await answerThat(([status]) => status !== 200, ask)).toEqual([503, 'not available'])
    await server.start()
    expect(await answerThat(([status]) => status !== 503, ask)).toEqual([200, 'ok'])
    gateway.kill('SIGTERM')
    expect(await gateway.exited).toBe(0)
  })

  it('end with 1 and one line where the package `pg` is missing', async () => {
    const hook = path.join(built.folder, 'without-pg.cjs')
    writeFileSync(
      hook,
      `const { Module } = require('module')
      const load = Module._load
      Module._load = (name, ...others) => load(name === 'pg' ? 'pg-is-not-installed' : name, ...others)`,
    )
    const gateway = start({ NODE_OPTIONS: `--require ${hook}` })
    expect([await gateway.exited, gateway.stdout]).toEqual([1, ''])
    expect(gateway.stderr).toBe(
      'express-esql-async-query: ESQL_ASYNC_POSTGRES_URL needs the package `pg`; run npm install pg\n',
    )
  })

  it.each([
    ['does not answer', 'localhost:1', /the database cannot be used: connect ECONNREFUSED/],
    ['is not there', 'localhost/nowhere', /the database cannot be used: database "nowhere" does not exist/],
  ])(
    'end with 1 and one line where the database %s, and do not print the password',
    async (_, at, reason) => {
      const folder = at.includes('/') ? `?host=${encodeURIComponent(server.folder)}` : '/queries'
      const gateway = start({
        ESQL_ASYNC_POSTGRES_URL: `postgres://postgres:hunter2@${at}${folder}`,
        ESQL_ASYNC_LOG_LEVEL: 'debug',
      })
      expect(await gateway.exited).toBe(1)
      expect(gateway.stderr).toMatch(
        new RegExp(`^express-esql-async-query: ESQL_ASYNC_POSTGRES_URL: ${reason.source}[^\n]*\n$`),
      )
      expect(gateway.stderr + gateway.stdout).not.toContain('hunter2')
    },
  )

  it('end with 1 where the address is taken, and leave no connection open', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const gateway = start({ ESQL_ASYNC_PORT: String(port) })
    expect(await gateway.exited).toBe(1)
    expect(gateway.stderr).toContain('EADDRINUSE')
    taken.close()
  })
})
