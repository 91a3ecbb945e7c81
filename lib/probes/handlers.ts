import type { IncomingMessage, ServerResponse } from 'node:http'
import { Check } from './check'
import type { ReadyHandlerOptions } from './options'
import { resolveReadyHandlerOptions } from './options'

/** Answers a request. Fits Express, and a server of `node:http`. */
export type ProbeHandler = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Creates a handler that answers 200 as long as the process works, for a liveness probe: `app.get('/healthz',
 * healthHandler())`. It asks nothing else, because the outage of a cluster is no reason to end processes.
 */
export function healthHandler(): ProbeHandler {
  return (_request, response) => sendJson(response, 200, { status: 'ok' })
}

/**
 * Creates a handler for a readiness probe: `app.get('/readyz', readyHandler({ router, store, resolveCaller }))`. It answers
 * 200 if each check succeeds, else 503. The body names the checks, and what is wrong. It needs no token and tells nothing
 * that is secret.
 *
 * Throws a `TypeError` for options that are wrong or unknown.
 */
export function readyHandler(options: ReadyHandlerOptions = {}): ProbeHandler {
  const { checks: functions, ...limits } = resolveReadyHandlerOptions(options)
  const checks = Object.entries(functions).map(
    ([name, check]) => [name, new Check(name, check, limits)] as const,
  )
  return (_request, response) => {
    const asked = checks.map(async ([name, check]) => [name, await check.ask()] as const)
    void Promise.all(asked).then((outcomes) => {
      const ready = outcomes.every(([, outcome]) => outcome === 'ok')
      sendJson(response, ready ? 200 : 503, { ready, checks: Object.fromEntries(outcomes) })
    })
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.statusCode = status
  response.setHeader('cache-control', 'no-store')
  response.setHeader('content-type', 'application/json')
  response.setHeader('content-length', bytes.length)
  response.end(bytes)
}
