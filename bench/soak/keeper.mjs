import { TRUST, tokenOf } from '../support/callers.mjs'
import { get, pathOf, submit } from '../support/client.mjs'
import { Standalone } from './standalone.mjs'

/** A standalone gateway that keeps a query in its memory. Nobody reads its log. */
export class Keeper {
  #gateway
  #place
  #path
  #expected
  #token = tokenOf('keeper')

  static async start(port) {
    const keeper = new Keeper()
    keeper.#place = { port }
    keeper.#gateway = await Standalone.start({ port, trust: TRUST })
    keeper.#path = pathOf(
      await submit(keeper.#place, keeper.#token, { query: 'FROM books', keep_alive: '1d' }),
    )
    keeper.#expected = await get(keeper.#place, keeper.#path, keeper.#token)
    return keeper
  }

  /** Makes it log a refusal. Resolves with what is wrong with its query, or with `undefined`. */
  async look() {
    try {
      const refused = await get(this.#place, this.#path)
      const { status, body } = await get(this.#place, this.#path, this.#token)
      const isKept = status === 200 && body.equals(this.#expected.body)
      return isKept && refused.status === 401 ? undefined : `${refused.status}, ${status}: ${body}`
    } catch (error) {
      return String(error.cause ?? error)
    }
  }

  stop() {
    return this.#gateway.stop()
  }
}
