import { fork } from 'node:child_process'
import { once } from 'node:events'
import pg from 'pg'
import { startPostgres } from './postgres.mjs'

const { DATABASE_URL = await startPostgres(), PORT = '3000' } = process.env

const client = new pg.Client(DATABASE_URL)
await client.connect()
await client.query(`CREATE SCHEMA IF NOT EXISTS replicas_example;
  CREATE TABLE IF NOT EXISTS replicas_example.orders AS
    SELECT n AS id, (ARRAY['east', 'north', 'west'])[1 + n % 3] AS region, n % 100 AS amount FROM generate_series(1, 100000) n`)
await client.end()
console.log(`The database is ${DATABASE_URL}`)

const first = await startReplica('replica 1', Number(PORT))
const second = await startReplica('replica 2', Number(PORT) && Number(PORT) + 1)
const post = `-u alice:wonderland -H 'Content-Type: application/json'`
const query = 'FROM orders | STATS revenue = SUM(amount) BY region'
console.log(`Submit a query of 20 seconds to replica 1, kill replica 1, and wait at replica 2. Paste into a second terminal:

curl -sS ${first.url}/_query/async ${post} -d '{"query":"${query}","params":[20],"wait_for_completion_timeout":"0s"}' -o submitted.json
kill -9 ${first.pid}
curl -sS "${second.url}/_query/async/$(node -p "require('./submitted.json').id")?format=txt" -u alice:wonderland
`)

async function startReplica(name, port) {
  const replica = fork('replica.mjs', [name, port], { env: { ...process.env, DATABASE_URL } })
  let url
  replica.once('exit', (code, signal) => {
    console.log(`${name} has ended: ${signal ?? code}`)
    // It has never listened.
    if (!url) process.exit(1)
  })
  const [message] = await once(replica, 'message')
  url = message.url
  console.log(`${name}, process ${replica.pid}, listens on ${url}`)
  return { url, pid: replica.pid }
}
