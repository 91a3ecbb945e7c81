import { once } from 'node:events'
import { ManualClock } from 'express-esql-async-query/test-kit'
import { Ending } from '../../../../lib/core/early-end'
import { UrlTransport } from '../../../../lib/stores/elasticsearch/cluster/url-transport'
import type { Cluster } from '../../../support/cluster'
import { SERVICE_ACCOUNT, startCluster } from '../../../support/cluster'

const { authorization } = SERVICE_ACCOUNT

describe('a URL', () => {
  let cluster: Cluster
  let transport: UrlTransport
  const get = {
    method: 'GET',
    path: '/',
    query: '',
    headers: {},
    isRepeatable: true,
    timeoutMs: 60_000,
    ending: new Ending(),
  } as const

  beforeEach(async () => {
    cluster = await startCluster({ clock: new ManualClock() })
    transport = new UrlTransport({ url: new URL(cluster.url), headers: { authorization }, ca: undefined })
  })
  afterEach(async () => {
    transport.close()
    await cluster.close()
  })

  async function warmUp(): Promise<void> {
    const { body } = await transport.send(get)
    body.resume()
    await once(body, 'end')
  }

  it('gets a request again when the cluster closes an idle connection as it is used', async () => {
    await warmUp()
    cluster.inject('info', { kind: 'drop' })
    expect((await transport.send(get)).status).toBe(200)
    expect(cluster.requests).toHaveLength(3)
  })

  it('does not get a request again that must not run twice', async () => {
    await warmUp()
    cluster.inject('info', { kind: 'drop' })
    await expect(transport.send({ ...get, isRepeatable: false })).rejects.toMatchObject({
      mayHaveArrived: true,
    })
    expect(cluster.requests).toHaveLength(2)
  })

  it('does not get a request again after a new connection breaks', async () => {
    cluster.inject('info', { kind: 'drop' })
    await expect(transport.send(get)).rejects.toMatchObject({ mayHaveArrived: true })
    expect(cluster.requests).toHaveLength(1)
  })

  it('that nobody listens on cannot have received the request', async () => {
    await cluster.kill()
    await expect(transport.send(get)).rejects.toMatchObject({ mayHaveArrived: false })
    await cluster.listen()
  })

  it('may have a path, and may end with a slash', async () => {
    const below = new UrlTransport({
      url: new URL(`${cluster.url}/_query/`),
      headers: { authorization },
      ca: undefined,
    })
    await below.send({ ...get, path: '/async/x', query: 'pretty=&human=' })
    expect(cluster.request.url).toBe('/_query/async/x?pretty=&human=')
    below.close()
  })

  it.each([
    [
      '/_query/async/a-b_c%3D',
      'filter_path=a.b,-c&delimiter=%3B',
      '/_query/async/a-b_c%3D?filter_path=a.b,-c&delimiter=%3B',
    ],
    ['/_query/async/..', '', '/_query/'],
    ['/_query/async/x', 'delimiter="<é>"', '/_query/async/x?delimiter=%22%3C%C3%A9%3E%22'],
    ['/_query/async/x', 'delimiter=\u{1f600} #y', '/_query/async/x?delimiter=%F0%9F%98%80%20'],
  ])('is asked as a URL is written: %s?%s', async (path, query, expected) => {
    await transport.send({ ...get, path, query })
    expect(cluster.request.url).toBe(expected)
  })

  it('is sent each header once, the request\u2019s own rather than that of the service account', async () => {
    const headers = { authorization: 'Bearer own', 'x-opaque-id': 'o' }
    await transport.send({ ...get, headers })
    expect(cluster.request.headers).toEqual({
      host: new URL(cluster.url).host,
      'accept-encoding': 'identity',
      connection: 'keep-alive',
      ...headers,
    })
  })

  it('is told the length of every body, also of none', async () => {
    const post = { ...get, method: 'POST', path: '/_query/async/x/stop' } as const
    await transport.send(post)
    expect(cluster.request.headers).toMatchObject({ 'content-length': '0' })
    await transport.send({ ...post, path: '/_query/async', body: [Buffer.from('{"a"'), Buffer.from(':1}')] })
    expect([cluster.request.headers['content-length'], String(cluster.request.body)]).toEqual([
      '7',
      '{"a":1}',
    ])
    expect(cluster.request.headers).not.toHaveProperty('transfer-encoding')
  })
})
