import jwt from 'jsonwebtoken'

/** The token of one owner. A new one replaces it now and then, as in real clients. */
export class Tokens {
  #signing
  #owner
  #random
  #current
  #renewAt = 0

  constructor(signing, owner, random) {
    this.#signing = signing
    this.#owner = owner
    this.#random = random
  }

  get current() {
    if (performance.now() >= this.#renewAt) {
      const { privateKey, issuer, audience } = this.#signing
      this.#renewAt = performance.now() + this.#random.integer(20_000, 60_000)
      this.#current = jwt.sign({}, privateKey, {
        algorithm: 'RS256',
        issuer,
        audience,
        subject: this.#owner,
        jwtid: crypto.randomUUID(),
        expiresIn: '5m',
      })
    }
    return this.#current
  }
}
