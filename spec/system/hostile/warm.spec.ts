import { Agent, request as send } from 'node:http'
import type { Column } from 'express-esql-async-query'
import { type Answer, type Client, type Gateway, type Request, startGateway } from '../../support/gateway'
import { signToken, token } from '../../support/tokens'

const JSON_7 = 'application/vnd.elasticsearch+json;compatible-with=7'

/** What a gateway must not take for a request that it has answered before. `<id>`: of a finished query of alice. */
const ATTACKS: [
  name: string,
  who: keyof typeof CALLERS,
  target: string,
  status: number,
  request?: Request,
][] = [
  ['the id of somebody else', 'mallory', 'GET /_query/async/<id>', 404],
  ['the id of somebody else, in words that were read', 'mallory', 'GET /_query/async/<id>?format=csv', 404],
  ['the id of somebody else, without its padding', 'mallory', 'HEAD /_query/async/<bare id>', 404],
  ['the id of somebody else, to stop it', 'mallory', 'POST /_query/async/<id>/stop', 404],
  ['the id of somebody else, to delete it', 'mallory', 'DELETE /_query/async/<id>', 404],
  ['no token', 'anonymous', 'GET /_query/async/<id>', 401],
  ['a token that has expired', 'expired', 'GET /_query/async/<id>', 401],
  ['a token of the same claims and another key', 'forged', 'GET /_query/async/<id>', 401],
  ['an id with other escapes, twice', 'alice', 'GET /_query/async/<id>%253D', 400],
  ['an id with more behind it', 'alice', 'GET /_query/async/<id>AAAA', 400],
  ['an id with another letter', 'alice', 'GET /_query/async/<other id>', 404],
  ['no id', 'alice', 'GET /_query/async/', 405],
  ['an empty id to stop', 'alice', 'POST /_query/async//stop', 400],
  ['an empty id to show', 'alice', 'GET /_query/queries/%20', 400],
  [
    'a parameter that comes twice, the last one wrong',
    'alice',
    'GET /_query/async/<id>?pretty=true&pretty=x',
    400,
  ],
  ['a delimiter before another format', 'alice', 'GET /_query/async/<id>?delimiter=%3B&format=tsv', 400],
  ['a parameter of another operation', 'alice', 'POST /_query/async/<id>/stop?keep_alive=1d', 400],
  ['a parameter that no operation has', 'alice', 'DELETE /_query/async/<id>?nope', 400],
  ['an Accept of another version', 'alice', 'GET /_query/async/<id>', 400, { headers: { accept: JSON_7 } }],
  ['a body where none belongs', 'alice', 'GET /_query/async/<id>', 400, { body: { query: 'ROW n = 1' } }],
  ['a submit without a query', 'alice', 'POST /_query/async', 400, { body: {} }],
  ['a submit with an unknown field', 'alice', 'POST /_query/async', 400, { body: { query: 'x', nope: 1 } }],
  ['a submit with a wrong type', 'alice', 'POST /_query/async', 400, { body: { query: 'x', columnar: 1 } }],
  ['a submit with a wrong parameter', 'alice', 'POST /_query/async?pretty=1', 400, { body: { query: 'x' } }],
  ['a submit without a body', 'alice', 'POST /_query/async', 400],
  [
    'a query with a field of a submit',
    'alice',
    'POST /_query',
    400,
    { body: { query: 'x', keep_alive: '1d' } },
  ],
]

const CALLERS = {
  alice: token(),
  mallory: token({ sub: 'mallory' }),
  expired: token({ exp: Math.floor(Date.now() / 1_000) - 300 }),
  forged: signToken(
    { iss: 'https://issuer.example', aud: 'queries', sub: 'alice', exp: 2 ** 33 },
    { algorithm: 'HS256' },
  ),
  anonymous: undefined,
}

