import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'
import { SteadyLoad } from '../support/steady-load'
import { audience, issuer, rsaKeys, token } from '../support/tokens'
import { answerThat } from '../support/until'
import type { Ending } from '../support/waiting-request'
import { WaitingRequest } from '../support/waiting-request'

const OWNERS = Array.from({ length: 10 }, (_, index) => `owner-${index}`)
const WAITS_PER_OWNER = 30

/** Far from the time in which waits end, so that the spec can tell the two apart. */
const SHUTDOWN_GRACE = '600s'
/** Much more than it takes, because the spec does not test the speed of the machine. */
const PATIENCE_MS = 60_000

let built: BuiltPackage
let server: ServerProcess
const started: ServerProcess[] = []
let url: string

beforeAll(() => {
  built = buildPackage()
})

afterAll(() => built.remove())

/** The server of a test. */
async function start(environment: Record<string, string> = {}): Promise<void> {
  server = startServer(environment)
  url = await server.url()
}

afterEach(async () => {
  for (const server of started.splice(0)) {
    server.kill('SIGKILL')
    await server.exited
  }
})

function startServer(environment: Record<string, string>): ServerProcess {
  const keyFile = path.join(built.folder, 'key.pem')
  writeFileSync(keyFile, rsaKeys.publicKey.export({ type: 'spki', format: 'pem' }))
  const server = new ServerProcess(built, {
    ESQL_ASYNC_HOST: '127.0.0.1',
    ESQL_ASYNC_PORT: '0',
    ESQL_ASYNC_JWT_KEY_FILE: keyFile,
    ESQL_ASYNC_SAMPLES: 'true',
    ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
    ESQL_ASYNC_JWT_ISSUER: issuer,
    ESQL_ASYNC_JWT_AUDIENCE: audience,
    ESQL_ASYNC_SHUTDOWN_GRACE: SHUTDOWN_GRACE,
    ...environment,
  })
  started.push(server)
  return server
}

/** One request that waits, and its query. */
interface Waiting {
  id: string
  path: string
  bearer: string
  request: WaitingRequest
}

/** Sends requests of one owner, each for its own query, and resolves when all of them wait. */
async function waitFor(owner: string, count: number): Promise<Waiting[]> {
  const bearer = token({ sub: owner })
  const waiting: Waiting[] = []
  for (let made = 0; made < count; made++) {
    const id = await submitSlow(bearer)
    const path = `/_query/async/${encodeURIComponent(id)}`
    const request = await new WaitingRequest(url).get(`${path}?keep_alive=6d`, bearer)
    waiting.push({ id, path, bearer, request })
  }
  for (const { path } of waiting) await untilExtended(path, bearer)
  return waiting
}

async function submitSlow(bearer: string): Promise<string> {
  const answer = await fetch(`${url}/_query/async`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'FROM slower', wait_for_completion_timeout: '0s' }),
  })
  expect(answer.status).toBe(200)
  await answer.arrayBuffer()
  return answer.headers.get('x-elasticsearch-async-id') ?? ''
}

/** Resolves when a query has a longer keep-alive than at submit, which shows that a wait has begun. */
async function untilExtended(path: string, bearer: string): Promise<void> {
  const headers = { authorization: `Bearer ${bearer}` }
  const keptMs = async () => {
    const answer = await fetch(`${url}${path}?wait_for_completion_timeout=0s`, { headers })
    const body = (await answer.json()) as Record<string, number>
    return Number(body.expiration_time_in_millis) - Number(body.start_time_in_millis)
  }
  await answerThat((kept) => kept > 5.5 * 86_400_000, keptMs)
}

/** The parts of an answer, as they came over the connection. */
function partsOf({ text, error }: Ending) {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [status, ...lines] = head.split('\r\n')
  const connection = lines.filter((line) => /^connection:/i.test(line))
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1])
  return { status, connection, isWhole: length === body.length, body, error }
}

describe('SIGTERM with hundreds of requests that wait', () => {
  it('answers every request and ends with 0', async () => {
    await start()
    const waiting = (await Promise.all(OWNERS.map((owner) => waitFor(owner, WAITS_PER_OWNER)))).flat()
    const [newcomer] = waiting
    assert(newcomer)
    const signalledMs = performance.now()
    server.kill('SIGTERM')
    const newcomers = knockUntilExit(newcomer)
    const endings = await Promise.all(waiting.map(({ request }) => request.ended))
    expect(await server.exited).toBe(0)
    expect(performance.now() - signalledMs).toBeLessThan(PATIENCE_MS)

    expect(endings.map(partsOf)).toEqual(
      waiting.map(({ id }) => ({
        status: 'HTTP/1.1 200 OK',
        connection: ['Connection: close'],
        isWhole: true,
        body: expect.stringContaining(`{"id":"${id}","is_running":true,`),
        error: undefined,
      })),
    )
    expect((await newcomers).filter((ending) => !isClean(ending))).toEqual([])
  })
})

/** Sends the same request on new connections, one after the other, until the server is gone. */
async function knockUntilExit({ path, bearer }: Waiting): Promise<Ending[]> {
  const endings: Ending[] = []
  let isOver = false
  void server.exited.then(() => {
    isOver = true
  })
  while (!isOver) {
    const request = await new WaitingRequest(url).get(path, bearer)
    endings.push(await request.ended)
  }
  return endings
}

/** The whole answer to a request that no longer waits, or nothing. */
function isClean(ending: Ending): boolean {
  const { status, connection, isWhole, body } = partsOf(ending)
  if (ending.text === '') return true
  const isAnswer = status === 'HTTP/1.1 200 OK' && connection[0] === 'Connection: close' && isWhole
  return isAnswer && body.includes('"is_running":true')
}

describe('SIGTERM under load', () => {
  it('resets no request on a connection that is in use', async () => {
    await start()
    const load = new SteadyLoad(url)
    await load.untilAnswered(500)
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    await load.stop()
    expect(load.failures.filter(({ error, wasUsed }) => wasUsed && error === 'ECONNRESET')).toEqual([])
  })

  it('fails no request of a load balancer that asks for readiness', async () => {
    await start({ ESQL_ASYNC_SHUTDOWN_DELAY: '600s' })
    const load = new SteadyLoad(url)
    await load.untilAnswered(500)
    server.kill('SIGTERM')
    while ((await fetch(`${url}/readyz`)).status === 200);
    await load.untilAnswered(500)
    await load.stop()
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    expect(load.failures).toEqual([])
  })
})
