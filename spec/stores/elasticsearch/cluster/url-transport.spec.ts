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
})
