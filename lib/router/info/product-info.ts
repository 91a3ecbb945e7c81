import type { RequestHandler, Response } from 'express'
import { describeError } from '../../core/describe-error'
import { Ending } from '../../core/early-end'
import { outageOf, statusOf } from '../../core/errors'
import type { WireAnswer } from '../../core/pass-through'
import { writeObject } from '../../formats/formats'
import { RequestBody } from '../../request/body'
import { readInfo } from '../../request/command'
import { assertShortLine, readHead } from '../../request/head'
import { wrongMethod } from '../../request/routes'
import { callerOf } from '../callers'
import { sendError } from '../error-answer'
import { bytesOf, endWith, sendAllowed, setCommonHeaders, setStatus } from '../response-headers'
import { wireRequestOf } from '../wire-request'
import type { ProductInfoOptions } from './options'
import { resolveProductInfoOptions } from './options'
import { ownInfo } from './own-info'

type Resolved = ReturnType<typeof resolveProductInfoOptions>

const METHODS = ['GET', 'HEAD']

/** How much of a body that should not be there is read, in bytes, where only reading shows whether there is one. */
const MAX_BODY_BYTES = 65_536

/**
 * Creates middleware that answers `GET /` and `HEAD /` below its mount point as Elasticsearch does, so that `info()` and
 * `ping()` of official clients work. Mount it beside {@link asyncQueryRouter}, at the same prefix. All other paths fall
 * through. In front of a cluster, the answer is that of the cluster.
 *
 * Throws a `TypeError` for options that are missing, wrong or unknown.
 */
export function esqlProductInfo(options: ProductInfoOptions): RequestHandler {
  const resolved = resolveProductInfoOptions(options)
  return function productInfo(request, response, next) {
    if (request.path !== '/') return next()
    setCommonHeaders(response)
    if (request.method === 'OPTIONS') return sendAllowed(response, METHODS)
    void answerTo(response, resolved)
      .then((answer) => send(answer, response))
      .catch((error) => {
        const hasLeft = response.destroyed
        const sent = sendError(error, response)
        if (hasLeft || statusOf(sent) < 500) return
        resolved.logger.error({ err: describeError(sent) }, 'the product information cannot be given')
      })
  }
}

type InfoAnswer = WireAnswer & { body: Uint8Array }

async function answerTo(response: Response, resolved: Resolved): Promise<InfoAnswer> {
  const request = response.req
  const { store, version } = resolved
  const caller = await callerOf(request, resolved)
  assertShortLine(request)
  const hasBody = await new RequestBody(request, MAX_BODY_BYTES).exists()
  const { passThrough } = store
  const head = readHead(request, '', hasBody, passThrough?.info !== undefined)
  if (!METHODS.includes(request.method)) throw wrongMethod(request.originalUrl, request.method, METHODS)
  const { format, contentType, ...style } = readInfo(head)
  if (!passThrough?.info) {
    const body = bytesOf(writeObject(format, ownInfo(version), style))
    return { status: 200, headers: { 'content-type': contentType }, body }
  }
  const gone = endingOf(response)
  const needsAuthorization = passThrough.needsAuthorization ?? false
  const wire = wireRequestOf(request, head, { caller, needsAuthorization, gone })
  try {
    return await passThrough.info(wire, caller.owner)
  } catch (error) {
    throw outageOf(error)
  }
}

/** Fires when the client goes away. */
function endingOf(response: Response): Ending {
  const gone = new Ending()
  response.once('close', () => gone.abort())
  return gone
}

function send({ status, headers, body }: InfoAnswer, response: Response): void {
  setStatus(response, status)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  endWith(response, body)
}
