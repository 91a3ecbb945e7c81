import type { Request, RequestHandler } from 'express'
import type { ResolveCaller } from '../core/caller'
import type { AsyncQueryStore } from '../core/store'
import { PackedBody, RequestBody } from '../request/body'
import { RequestReader } from '../request/reader'
import { matchRoute } from '../request/routes'
import type { Journal } from './journal'
import type { Visit } from './visit'

/** Notes each request in the journal before anything happens to it. */
export class Reception {
  readonly #journal: Journal
  readonly #resolveCaller: ResolveCaller
  readonly #maxBodyBytes: number
  readonly #reader: RequestReader

  constructor(journal: Journal, resolveCaller: ResolveCaller, store: AsyncQueryStore, maxBodyBytes: number) {
    this.#journal = journal
    this.#resolveCaller = resolveCaller
    this.#maxBodyBytes = maxBodyBytes
    this.#reader = new RequestReader(store, maxBodyBytes, false)
  }

  get handler(): RequestHandler {
    return (request, response, next) => {
      this.#journal.arrive(request, response, (visit) => void this.#read(request, visit).finally(next))
    }
  }

  /** Reads what the router will read again. The router judges it. */
  async #read(request: Request, visit: Visit): Promise<void> {
    const route = matchRoute(request.path)
    try {
      // A request of nobody is refused before its body is read.
      const caller = await this.#resolveCaller(request)
      visit.entry.owner = caller?.owner
      if (!route) return
      await this.#takeBody(request)
      visit.read(await this.#reader.read(request, route))
    } catch {
      // It gets its refusal from the router.
    }
  }

  /** Keeps the body for the router, or what reading it has failed with. */
  async #takeBody(request: Request): Promise<void> {
    const body = new RequestBody(request, this.#maxBodyBytes)
    const failing = (error: unknown) => new PackedBody(() => Promise.reject(error))
    try {
      await body.exists()
    } catch {
      // `content` rejects with the same.
    }
    const hasBody = request.readableDidRead || Number(request.headers['content-length'] ?? 0) > 0
    if (hasBody) request.body = await body.content().catch(failing)
  }
}
