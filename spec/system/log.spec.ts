import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, createReadStream, openSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import { stripVTControlCharacters } from 'node:util'
import { newSealingKey } from 'express-esql-async-query'
import { GatewayProcess } from '../support/gateway-process'
import { programAt } from '../support/programs'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'
import { token } from '../support/tokens'
import { until } from '../support/until'

/** As much of it as the log shows. */
const OPAQUE_ID = 'x'.repeat(256)
/** Lines of the log that exceed by far what it holds back for its reader. */
const MANY = 6_000

let built: BuiltPackage
let server: ServerProcess | undefined

beforeAll(() => {
  built = buildPackage()
})

afterAll(() => built.remove())

afterEach(async () => {
  server?.kill('SIGKILL')
  await server?.exited
})

function start(files: { stdout?: number; stderr?: number } = {}): ServerProcess {
  server = new ServerProcess(built, { ESQL_ASYNC_PORT: '0' }, [], files)
  return server
}

/** Sends requests without a token, behind each other on one connection. Each makes a line of the log. */
async function refuse(url: string, count: number): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const head = `GET /_query/async/none HTTP/1.1\r\nHost: me\r\nX-Opaque-Id: ${OPAQUE_ID}\r\n`
  socket.write(`${`${head}\r\n`.repeat(count - 1)}${head}Connection: close\r\n\r\n`)
  const answers = await readText(socket)
  expect(answers.match(/HTTP\/1.1 401 /g)).toHaveLength(count)
}

async function endsWith0(server: ServerProcess): Promise<void> {
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
}

/** The address in a log that begins with the line of a server that listens. */
const urlIn = (log: string): string => JSON.parse(log.trim().split('\n')[0] ?? '').url

describe('a standalone gateway', () => {
  it('goes on when the reader of its log is gone', async () => {
    const server = start()
    const url = await server.url()
    server.pipe('stderr').destroy()
    await refuse(url, 20)
    await endsWith0(server)
  })

  it('goes on when the reader of its standard output is gone', async () => {
    const server = start()
    server.pipe('stdout').destroy()
    await server.logged('listening')
    await refuse(urlIn(server.stderr), 20)
    await endsWith0(server)
  })

  it('goes on when the readers of both are gone', async () => {
    const server = start()
    const url = await server.url()
    for (const name of ['stdout', 'stderr'] as const) server.pipe(name).destroy()
    await refuse(url, 20)
    await endsWith0(server)
  })

  it('goes on when the disk of its log is full', async () => {
    const full = openSync('/dev/full', 'w')
    const server = start({ stderr: full })
    await refuse(await server.url(), 20)
    await endsWith0(server)
    closeSync(full)
  })

  it('goes on when the disk of its standard output is full', async () => {
    const full = openSync('/dev/full', 'w')
    const server = start({ stdout: full })
    await server.logged('listening')
    await refuse(urlIn(server.stderr), 20)
    await endsWith0(server)
    closeSync(full)
  })

  it('goes on when nobody reads its log, holds little of it, and says how many lines it lost', async () => {
    const server = start()
    const url = await server.url()
    server.pipe('stderr').pause()
    await refuse(url, MANY)
    server.pipe('stderr').resume()
    await server.logged('lines of the log could not be written')
    await endsWith0(server)

    expect(server.stderr.length).toBeLessThan(MANY * OPAQUE_ID.length)
    const refusals = server.log.filter(({ message }) => message === 'a caller was refused')
    const notes = server.log.filter(({ lines }) => lines !== undefined)
    expect(notes).toEqual([
      { time: expect.any(String), level: 'warn', message: expect.any(String), lines: expect.any(Number) },
    ])
    expect(refusals.length + Number(notes[0]?.lines)).toBe(MANY)
  })

  it('ends on a signal although nobody reads its log', async () => {
    const server = start()
    const url = await server.url()
    server.pipe('stderr').pause()
    await refuse(url, MANY)
    server.kill('SIGTERM')
    await until(() => !server.isRunning)
    server.pipe('stderr').resume()
    expect(await server.exited).toBe(0)
  })

  it('writes its log again for a new reader, and first says how many lines it lost', async () => {
    const fifo = path.join(built.folder, 'log')
    execFileSync('mkfifo', [fifo])
    const firstReader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
    const log = openSync(fifo, 'w')
    const server = start({ stderr: log })
    const url = await server.url()
    closeSync(firstReader)
    await refuse(url, 7)
    let text = ''
    const reader = createReadStream(fifo, 'utf8').on('data', (chunk) => {
      text += chunk
    })
    // Lines that are written before the file is open are lost too.
    await once(reader, 'open')
    await refuse(url, 2)
    closeSync(log)
    await endsWith0(server)
    await finished(reader)

    const lines = text.split('\n').filter(Boolean)
    const [note, ...others] = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn')
    expect(lines.filter((line) => line.includes('a caller was refused')).length + note.lines).toBe(9)
    expect(others).toEqual([])
  })
})

const SCRIPT = programAt('script')

describe('the log of a standalone gateway', () => {
  const plain = /^[\d:.]+ INFO +listening url=http/m
  const read = async (server: ServerProcess) => {
    await server.url()
    while (!server.stderr.includes('listening')) await once(server.pipe('stderr'), 'data')
    return server.stderr
  }

  ;(SCRIPT ? it : it.skip)('is for people and in colour on a terminal', async () => {
    const bin = path.join(built.folder, 'dist', 'bin.js')
    const env = { PATH: process.env.PATH, TERM: 'xterm-256color', ESQL_ASYNC_PORT: '0' }
    const terminal = spawn(SCRIPT ?? '', ['-qec', `"${process.execPath}" "${bin}"`, '/dev/null'], { env })
    let shown = ''
    terminal.stdout.on('data', (chunk) => {
      shown += chunk
    })
    const ended = once(terminal, 'close')
    while (!shown.includes('listening')) await once(terminal.stdout, 'data')
    // The terminal is gone, which the gateway hears as SIGHUP.
    terminal.kill('SIGKILL')
    await ended
    expect(shown).toContain('\u001b[32mINFO ')
    expect(stripVTControlCharacters(shown)).toMatch(plain)
  })

  it('is for people, and without colours in a file, where a setting says so', async () => {
    server = new ServerProcess(built, { ESQL_ASYNC_PORT: '0', ESQL_ASYNC_LOG_FORMAT: 'pretty' })
    const log = await read(server)
    expect(log).toMatch(plain)
    expect(log).not.toContain('\u001b')
    await endsWith0(server)
  })
})

describe('a gateway of a host without a logger', () => {
  it('goes on when the reader of its console is gone', async () => {
    const unreachable = 'http://127.0.0.1:1'
    const gateway = new GatewayProcess(built, { url: unreachable, sealingKeys: [newSealingKey()] })
    await gateway.listening()
    gateway.closeOutput()
    const statuses: number[] = []
    for (let sent = 0; sent < 10; sent += 1) {
      const { status } = await fetch(`${gateway.url}/_query/async`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token({ sub: 'alice' })}`, 'content-type': 'application/json' },
        body: '{"query":"FROM books"}',
      })
      statuses.push(status)
    }
    expect(statuses).toEqual(Array.from({ length: 10 }, () => 503))
    await gateway.kill()
  })
})
