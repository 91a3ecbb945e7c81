import { newSealingKey } from 'express-esql-async-query'
import type { Cluster } from '../support/cluster'
import { SERVICE_ACCOUNT, startCluster, TABLE } from '../support/cluster'
import { GatewayProcess } from '../support/gateway-process'
import { LeavingClient } from '../support/leaving-client'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage } from '../support/server-process'
import { token } from '../support/tokens'
import { until } from '../support/until'

const alice = token({ sub: 'alice' })
const mallory = token({ sub: 'mallory' })

/** Gateways in separate processes. They share only the cluster and their keys. */
describe('gateways in front of one cluster', () => {
  let built: BuiltPackage
  let cluster: Cluster
  /** Those of one test, and those of all tests. */
  const own: GatewayProcess[] = []
  const shared: GatewayProcess[] = []
  /** Those of all tests that listen, by what tells them apart. */
  const listening = new Map<string, Promise<GatewayProcess>>()
  const [key, freshKey, otherKey] = [newSealingKey(), newSealingKey(), newSealingKey()]

  beforeAll(async () => {
    built = buildPackage()
    cluster = await startCluster()
  })
  afterEach(() => killAll(own.splice(0)))
  afterAll(async () => {
    await killAll(shared)
    await cluster.close()
    built.remove()
  })

  const killAll = (gateways: GatewayProcess[]) => Promise.all(gateways.map((gateway) => gateway.kill()))

  function startGateway(among: GatewayProcess[], sealingKeys: string[]): Promise<GatewayProcess> {
    const headers = { authorization: SERVICE_ACCOUNT.authorization }
    const gateway = new GatewayProcess(built, { url: cluster.url, headers, sealingKeys })
    among.push(gateway)
    return gateway.listening()
  }

  /** For a test that ends it, or counts what it holds. */
  const ownGateway = (...keys: string[]) => startGateway(own, keys)

  /** For tests that only ask it. */
  function sharedGateway(name: 'one' | 'other', ...keys: string[]): Promise<GatewayProcess> {
    const id = [name, ...keys].join()
    const gateway = listening.get(id) ?? startGateway(shared, keys)
    listening.set(id, gateway)
    return gateway
  }

  const send = (gateway: GatewayProcess, target: string, jwt = alice, body?: object) =>
    new LeavingClient(gateway.url, target, { token: jwt, ...(body && { body }) }).answer()

  async function submitTo(gateway: GatewayProcess): Promise<string> {
    const body = { query: 'RUN', wait_for_completion_timeout: '0s', keep_on_completion: true }
    const { status, headers, text } = await send(gateway, 'POST /_query/async', alice, body)
    const { id } = JSON.parse(text)
    expect([
      status,
      headers['x-elasticsearch-async-id'],
      headers['x-elasticsearch-async-is-running'],
    ]).toEqual([200, id, '?1'])
    return id
  }

  /** Gets a running query, stops it, gets its rows and deletes it. */
  async function expectItServes(gateway: GatewayProcess, id: string): Promise<void> {
    const path = `/_query/async/${id}`
    const running = await send(gateway, `GET ${path}?wait_for_completion_timeout=0s`)
    expect(JSON.parse(running.text)).toMatchObject({ id, is_running: true })
    cluster.query.report(TABLE)
    const stopped = await send(gateway, `POST ${path}/stop`)
    expect(JSON.parse(stopped.text)).toMatchObject({ id, is_running: false, is_partial: true })
    const csv = await send(gateway, `GET ${path}?format=csv`)
    expect(csv.text).toBe('n,name,gone\r\n9007199254740993,"one, ""1""",\r\n2,tw\u00f6,\r\n')
    const deleted = await send(gateway, `DELETE ${path}`)
    expect(deleted.text).toBe('{"acknowledged":true}')
    expect(cluster.query.state).toBe('deleted')
    for (const answer of [running, stopped, csv, deleted])
      expect(shown(answer)).not.toContain(cluster.query.id)
    await expectItKnowsNothing(gateway, id, alice)
  }

  /** Checks that the id gets the answer to an unknown id, and that the cluster is not asked about a foreign id. */
  async function expectItKnowsNothing(gateway: GatewayProcess, id: string, jwt: string): Promise<void> {
    const path = `/_query/async/${id}`
    for (const target of [`GET ${path}`, `POST ${path}/stop`, `DELETE ${path}`]) {
      const { status, text } = await send(gateway, target, jwt)
      const error = { type: 'resource_not_found_exception', reason: id }
      expect([target, status, JSON.parse(text)]).toEqual([
        target,
        404,
        { error: { root_cause: [error], ...error }, status: 404 },
      ])
    }
  }

  it('serve each other\u2019s queries if they have the same key', async () => {
    const [one, other] = await Promise.all([sharedGateway('one', key), sharedGateway('other', key)])
    await expectItServes(other, await submitTo(one))
    await expectItServes(one, await submitTo(other))
  })

  it('serve their queries after a restart', async () => {
    const before = await ownGateway(key)
    const id = await submitTo(before)
    await before.kill()
    await expectItServes(await ownGateway(key), id)
  })

  it('serve the queries of a replaced key while they have that key', async () => {
    const before = await ownGateway(key)
    const id = await submitTo(before)
    await before.kill()
    const retired = await sharedGateway('one', freshKey)
    await expectItKnowsNothing(retired, id, alice)
    const rotated = await sharedGateway('one', freshKey, key)
    await expectItServes(rotated, id)
    await expectItServes(retired, await submitTo(rotated))
  })

  it('serve each other\u2019s queries if they have the same keys in another order', async () => {
    const [old, both] = await Promise.all([
      sharedGateway('one', key, freshKey),
      sharedGateway('one', freshKey, key),
    ])
    await expectItServes(both, await submitTo(old))
    await expectItServes(old, await submitTo(both))
  })

  it('do not know each other\u2019s queries if their keys differ', async () => {
    const [one, stranger] = await Promise.all([sharedGateway('one', key), sharedGateway('one', otherKey)])
    const id = await submitTo(one)
    const before = cluster.requests.length
    await expectItKnowsNothing(stranger, id, alice)
    expect(cluster.requests).toHaveLength(before)
    expect(cluster.query.state).toBe('running')
  })

  it('do not know a query if another user asks', async () => {
    const gateways = await Promise.all([sharedGateway('one', key), sharedGateway('other', key)])
    const id = await submitTo(gateways[0])
    const before = cluster.requests.length
    for (const gateway of gateways) await expectItKnowsNothing(gateway, id, mallory)
    expect(cluster.requests).toHaveLength(before)
  })

  it('take over a wait from a killed gateway', async () => {
    const [one, other] = await Promise.all([ownGateway(key), sharedGateway('other', key)])
    const id = await submitTo(one)
    const waiting = new LeavingClient(one.url, `GET /_query/async/${id}`, { token: alice })
    await until(() => cluster.waits === 1)
    await one.kill()
    await expect(waiting.answer()).rejects.toThrow()
    await until(() => cluster.waits === 0)
    const again = send(other, `GET /_query/async/${id}`)
    await until(() => cluster.waits === 1)
    cluster.query.complete(TABLE)
    expect(JSON.parse((await again).text)).toMatchObject({ id, is_running: false })
  })

  it('hold no more timers and sockets after a hundred clients', async () => {
    // What other tests have left would hide as much.
    const gateway = await ownGateway(key)
    const id = await submitTo(gateway)
    const begin = () => new LeavingClient(gateway.url, `GET /_query/async/${id}`, { token: alice })
    await comeAndGo(begin, 1)
    const before = await gateway.resources()
    await comeAndGo(begin, 100)
    let after = await gateway.resources()
    // Node.js frees ended timers and sockets a moment later.
    while (countOf(after) > countOf(before) + 2) after = await gateway.resources()
  })

  const countOf = ({ TCPSocketWrap = 0, Timeout = 0 }: Record<string, number>) => TCPSocketWrap + Timeout

  async function comeAndGo(begin: () => LeavingClient, times: number): Promise<void> {
    const clients = Array.from({ length: times }, begin)
    await until(() => cluster.waits === times)
    for (const client of clients) client.leave()
    await until(() => cluster.waits === 0)
  }
})

function shown({ headers, text }: { headers: object; text: string }): string {
  return JSON.stringify(headers) + text
}
