import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Client } from 'pg'
import type { PostgresStoreOptions } from '../../lib/stores/postgres/options'
import { SCHEMA_VERSION } from '../../lib/stores/postgres/schema'
import { LeavingClient } from '../support/leaving-client'
import { PostgresServer } from '../support/postgres/server'
import { PostgresGateway } from '../support/postgres-gateway'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage } from '../support/server-process'
import { token } from '../support/tokens'
import { answerThat } from '../support/until'

const alice = token({ sub: 'alice' })
const mallory = token({ sub: 'mallory' })
/** Short, so that a process is lost soon. */
const SHORT: Partial<PostgresStoreOptions> = { heartbeatMs: 500, leaseMs: 3_000, closeGraceMs: 1_000 }

const DISCONNECTED = {
  type: 'node_disconnected_exception',
  reason: 'the process that ran the query is gone; submit it again',
}
const CLOSED = {
  type: 'node_closed_exception',
  reason: 'the process that ran the query has shut down; submit it again',
}

const PROCESSES = 10

/** Creates the tables, and loads just what it needs for that. */
const MIGRATION = `
  const [folder, connectionString] = process.argv.slice(1)
  const { PostgresStore } = require(folder + '/dist/stores/postgres/postgres-store.js')
  const { Pool } = require(require.resolve('pg', { paths: [folder] }))
  const pool = new Pool({ connectionString })
  const store = new PostgresStore({ pool, schema: 'many', execute() {} })
  store.migrate().then(() => pool.end())`

function migration({ folder }: BuiltPackage, databaseUrl: string): ChildProcess {
  return spawn(process.execPath, ['-e', MIGRATION, folder, databaseUrl], { stdio: 'inherit' })
}

