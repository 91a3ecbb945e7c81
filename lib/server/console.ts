import { randomUUID, timingSafeEqual } from 'node:crypto'
import path from 'node:path'
import type { Request, Response } from 'express'
import express, { Router } from 'express'
import type { SampleQuery } from '../sample/engine'
import type { kindOf } from './config'
import type { DevelopmentAccess } from './development-mode'
import { isToOwnHost } from './loopback'

/** The same from `lib/` and from the compiled package. */
const FOLDER = path.join(__dirname, '..', 'console')

/** No scripts, styles or images but our own files, no other host, and no frame around the page. */
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
}

export interface ConsoleParts {
  access: DevelopmentAccess
  serves: ReturnType<typeof kindOf>
  /** Whether others than the users of this machine may reach the gateway. */
  isExposed: boolean
  queries: () => readonly SampleQuery[]
}

/**
 * The page of development mode: at `/` for browsers, its files below `/_console`. Every other request goes on. It stands in
 * front of CORS, so that no page of another origin can read the tokens.
 */
export function consolePage(parts: ConsoleParts): Router {
  const run = randomUUID()
  const router = Router()
  router.get('/', (request, response, next) => {
    response.vary('Accept')
    if (request.accepts(['json', 'html']) !== 'html') return next()
    response.set(HEADERS).sendFile('index.html', { root: FOLDER, cacheControl: false })
  })
  router.get('/_console/session.json', (request, response) => {
    response.set(HEADERS).set('Cache-Control', 'no-store')
    if (!mayHaveTokens(request, parts)) return refuse(response)
    const { access, serves, queries } = parts
    response.json({
      run,
      serves,
      tokens: { alice: access.alice, mallory: access.mallory },
      hasArrow: isInstalled('apache-arrow'),
      queries: queries().map(({ usage, shows, params }) => ({ usage, shows, params })),
    })
  })
  const setHeaders = (response: Response): void => void response.set(HEADERS)
  router.use(
    '/_console',
    express.static(FOLDER, { index: false, redirect: false, cacheControl: false, setHeaders }),
  )
  return router
}

/**
 * Whoever has the key of the printed link. Where only this machine reaches the gateway, that is everybody, but for a page of
 * another site whose name has been made to mean this machine.
 */
function mayHaveTokens({ headers }: Request, { access, isExposed }: ConsoleParts): boolean {
  const key = Buffer.from(String(headers['x-console-key'] ?? ''))
  const expected = Buffer.from(access.consoleKey)
  if (key.length === expected.length && timingSafeEqual(key, expected)) return true
  return !isExposed && isToOwnHost(headers)
}

/** Whether an optional package is there. */
function isInstalled(name: string): boolean {
  try {
    require.resolve(name)
    return true
  } catch {
    return false
  }
}

function refuse(response: Response): void {
  const reason = 'the console needs the key of the link that the gateway has printed'
  const cause = { type: 'security_exception', reason }
  response.status(403).json({ error: { root_cause: [cause], ...cause }, status: 403 })
}
