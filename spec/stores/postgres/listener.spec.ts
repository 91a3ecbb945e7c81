import { Client, Pool } from 'pg'
import { systemClock } from '../../../lib/core/clock'
import { Listener, listenerClients } from '../../../lib/stores/postgres/listener'
import { PostgresServer } from '../../support/postgres/server'

/** What comes, and who waits for it. */
class Inbox {
  readonly #come: string[] = []
  #onChange = (): void => {}

  add(what: string): void {
    this.#come.push(what)
    this.#onChange()
  }

  count(what: string): number {
    return this.#come.filter((come) => come === what).length
  }

  async until(what: string, times = 1): Promise<void> {
    while (this.count(what) < times) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve
      })
    }
  }
}

const CHANNEL = 'esql_async_test'

let server: PostgresServer
let pool: Pool
let inbox: Inbox
let listener: Listener

function listen({ statementTimeoutMs = 5_000, notify = (payload: string) => say(payload) } = {}): Listener {
  const logger = { debug() {}, info() {}, error() {}, warn: (_: object, text: string) => inbox.add(text) }
  const clients = listenerClients(pool, { listener: undefined, statementTimeoutMs })
  listener = new Listener(clients, CHANNEL, { clock: systemClock, statementTimeoutMs, logger })
  listener.start({
    notify,
    onConnected: () => inbox.add('connected'),
    onNotification: (payload) => inbox.add(payload),
  })
  return listener
}

/** Notifies on the pool. */
async function say(payload: string): Promise<void> {
  await pool.query('SELECT pg_notify($1, $2)', [CHANNEL, payload])
}

async function untilHears(): Promise<void> {
  // One that is heard after the test of the listener proves that the test was heard too.
  await inbox.until('connected')
  while (!listener.hears) {
    await say('ping')
    await listener.run('SELECT 1', [])
  }
}

beforeAll(async () => {
  server = await PostgresServer.start()
})
beforeEach(() => {
  inbox = new Inbox()
  pool = new Pool({ connectionString: server.url, connectionTimeoutMillis: 5_000 })
  pool.on('error', () => {})
})
afterEach(async () => {
  listener.close()
  await pool.end()
})
afterAll(() => server.remove())

describe('Listener', () => {
  it('hears what is notified on its channel, and runs statements one after the other', async () => {
    const heard = listen()
    await untilHears()
    await say('news')
    await inbox.until('news')
    const answers = ['1', '2', '3'].map((cell) => heard.run('SELECT $1::text AS cell', [cell]))
    expect(await Promise.all(answers)).toEqual([[{ cell: '1' }], [{ cell: '2' }], [{ cell: '3' }]])
    await expect(heard.run('SELECT no', [])).rejects.toMatchObject({ code: '42703' })
    expect({ isConnected: heard.isConnected, times: inbox.count('connected') }).toEqual({
      isConnected: true,
      times: 1,
    })
  })

  it('comes back when the server was killed, and says once that it was away', async () => {
    const heard = listen()
    await untilHears()
    await server.kill()
    await inbox.until('the listener has lost PostgreSQL; trying on')
    expect({ isConnected: heard.isConnected, hears: heard.hears }).toEqual({
      isConnected: false,
      hears: false,
    })
    await expect(heard.run('SELECT 1', [])).rejects.toThrow('the connection to PostgreSQL is gone')
    await server.start()
    await inbox.until('connected', 2)
    await say('news')
    await inbox.until('news')
    expect(inbox.count('the listener has lost PostgreSQL; trying on')).toBe(1)
  })

  it('comes back when its connection is ended', async () => {
    const heard = listen()
    await untilHears()
    const ended = heard.run('SELECT pg_terminate_backend(pg_backend_pid())', [])
    await expect(ended).rejects.toMatchObject({ code: '57P01' })
    await inbox.until('connected', 2)
  })

  it('gives up a connection that does not answer', async () => {
    const heard = listen({ statementTimeoutMs: 1_000 })
    await inbox.until('connected')
    await server.freeze()
    try {
      await expect(heard.run('SELECT 1', [])).rejects.toThrow('PostgreSQL has not answered within 1000 ms')
      await inbox.until('the listener has lost PostgreSQL; trying on')
    } finally {
      await server.thaw()
    }
    await inbox.until('connected', 2)
    expect(await heard.run('SELECT 1 AS cell', [])).toEqual([{ cell: '1' }])
  })

  it('finds out that notifications do not come through, says it once, and still runs statements', async () => {
    const heard = listen({ statementTimeoutMs: 1_000, notify: async () => {} })
    await inbox.until('a pooler keeps notifications from this process, so it asks PostgreSQL again and again')
    expect({ isConnected: heard.isConnected, hears: heard.hears }).toEqual({
      isConnected: true,
      hears: false,
    })
    expect(await heard.run('SELECT 1 AS cell', [])).toEqual([{ cell: '1' }])
  })

  it('does not trust a notification that comes with the answer to a statement', async () => {
    let tries = 0
    const notify = async (payload: string): Promise<void> => {
      tries += 1
      if (tries > 1) return say(payload)
      await listener.run('SELECT pg_notify($1, $2)', [CHANNEL, payload])
    }
    const heard = listen({ notify })
    await inbox.until('connected')
    while (tries < 2) await heard.run('SELECT 1', [])
    await untilHears()
  })

  it('tries again to find that out when the pool gives no connection', async () => {
    let refusals = 2
    const notify = async (payload: string): Promise<void> => {
      if (refusals === 0) return say(payload)
      refusals -= 1
      throw new Error('no connection')
    }
    listen({ statementTimeoutMs: 300, notify })
    await untilHears()
    expect(refusals).toBe(0)
  })

  it('connects once, however often it is started, and never again after it is closed', async () => {
    const heard = listen()
    await untilHears()
    heard.start({ notify: say, onConnected: () => inbox.add('again'), onNotification: () => {} })
    const [{ pid } = {}] = await heard.run('SELECT pg_backend_pid() AS pid', [])
    heard.close()
    const { rows } = await pool.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> $1`,
      [pid],
    )
    expect(rows).toEqual([{ n: 0 }])
    expect(inbox.count('again')).toBe(0)
    await expect(heard.run('SELECT 1', [])).rejects.toThrow()
  })
})

describe('the connections of a listener', () => {
  const of = (config: object | false | undefined, from: Partial<Pool>) =>
    listenerClients(Object.assign(Object.create(pool), from), { listener: config, statementTimeoutMs: 7 })

  it.each([
    ['are made as those of the pool, password included', undefined, { user: 'pool', port: 1, limit: 7 }],
    [
      'are made as they are told',
      { user: 'me', host: 'direct', password: 'own', connectionTimeoutMillis: 3 },
      { user: 'me', port: 5432, limit: 3 },
    ],
  ])('%s', async (_, config, expected) => {
    const options = new Pool({ user: 'pool', password: 'own', port: 1 }).options
    const client = of(config, { options, Client } as unknown as Partial<Pool>)?.() as unknown as Client
    expect({
      user: client.user,
      port: client.port,
      limit: Reflect.get(client, '_connectionTimeoutMillis'),
    }).toEqual(expected)
    expect(client.password).toBe('own')
  })

  it('are not there for a pool that makes none, or when nobody wants them', () => {
    expect(of(undefined, { Client: undefined } as unknown as Partial<Pool>)).toBeUndefined()
    expect(of(false, {})).toBeUndefined()
    expect(() => of({}, { Client: undefined } as unknown as Partial<Pool>)).toThrow(
      'PostgresStore needs `Client`, a class, of the `pool` for its `listener`',
    )
  })
})
