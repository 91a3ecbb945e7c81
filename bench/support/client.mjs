import assert from 'node:assert/strict'
import { COLUMNS } from './table.mjs'

const JSON_TYPE = { 'content-type': 'application/json' }

/** Submits a query that the server keeps. Resolves with its id. */
export async function submit({ port }, token, fields = {}) {
  const response = await fetch(`http://127.0.0.1:${port}/_query/async`, {
    method: 'POST',
    headers: { ...JSON_TYPE, authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: 'FROM logs', keep_on_completion: true, ...fields }),
  })
  const { id } = await response.json()
  assert.equal(response.status, 200)
  return id
}

/** Gets a query. Resolves with status and body. */
export async function get({ port }, path, token) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()) }
}

export function pathOf(id) {
  return `/_query/async/${encodeURIComponent(id)}`
}

/** Checks that a document holds the table of the benchmark and nothing else. */
export function assertTable(document, rows) {
  assert.equal(document.is_running, false)
  assert.deepEqual(document.columns, COLUMNS)
  assert.deepEqual(document.values, rows)
}
