import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import { installedBinaries, runnableBinaries, serverUser } from './binaries'
import { KEEPER, newFolder, PostgresServer } from './server'

const clients: Client[] = []

async function connect({ url }: PostgresServer): Promise<Client> {
  const client = new Client(url)
  clients.push(client)
  // What becomes of a connection is seen in its statements.
  client.on('error', () => {})
  await client.connect()
  return client
}

async function firstCell(client: Client, text: string): Promise<unknown> {
  const { rows } = await client.query({ text, rowMode: 'array' })
  return rows[0]?.[0]
}

/** A statement that does not end by itself. Resolves when the server runs it. */
async function beginSleep(client: Client): Promise<{ ended: Promise<unknown> }> {
  const runs = once(client, 'notice')
  const ended = client.query(`DO $$ BEGIN RAISE NOTICE 'runs'; PERFORM pg_sleep(600); END $$`)
  await runs
  return { ended }
}

async function closeClients(): Promise<void> {
  await Promise.all(clients.splice(0).map((client) => client.end()))
}

/** The letter for the state of a process: T for one that is stopped. One that nobody has reaped yet has gone. */
function stateOf(pid: unknown): string {
  if (process.platform !== 'linux') {
    return (
      spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
        .stdout.toString()
        .slice(0, 1) || 'gone'
    )
  }
  const file = `/proc/${pid}/stat`
  const [, state = 'Z'] = existsSync(file) ? (/\) (\S)/.exec(readFileSync(file, 'utf8')) ?? []) : []
  return state === 'Z' ? 'gone' : state
}

/** Lines of the file in which a running server says what it holds. */
function pidFile({ folder }: { folder: string }): string[] {
  return readFileSync(path.join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')
}

describe('PostgresServer', () => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await PostgresServer.start({ max_connections: '17' })
  })
  afterEach(closeClients)
  afterAll(() => server.remove())

  it('runs as a user that is not root, in a folder that is closed to others', async () => {
    const { uid, mode } = statSync(server.folder)
    expect({ uid, mode: mode & 0o777 }).toEqual({ uid: serverUser.uid ?? process.getuid?.(), mode: 0o700 })
    expect(statSync(path.join(server.folder, 'data', 'postmaster.pid')).uid).toBe(uid)
    expect(uid).not.toBe(0)
  })

  it('listens on a socket and on no port', async () => {
    const client = await connect(server)
    expect(await firstCell(client, 'SHOW listen_addresses')).toBe('')
    expect(await firstCell(client, 'SELECT inet_server_addr()')).toBeNull()
  })

  it('has the settings that it got', async () => {
    const client = await connect(server)
    expect(await firstCell(client, 'SHOW max_connections')).toBe('17')
    expect(await firstCell(client, 'SHOW fsync')).toBe('off')
  })

  it('is no other for what the surroundings say', async () => {
    const client = await connect(server)
    expect(await firstCell(client, 'SHOW timezone')).toBe('UTC')
    expect(await firstCell(client, 'SHOW lc_messages')).toBe('C')
    expect(await firstCell(client, 'SHOW server_encoding')).toBe('UTF8')
  })

  it('carries notifications from one connection to another', async () => {
    const [listener, other] = [await connect(server), await connect(server)]
    await listener.query('LISTEN news')
    const notification = once(listener, 'notification')
    await other.query(`SELECT pg_notify('news', 'done')`)
    expect(await notification).toMatchObject([{ channel: 'news', payload: 'done' }])
  })

  it('keeps what was committed, and nothing else, when it is killed and starts again', async () => {
    const [writer, open] = [await connect(server), await connect(server)]
    await writer.query('CREATE TABLE kept AS SELECT 1 AS row')
    await open.query('BEGIN; INSERT INTO kept VALUES (2)')
    const pids = [await firstCell(writer, 'SELECT pg_backend_pid()'), pidFile(server)[0]]
    const sleeping = await beginSleep(writer)

    await Promise.all([
      expect(sleeping.ended).rejects.toThrow('Connection terminated unexpectedly'),
      server.kill(),
    ])
    expect(pids.map(stateOf)).toEqual(['gone', 'gone'])
    await expect(new Client(server.url).connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })

    await server.start()
    const { rows } = await (await connect(server)).query('SELECT row FROM kept')
    expect(rows).toEqual([{ row: 1 }])
  })

  it('tells its clients when it shuts down', async () => {
    const client = await connect(server)
    const sleeping = await beginSleep(client)
    await Promise.all([expect(sleeping.ended).rejects.toMatchObject({ code: '57P01' }), server.shutDown()])
    await server.start()
    expect(await firstCell(await connect(server), 'SELECT 1')).toBe(1)
  })

  it('does nothing while it is frozen, and goes on after that', async () => {
    const client = await connect(server)
    const checkpointer = `SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`
    const children = [
      await firstCell(client, 'SELECT pg_backend_pid()'),
      await firstCell(client, checkpointer),
    ]
    const pids = [pidFile(server)[0], ...children]
    await server.freeze()
    expect(pids.map(stateOf)).toEqual(pids.map(() => 'T'))

    const statement = firstCell(client, 'SELECT 1')
    const connection = connect(server)
    await server.thaw()
    expect(await statement).toBe(1)
    expect(await firstCell(await connection, 'SELECT 2')).toBe(2)
  })

  it('dies frozen too', async () => {
    await server.freeze()
    await server.kill()
    await server.start()
    expect(await firstCell(await connect(server), 'SELECT 1')).toBe(1)
  })

  it('starts once', async () => {
    await expect(server.start()).rejects.toThrow('PostgreSQL does not start: it runs already')
  })
})

