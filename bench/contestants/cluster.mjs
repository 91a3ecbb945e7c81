import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { answerBody, MEDIA_TYPES, TILES, upstreamIdOf } from '../support/cluster-answers.mjs'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'

// As much of Elasticsearch as a gateway needs: `FROM large` is a finished query, and its result can be had as CSV or JSON.

const PRODUCT = { 'x-elastic-product': 'Elasticsearch' }
const RESULTS = new Map(Object.keys(TILES).map((result) => [upstreamIdOf(result), result]))

answerCommands({
  start: () => listen((request, response) => (request.method === 'POST' ? submit : get)(request, response)),
})

async function submit(request, response) {
  const pieces = await request.toArray()
  const { query } = JSON.parse(Buffer.concat(pieces))
  const id = upstreamIdOf(query.replace('FROM ', ''))
  response.writeHead(200, { ...PRODUCT, ...stateOf(id), 'content-type': 'application/json' })
  response.end(JSON.stringify({ id, is_running: false, took: 12, columns: [], values: [] }))
}

async function get(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://cluster.example.org')
  const id = decodeURIComponent(pathname.replace('/_query/async/', ''))
  const format = searchParams.get('format')
  const result = RESULTS.get(id)
  if (result === undefined) return response.writeHead(404, PRODUCT).end()
  response.writeHead(200, { ...PRODUCT, ...stateOf(id), 'content-type': MEDIA_TYPES[format] })
  const chunks = answerBody(format, result, id).chunks()
  await pipeline(Readable.from(chunks, { objectMode: true }), response).catch(() => {})
}

function stateOf(id) {
  return { 'x-elasticsearch-async-id': id, 'x-elasticsearch-async-is-running': '?0' }
}
