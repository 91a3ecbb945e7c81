import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { Client } from '@elastic/elasticsearch'
import { badGateway, expiredToken, lose, rateLimited, startDouble } from 'express-esql-async-query/double'
import { Table } from '../src/table.mjs'

const HOSTS = { columns: [{ name: 'host', type: 'keyword' }], values: [['a'], ['b']] }

let double
let table
before(async () => {
  double = await startDouble({ clock: 'manual' })
})
beforeEach(() => {
  // The client waits before it sends a request again, which only takes time here.
  const client = new Client({ node: double.url, auth: { bearer: 'my-token' }, retryBackoff: () => 0 })
  table = new Table(client, 'FROM logs')
})
afterEach(() => {
  double.assertDone()
  double.reset()
})
after(() => double.close())

test('shows the rows of a slow query when it is done', async () => {
  double.on('FROM logs').runsFor('2m').completes(HOSTS)
  const loaded = table.load()
  for (const time of ['1s', '30s', '30s', '30s', '29s']) {
    await double.waiting(1)
    assert.equal(table.state, 'loading')
    await double.advance(time)
  }
  await loaded
  assert.deepEqual([table.state, table.rows], ['done', HOSTS.values])
  assert.equal(double.requestsFor({ operation: 'get' }).length, 4)
})

test('tells why a query fails, at once and late', async () => {
  double
    .on('FROM logs')
    .fails('verification_exception', 'Unknown index [logs]')
    .then()
    .runsFor('10s')
    .fails('circuit_breaking_exception', 'Data too large', { status: 500 })
  await table.load()
  assert.equal(table.state, 'failed: Unknown index [logs]')
  table.state = 'loading'
  const loaded = table.load()
  for (const time of ['1s', '9s']) {
    await double.waiting(1)
    await double.advance(time)
  }
  await loaded
  assert.equal(table.state, 'failed: Data too large')
})

test('keeps the rows of a query that is stopped', async () => {
  double.on('FROM logs').reports(HOSTS).neverEnds()
  const loaded = table.load()
  await double.waiting(1)
  await double.advance('1s')
  await double.waiting(1)
  await table.stop()
  await loaded
  assert.deepEqual([table.state, table.rows], ['partial', HOSTS.values])
})

test('says that a result has expired', async () => {
  double.on('FROM logs').completes(HOSTS)
  await table.load()
  await double.advance('5m')
  await table.reload()
  assert.equal(table.state, 'expired, run it again')
})

for (const [fault, state] of [
  [expiredToken(), 'log in again'],
  [rateLimited({ retryAfter: 7 }), 'busy, try again in 7 s'],
]) {
  test(`says: ${state}`, async () => {
    double.fault('submit', fault)
    await table.load()
    assert.equal(table.state, state)
  })
}

test('rides out a proxy that has no server', async () => {
  double.on('FROM logs').completes(HOSTS)
  double.fault('submit', badGateway())
  await table.load()
  assert.equal(table.state, 'done')
})

test('runs a query once, also when the answer to its submit is lost', async () => {
  double.on('FROM logs').completes(HOSTS).once()
  double.fault('submit', lose())
  await table.load()
  assert.equal(table.state, 'done')
  const [lost, again] = double.requestsFor({ operation: 'submit' })
  assert.equal(lost.id, again.id)
})