describe('a PostgresServer that is not needed any more', () => {
  afterEach(closeClients)

  it.each([
    ['was killed', (server: PostgresServer) => server.kill()],
    ['is frozen', (server: PostgresServer) => server.freeze()],
  ])('leaves nothing if it %s', async (_state, bringAbout) => {
    const server = await PostgresServer.start()
    const [pid, , , , , , memory = ''] = pidFile(server)
    const backend = await firstCell(await connect(server), 'SELECT pg_backend_pid()')
    await bringAbout(server)
    await server.remove()
    expect([pid, backend].map(stateOf)).toEqual(['gone', 'gone'])
    expect(existsSync(server.folder)).toBe(false)
    expect(sharedMemory()).not.toContain(memory.trim().split(/\s+/)[1])
    await server.remove()
  })

  it.each([
    ['has started', 'started'],
    ['starts', 'told'],
  ])('goes when the process that keeps it is killed while it %s', async (_state, moment) => {
    const folder = newFolder()
    const options = JSON.stringify({ folder, user: serverUser, settings: {} })
    const bin = runnableBinaries(installedBinaries(), folder)
    const script = `
      const keeper = require('node:child_process').fork(process.argv[1], [process.argv[2]], { detached: true })
      keeper.send(['start', process.argv[3]], () => console.log('told'))
      keeper.on('message', ({ error }) => console.log(error ?? 'started'))`
    const child = spawn(process.execPath, ['-e', script, KEEPER, options, bin], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface(child.stdout)) if (line === moment) break
    const pid = moment === 'started' ? pidFile({ folder })[0] : undefined
    // The keeper shares this output, so it closes when the keeper has ended.
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    child.stdout.resume()
    expect(await closed).toEqual([null, 'SIGKILL'])
    expect(stateOf(pid)).toBe('gone')
    expect(existsSync(folder)).toBe(false)
  })
})

describe('the binaries of a PostgresServer', () => {
  afterEach(closeClients)

  it('may lie where its user cannot go, and need no links between libraries', async () => {
    const closedFolder = mkdtempSync(path.join(tmpdir(), 'esql-async-binaries-'))
    const filter = (name: string) => !lstatSync(name).isSymbolicLink()
    cpSync(installedBinaries(), closedFolder, { recursive: true, filter })
    const server = await PostgresServer.start({}, closedFolder)
    try {
      expect(await firstCell(await connect(server), 'SELECT 1')).toBe(1)
      expect(existsSync(path.join(server.folder, 'native'))).toBe(process.getuid?.() === 0)
    } finally {
      await server.remove()
      rmSync(closedFolder, { recursive: true })
    }
  })

  it('say why they do not start', async () => {
    await expect(PostgresServer.start({ no_such_setting: '1' })).rejects.toThrow(
      /unrecognized configuration parameter "no_such_setting"/,
    )
  })
})

/** Ids of the segments of shared memory on this machine, as far as it tells. */
function sharedMemory(): string[] {
  const table = '/proc/sysvipc/shm'
  if (!existsSync(table)) return []
  const lines = readFileSync(table, 'utf8').trim().split('\n')
  return lines.map((line) => line.trim().split(/\s+/)[1] ?? '')
}
