import { Client, errors } from '@elastic/elasticsearch'
import type { Caller } from 'express-esql-async-query'
import { startCluster } from '../support/cluster'
import { startElasticsearchGateway } from '../support/elasticsearch-gateway'
import { FAILURE, TABLE } from '../support/engine'
import { type Gateway, startGateway, until } from '../support/gateway'
import { token } from '../support/tokens'

/** The unmodified official client against a gateway that listens. */
describe('@elastic/elasticsearch', () => {
  let gateway: Gateway
  let client: Client

  beforeEach(async () => {
    gateway = await startGateway()
    client = clientOf('alice')
  })
  afterEach(async () => {
    await client.close()
    await gateway.close()
  })

  const clientOf = (sub: string) =>
    new Client({ node: gateway.url, auth: { bearer: token({ sub }) }, maxRetries: 0 })

  async function submitRunning(): Promise<string> {
    const { id } = await client.esql.asyncQuery({ query: 'RUN', wait_for_completion_timeout: '0s' })
    return String(id)
  }

  it('goes through submit with keep_on_completion, get, stop and delete with one id', async () => {
    const submitted = await client.esql.asyncQuery({ query: 'ROW n = 1', keep_on_completion: true })
    const id = String(submitted.id)
    expect(submitted).toMatchObject({ is_running: false, is_partial: false, columns: TABLE.columns })
    expect(await client.esql.asyncQueryGet({ id })).toEqual(submitted)
    expect(await client.esql.asyncQueryStop({ id })).toEqual(submitted)
    expect(await client.esql.asyncQueryDelete({ id })).toEqual({ acknowledged: true })
    await expect(client.esql.asyncQueryGet({ id })).rejects.toMatchObject({ statusCode: 404 })
  })

  it('waits for a result, or for its own timeout', async () => {
    const id = await submitRunning()
    expect(await client.esql.asyncQueryGet({ id, wait_for_completion_timeout: '0s' })).toMatchObject({
      id,
      is_running: true,
      columns: [],
      values: [],
    })
    const waiting = client.esql.asyncQueryGet({ id })
    gateway.engine.run.complete()
    expect(await waiting).toMatchObject({
      is_running: false,
      values: [
        [2 ** 53, 'one, "1"', 1, null],
        [2, 'tw\u00f6', 0.0001, null],
      ],
    })
  })

  it('does not repeat a wait that is refused with 429', async () => {
    await gateway.close()
    gateway = await startGateway({ maxWaits: 2, maxWaitsPerOwner: 1 })
    const patient = new Client({
      node: gateway.url,
      auth: { bearer: token({ sub: 'alice' }) },
      maxRetries: 3,
    })
    const { id } = await patient.esql.asyncQuery({ query: 'RUN', wait_for_completion_timeout: '0s' })
    const waiting = patient.esql.asyncQueryGet({ id: String(id) })
    await until(() => gateway.router.waiting === 1)
    let sent = 0
    patient.diagnostic.on('request', () => {
      sent += 1
    })
    await expect(patient.esql.asyncQueryGet({ id: String(id) })).rejects.toMatchObject({ statusCode: 429 })
    expect(sent).toBe(1)
    gateway.engine.run.complete()
    expect(await waiting).toMatchObject({ is_running: false })
    await patient.close()
  })

  it('stops a running query and gets its partial rows', async () => {
    const id = await submitRunning()
    gateway.engine.run.report({ columns: [{ name: 'n', type: 'long' }], values: [[1]] })
    expect(await client.esql.asyncQueryStop({ id })).toMatchObject({ is_partial: true, values: [[1]] })
  })

  it('deletes a running query', async () => {
    const id = await submitRunning()
    expect(await client.esql.asyncQueryDelete({ id })).toEqual({ acknowledged: true })
    expect(gateway.engine.run.signal.aborted).toBe(true)
  })

  it('lists the running queries, and gets how far one is', async () => {
    expect(await client.esql.listQueries()).toEqual({ queries: {} })
    const id = await submitRunning()
    const query = { start_time_millis: gateway.clock.now(), running_time_nanos: 0, query: 'RUN' }
    expect(await client.esql.listQueries()).toEqual({ queries: { [id]: query } })
    expect(await client.esql.getQuery({ id })).toEqual({ ...query, documents_found: 0, values_loaded: 0 })
    await expect(client.esql.getQuery({ id: 'foobar' })).rejects.toMatchObject({
      statusCode: 400,
      body: { error: { type: 'illegal_argument_exception', reason: 'invalid id: [foobar]' } },
    })
    gateway.engine.run.complete()
    await client.esql.asyncQueryGet({ id })
    expect(await client.esql.listQueries()).toEqual({ queries: {} })
    await expect(client.esql.getQuery({ id })).rejects.toMatchObject({ statusCode: 404 })
  })

  it('lists and gets them in front of a cluster too', async () => {
    const cluster = await startCluster({ monitors: ['alice'], execute: () => {} })
    const runAs = ({ owner }: Caller) => String(JSON.parse(owner)[1])
    const behind = await startElasticsearchGateway('client', cluster.url, { store: { runAs } })
    const other = new Client({ node: behind.url, auth: { bearer: token({ sub: 'alice' }) }, maxRetries: 0 })
    expect(await other.esql.listQueries()).toEqual({ queries: {} })
    await other.esql.asyncQuery({ query: 'FROM a', wait_for_completion_timeout: '0s' })
    const { queries } = await other.esql.listQueries()
    const [[id = '', query] = []] = Object.entries(queries)
    expect(query).toMatchObject({ query: 'FROM a' })
    expect(await other.esql.getQuery({ id })).toMatchObject({ query: 'FROM a', documents_found: 0 })
    expect(await other.esql.asyncQueryDelete({ id })).toEqual({ acknowledged: true })
    await other.close()
    await behind.close()
    await cluster.close()
  })

  it.each([
    ['a failed query', 'FAIL', 400, FAILURE.type],
    ['an empty query', ' ', 400, 'action_request_validation_exception'],
  ])('gets a ResponseError for %s', async (_name, query, statusCode, type) => {
    const error = await client.esql.asyncQuery({ query }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(errors.ResponseError)
    expect(error).toMatchObject({ statusCode, body: { error: { type }, status: statusCode } })
    expect(String(error)).toContain(type)
  })

  it('gets a ResponseError for a foreign id, and for a malformed id', async () => {
    const id = await submitRunning()
    const mallory = clientOf('mallory')
    await expect(mallory.esql.asyncQueryGet({ id })).rejects.toMatchObject({
      statusCode: 404,
      body: { error: { type: 'resource_not_found_exception', reason: id } },
    })
    await expect(mallory.esql.asyncQueryGet({ id: 'x' })).rejects.toMatchObject({
      statusCode: 400,
      body: { error: { type: 'illegal_argument_exception', reason: 'invalid id: [x]' } },
    })
    await mallory.close()
  })

  it('gets a 401 without a valid token', async () => {
    const stranger = new Client({ node: gateway.url, auth: { bearer: 'x.y.z' }, maxRetries: 0 })
    await expect(stranger.esql.asyncQueryGet({ id: 'x' })).rejects.toMatchObject({
      statusCode: 401,
      body: { error: { type: 'security_exception' } },
    })
    await stranger.close()
  })

  it('gets other formats, whole and as streams', async () => {
    const { id } = await client.esql.asyncQuery({ query: 'ROW n = 1', keep_on_completion: true })
    const get = { id: String(id), format: 'csv' as const }
    const csv = 'n,name,price,gone\r\n9007199254740993,"one, ""1""",1.0,\r\n2,tw\u00f6,1.0E-4,\r\n'
    expect(await client.esql.asyncQueryGet(get)).toBe(csv)
    const stream = (await client.esql.asyncQueryGet(get, {
      asStream: true,
    })) as unknown as AsyncIterable<Buffer>
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(Buffer.from(chunk))
    expect(Buffer.concat(chunks).toString()).toBe(csv)
  })
})
