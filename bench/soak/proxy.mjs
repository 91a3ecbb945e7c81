import { Agent, request } from 'node:http'
import { pipeline } from 'node:stream'
import { answerCommands } from '../support/commands.mjs'
import { PROXY_ANSWERS, readOrder } from './proxy-answers.mjs'
import { resources, serve } from './serve.mjs'

// A proxy between the gateways and the cluster. It passes everything on, unless a client asks it to answer itself. It
// sees what no client can see: whether a gateway sends a submit twice.

const agent = new Agent({ keepAlive: true })
const seen = new Map()
const faults = []
const done = {}

answerCommands({
  start: ({ port, cluster }) => serve((incoming, outgoing) => handle(cluster, incoming, outgoing), port),
  resources,
  /** What has happened since the last question. */
  logged: () => ({ faults: faults.splice(0), done: take(done) }),
})

function handle(cluster, incoming, outgoing) {
  const opaqueId = incoming.headers['x-opaque-id']
  const order = readOrder(opaqueId)
  const isSubmit = incoming.method === 'POST' && incoming.url.split('?')[0] === '/_query/async'
  const times = (seen.get(opaqueId) ?? 0) + 1
  if (opaqueId !== undefined && (order || isSubmit)) seen.set(opaqueId, times)
  // Whatever a gateway sends for a submit, the submit comes first.
  if (isSubmit && times > 1) faults.push({ message: 'a gateway has sent a submit twice', opaqueId })
  const isOrdered = order !== undefined && times > order.spared
  if (!isOrdered) return pass(cluster, incoming, outgoing)
  done[order.name] = (done[order.name] ?? 0) + 1
  const answer = () => answerInstead(PROXY_ANSWERS[order.name], outgoing)
  if (order.isServed) return pass(cluster, incoming, outgoing, answer)
  incoming.resume().on('end', answer)
}

/** Lets the cluster serve a request. `instead` sends an answer in place of the cluster's. */
function pass(cluster, incoming, outgoing, instead) {
  const { method, url, rawHeaders: headers } = incoming
  const passed = request(cluster + url, { method, agent, headers }, (answer) => {
    if (instead) return answer.resume().on('end', instead)
    outgoing.writeHead(answer.statusCode, answer.rawHeaders)
    pipeline(answer, outgoing, () => {})
  })
  passed.on('error', () => outgoing.destroy())
  outgoing.on('close', () => passed.destroy())
  pipeline(incoming, passed, () => {})
}

function answerInstead({ status, headers, body }, outgoing) {
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  outgoing.end(body)
}

function take(counts) {
  const taken = { ...counts }
  for (const name of Object.keys(counts)) delete counts[name]
  return taken
}
