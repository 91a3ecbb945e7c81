import { type Double, expiredToken, lose, rateLimited, startDouble } from 'express-esql-async-query/double'
import { PollingClient } from '../support/polling-client'

const TABLE = { columns: [{ name: 'host', type: 'keyword' as const }], values: [['a']] }
let double: Double
let client: PollingClient
beforeAll(async () => {
  double = await startDouble({ clock: 'manual' })
  client = new PollingClient(double.url)
})
afterEach(() => [double.assertDone(), double.reset()])
afterAll(() => double.close())

it('polls a slow query that runs, and then is done or fails', async () => {
  double.on('FROM slow').runsFor('20s').completes(TABLE).then().runsFor('20s').fails('exception', 'disk full')
  for (const end of [[['a']], '500 exception']) {
    const rows = client.load('FROM slow').catch(({ message }) => message)
    for (const time of ['1s', '10s', '9s']) await double.waiting(1).then(() => double.advance(time))
    expect(await rows).toEqual(end)
    expect(double.requests.slice(-3).map(({ operation }) => operation)).toEqual(['submit', 'get', 'get'])
  }
})
it.each([
  ['fails at once', () => double.on('FROM a').fails('parsing_exception', 'no'), '400 parsing_exception'],
  ['needs a new token', () => double.fault('submit', expiredToken()), '401 security_exception'],
  ['is one too many', () => double.fault('submit', rateLimited()), '429 es_rejected_execution_exception'],
  ['loses its answer', () => double.fault('submit', lose()), 'fetch failed'],
])('tells that a query %s', async (_what, prepare, message) => {
  double.on('FROM a').completes(TABLE)
  prepare()
  await expect(client.load('FROM a')).rejects.toThrow(message)
  expect(double.requestsFor({ operation: 'submit' })).toHaveLength(1)
})
it('keeps the rows of a query that it stops, until they expire', async () => {
  double.on('FROM big').reports(TABLE).neverEnds()
  const query = await client.start('FROM big')
  expect(await client.stop(query)).toMatchObject({ is_partial: true, values: [['a']] })
  await double.advance('5m')
  await expect(client.finish(query)).rejects.toThrow('404 resource_not_found_exception')
})