describe('a gateway with warm caches', () => {
  let gateway: Gateway
  let other: Gateway
  let id: string
  const cold = new Map<string, Answer>()

  beforeAll(async () => {
    gateway = await startGateway()
    other = await startGateway({ prefix: '/other' })
    id = await kept(gateway.alice)
    for (const attack of ATTACKS) cold.set(attack[0], await ask(attack))
    await warm()
  })
  afterAll(async () => {
    await gateway.close()
    await other.close()
  })

  /** Each operation, more than once, in the words of the attacks. */
  async function warm(): Promise<void> {
    for (let time = 0; time < 3; time += 1) {
      const stays = await kept(gateway.alice)
      for (const parameters of ['', '?format=csv', '?pretty=true', '?format=csv&delimiter=%3B']) {
        expect((await gateway.alice(`GET /_query/async/${id}${parameters}`)).status).toBe(200)
        expect((await gateway.alice(`HEAD /_query/async/${id}${parameters}`)).status).toBe(200)
      }
      expect((await gateway.alice('POST /_query', { body: { query: 'ROW n = 1' } })).status).toBe(200)
      for (const target of [
        `POST /_query/async/${stays}/stop`,
        `DELETE /_query/async/${stays}`,
        'GET /_query/queries',
      ]) {
        expect((await gateway.alice(target)).status).toBe(200)
      }
    }
  }

  function ask([, who, target, , request = {}]: (typeof ATTACKS)[number]): Promise<Answer> {
    const bare = id.replace(/=+$/, '')
    const otherId = `${id.slice(0, 10)}${id[10] === 'A' ? 'B' : 'A'}${id.slice(11)}`
    const path = target.replace('<id>', id).replace('<bare id>', bare).replace('<other id>', otherId)
    const jwt = CALLERS[who]
    const headers = { ...request.headers, ...(jwt && { authorization: `Bearer ${jwt}` }) }
    return gateway.anonymous(path, { ...request, headers })
  }

  it.each(ATTACKS)('answers %s as a cold one', async (...attack) => {
    const answers = [cold.get(attack[0]), await ask(attack)].map((answer) => ({
      status: answer?.status,
      text: answer?.text,
      id: answer?.headers['x-elasticsearch-async-id'],
    }))
    expect(answers[1]).toEqual(answers[0])
    expect(answers[1]?.status).toBe(attack[3])
  })

  it('knows no query of another mount', async () => {
    const foreign = await kept(other.alice)
    expect((await other.alice(`GET /_query/async/${foreign}`)).status).toBe(200)
    expect((await gateway.alice(`GET /_query/async/${foreign}`)).status).toBe(404)
    expect((await other.alice(`GET /_query/async/${id}`)).status).toBe(404)
  })

  it('finds a query by an id without padding, and by an escaped one', async () => {
    const whole = (await gateway.alice(`GET /_query/async/${id}`)).text
    for (const spelling of [id.replace(/=+$/, ''), id.replaceAll('=', '%3D'), `%${hex(id)}${id.slice(1)}`]) {
      expect((await gateway.alice(`GET /_query/async/${spelling}`)).text).toBe(whole)
    }
  })

  it.each([
    ['ASCII', 'n'],
    ['not ASCII', 'n\u00f6\u65e5'],
  ])('keeps the bytes of a header beyond ASCII, whose answer is %s', async (_, column) => {
    const { headers, bytes } = await getWithHeader(
      `/_query/async/nope-${encodeURIComponent(column)}`,
      'caf\xe9',
    )
    expect(headers['x-opaque-id']).toBe('caf\xe9')
    expect(bytes.length).toBe(Number(headers['content-length']))
    expect(JSON.parse(bytes.toString())).toMatchObject({ error: { reason: `invalid id: [nope-${column}]` } })
  })

  function getWithHeader(path: string, opaqueId: string) {
    return new Promise<{ headers: NodeJS.Dict<string | string[]>; bytes: Buffer }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${CALLERS.alice}`, 'x-opaque-id': opaqueId }
      send(`${gateway.url}${path}`, { headers, agent: false }, async (response) => {
        const parts: Buffer[] = []
        for await (const part of response) parts.push(part)
        resolve({ headers: response.headers, bytes: Buffer.concat(parts) })
      })
        .once('error', reject)
        .end()
    })
  }
})

/** What may come on a connection behind the token of alice. */
const NEXT_CREDENTIALS: [name: string, status: number, credentials: (jwt: string) => string[]][] = [
  ['the token of somebody else', 404, () => [`Bearer ${CALLERS.mallory}`]],
  ['no token', 401, () => []],
  ['a token that has expired', 401, () => [`Bearer ${CALLERS.expired}`]],
  ['a token of the same claims and another key', 401, () => [`Bearer ${CALLERS.forged}`]],
  ['the signature of alice with other claims', 401, (jwt) => [`Bearer ${withPayload(jwt, CALLERS.mallory)}`]],
  ['the token without its last character', 401, (jwt) => [`Bearer ${jwt.slice(0, -1)}`]],
  ['the token with another last character', 401, (jwt) => [`Bearer ${jwt.slice(0, -1)}~`]],
  ['the token in capital letters', 401, (jwt) => [`Bearer ${jwt.toUpperCase()}`]],
  ['the token with another scheme', 401, (jwt) => [`Basic ${jwt}`]],
  ['the token twice', 401, (jwt) => [`Bearer ${jwt}`, `Bearer ${jwt}`]],
  ['the token, and that of somebody else', 401, (jwt) => [`Bearer ${jwt}`, `Bearer ${CALLERS.mallory}`]],
]

describe('a connection whose last token was that of alice', () => {
  let gateway: Gateway
  let id: string
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })

  beforeAll(async () => {
    gateway = await startGateway()
    id = await kept(gateway.alice)
    expect((await get([`Bearer ${CALLERS.alice}`])).status).toBe(200)
  })
  afterAll(async () => {
    agent.destroy()
    await gateway.close()
  })

  function get(authorization: string[]) {
    return new Promise<{ status: number | undefined; isReused: boolean }>((resolve, reject) => {
      const request = send(`${gateway.url}/_query/async/${id}`, { agent })
      request.setHeader('authorization', authorization)
      request
        .once('response', (response) => {
          response.resume().once('end', () => {
            resolve({ status: response.statusCode, isReused: request.reusedSocket })
          })
        })
        .once('error', reject)
        .end()
    })
  }

  it.each(NEXT_CREDENTIALS)('is no proof for %s', async (_, status, credentials) => {
    expect(await get(credentials(CALLERS.alice))).toEqual({ status, isReused: true })
    expect(await get([`Bearer ${CALLERS.alice}`])).toEqual({ status: 200, isReused: true })
  })
})

/** A token with the payload of another one. */
function withPayload(jwt: string, other: string): string {
  const [header, , signature] = jwt.split('.')
  return [header, other.split('.')[1], signature].join('.')
}

async function kept(client: Client): Promise<string> {
  const { json } = await client('POST /_query/async', {
    body: { query: 'ROW n = 1', keep_on_completion: true },
  })
  return (json as { id: string }).id
}

function hex(text: string): string {
  return text.charCodeAt(0).toString(16)
}

/** Columns of an engine that are nearly those of another result, and what its client gets. */
const NEARLY_SAME: [name: string, columns: unknown, status: number, shown: object[] | undefined][] = [
  ['a hole', new Array(1), 500, undefined],
  ['no column', [null], 500, undefined],
  ['an unknown type', [{ name: 'n', type: 'int' }], 500, undefined],
  ['another type', [{ name: 'n', type: 'long' }], 200, [{ name: 'n', type: 'long' }]],
  ['another name', [{ name: 'N', type: 'integer' }], 200, [{ name: 'N', type: 'integer' }]],
  [
    'original types',
    [{ name: 'n', type: 'integer', originalTypes: ['byte'] }],
    200,
    [{ name: 'n', type: 'integer', original_types: ['byte'], suggested_cast: 'keyword' }],
  ],
  [
    'metadata that nobody asked for',
    [{ name: 'n', type: 'integer', meta: { bucket: {} } }],
    200,
    [{ name: 'n', type: 'integer' }],
  ],
]

describe('the columns of a result', () => {
  it.each(NEARLY_SAME)('are those of its engine after others with %s', async (_, given, status, columns) => {
    const execute = async ({ query }: { query: string }) => ({
      columns: (query === 'other' ? given : [{ name: 'n', type: 'integer' }]) as Column[],
      values: [[1]],
    })
    const gateway = await startGateway({ memory: { execute } })
    const submit = async (client: Client, query: string) => {
      const answer = await client('POST /_query/async', { body: { query } })
      const { columns: shown }: { columns?: object[] } = answer.json
      return { status: answer.status, columns: shown }
    }
    const own = { status: 200, columns: [{ name: 'n', type: 'integer' }] }
    for (let time = 0; time < 2; time += 1) {
      expect(await submit(gateway.alice, 'own')).toEqual(own)
      expect(await submit(gateway.mallory, 'other')).toEqual({ status, columns })
    }
    expect(await submit(gateway.alice, 'own')).toEqual(own)
    await gateway.close()
  })
})