/** Gateways in separate processes, which share only PostgreSQL. */
describe('gateways on one PostgreSQL', () => {
  let built: BuiltPackage
  let server: PostgresServer
  const gateways: PostgresGateway[] = []

  beforeAll(async () => {
    built = buildPackage()
    server = await PostgresServer.start()
  })
  afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.end())))
  afterAll(async () => {
    await server.remove()
    built.remove()
  })

  async function startTwo(options = SHORT): Promise<[PostgresGateway, PostgresGateway]> {
    const start = async (): Promise<PostgresGateway> => {
      const gateway = await PostgresGateway.start(built, server.url, options)
      gateways.push(gateway)
      return gateway
    }
    return Promise.all([start(), start()])
  }

  const send = (gateway: PostgresGateway, target: string, body?: object, jwt = alice) =>
    new LeavingClient(gateway.url, target, { token: jwt, ...(body && { body }) }).answer()

  async function submit(gateway: PostgresGateway, query: string): Promise<string> {
    const body = { query, wait_for_completion_timeout: '0s', keep_on_completion: true }
    const { status, text } = await send(gateway, 'POST /_query/async', body)
    expect(status).toBe(200)
    return JSON.parse(text).id
  }

  const get = (gateway: PostgresGateway, id: string, jwt = alice) =>
    send(gateway, `GET /_query/async/${encodeURIComponent(id)}`, undefined, jwt)

  const now = (gateway: PostgresGateway, id: string) =>
    send(gateway, `GET /_query/async/${encodeURIComponent(id)}?wait_for_completion_timeout=0s`)

  /** Begins waits. Resolves when the gateway has got them: a later request of the same kind is answered. */
  async function wait(gateway: PostgresGateway, id: string, count: number) {
    const waits = Array.from({ length: count }, () => get(gateway, id))
    expect(JSON.parse((await now(gateway, id)).text)).toMatchObject({ is_running: true })
    return waits
  }

  function expectError({ status, text }: { status: number; text: string }, error: object): void {
    expect([status, JSON.parse(text)]).toEqual([
      500,
      { error: { root_cause: [error], ...error }, status: 500 },
    ])
  }

  function expectRows(
    { status, text }: { status: number; text: string },
    query: string,
    by: PostgresGateway,
  ) {
    expect([status, JSON.parse(text)]).toMatchObject([
      200,
      { is_running: false, values: [[query, expect.stringContaining('alice'), String(by.pid)]] },
    ])
  }

  it('create the tables once, however many start at the same moment', async () => {
    const client = new Client(server.url)
    await client.connect()
    // Each process has to come to the lock before one may go on.
    await client.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtext('many.migrate'))`)
    const processes = Array.from({ length: PROCESSES }, () => migration(built, server.url))
    try {
      const waiting = async () => {
        const ended = processes.filter(({ exitCode }) => exitCode !== null)
        expect(ended).toEqual([])
        const text = `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
        return (await client.query(text)).rows[0].n
      }
      await answerThat((count) => count >= PROCESSES, waiting)
      const exits = processes.map((process) => once(process, 'exit'))
      await client.query('COMMIT')
      expect(await Promise.all(exits)).toEqual(processes.map(() => [0, null]))
      const { rows } = await client.query('SELECT version FROM many.version')
      expect(rows).toEqual([{ version: SCHEMA_VERSION }])
    } finally {
      for (const process of processes) process.kill('SIGKILL')
      await client.end()
    }
  })

  it('answer waits for a query whose process was killed with a 500, and each get alike', async () => {
    const [one, two] = await startTwo()
    const ids = [await submit(one, 'RUN 1'), await submit(one, 'RUN 2')]
    const other = await submit(two, 'RUN here')
    const waits = (await Promise.all(ids.map((id) => wait(two, id, 20)))).flat()
    const unharmed = get(two, other)
    one.signal('SIGKILL')
    expect(await one.exited).toBe('SIGKILL')
    for (const answer of await Promise.all(waits)) expectError(answer, DISCONNECTED)
    for (const id of ids) {
      for (let times = 0; times < 3; times += 1) expectError(await get(two, id), DISCONNECTED)
      expect((await get(two, id, mallory)).status).toBe(404)
    }
    await two.complete('RUN here')
    expectRows(await unharmed, 'RUN here', two)
  })

  it('count nothing of a process that was frozen for too long', async () => {
    const [one, two] = await startTwo()
    const id = await submit(one, 'RUN')
    const waits = await wait(two, id, 5)
    one.signal('SIGSTOP')
    for (const answer of await Promise.all(waits)) expectError(answer, DISCONNECTED)
    one.signal('SIGCONT')
    await one.complete('RUN')
    for (const gateway of [one, two, one, two]) expectError(await get(gateway, id), DISCONNECTED)
    // It works on.
    const next = await submit(one, 'RUN next')
    await one.complete('RUN next')
    expectRows(await get(two, next), 'RUN next', one)
  })

  it('let queries end when their process shuts down, and fail the others with a 500', async () => {
    const [one, two] = await startTwo()
    const ids = [await submit(one, 'RUN 1'), await submit(one, 'RUN 2')]
    const [inTime, late] = (await Promise.all(ids.map((id) => wait(two, id, 3)))) as [
      ReturnType<typeof get>[],
      ReturnType<typeof get>[],
    ]
    one.signal('SIGTERM')
    await one.closing()
    await one.complete('RUN 1')
    for (const answer of await Promise.all(inTime)) expectRows(answer, 'RUN 1', one)
    for (const answer of await Promise.all(late)) expectError(answer, CLOSED)
    expect(await one.exited).toBe(0)
    expectRows(await get(two, ids[0] ?? ''), 'RUN 1', one)
    expectError(await get(two, ids[1] ?? ''), CLOSED)
  })

  it.each(['SIGKILL', 'SIGTERM', 'SIGSTOP'] as const)(
    "run a query again after %s with onLost: 'rerun', once, for its owner",
    async (signal) => {
      const [one, two] = await startTwo({ ...SHORT, onLost: 'rerun' })
      const id = await submit(one, 'RUN again')
      const waits = await wait(two, id, 5)
      one.signal(signal)
      await two.runs('RUN again')
      if (signal === 'SIGSTOP') {
        one.signal('SIGCONT')
        await one.complete('RUN again')
        expect(JSON.parse((await now(one, id)).text)).toMatchObject({ is_running: true })
      }
      await two.complete('RUN again')
      for (const answer of await Promise.all(waits)) expectRows(answer, 'RUN again', two)
      expect((await get(two, id, mallory)).status).toBe(404)
    },
  )

  it('show each other running queries of an owner, and answer a failed query alike', async () => {
    const [one, two] = await startTwo()
    const id = await submit(one, 'RUN listed')
    for (const gateway of [one, two]) {
      const { queries } = JSON.parse((await send(gateway, 'GET /_query/queries')).text)
      expect(Object.values(queries)).toMatchObject([{ query: 'RUN listed' }])
      const foreign = await send(gateway, 'GET /_query/queries', undefined, mallory)
      expect(JSON.parse(foreign.text)).toEqual({ queries: {} })
    }
    await send(two, `DELETE /_query/async/${encodeURIComponent(id)}`)
    const failing = await submit(one, 'FAIL')
    const [first, second] = [await get(one, failing), await get(two, failing)]
    expect([second.status, second.text, second.headers['retry-after']]).toEqual([507, first.text, '7'])
    const own = { type: 'engine_exception', reason: 'no disk', bytes_wanted: 3, index: 'x' }
    const inner = { type: 'inner', reason: 'root' }
    expect(JSON.parse(second.text)).toEqual({
      error: {
        root_cause: [own],
        ...own,
        caused_by: { type: 'io_exception', reason: 'full', caused_by: inner },
      },
      status: 507,
    })
  })
})
