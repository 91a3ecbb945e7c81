import { randomBytes } from 'node:crypto'
import { jwtCaller } from 'express-esql-async-query'
import jwt from 'jsonwebtoken'

// Your identity provider has the key, and gives out the tokens. The `jwks` option of `jwtCaller` gets its public keys.
const key = randomBytes(32).toString('hex')
const [issuer, audience] = ['https://login.example', 'esql']

export const resolveCaller = jwtCaller({ key, algorithms: ['HS256'], issuer, audience })

const tokenOf = (subject) => jwt.sign({}, key, { subject, issuer, audience, expiresIn: '1h' })

/** Says what to do next. */
export function printCommands(server, error) {
  if (error) throw error
  console.log(`The gateway listens on http://localhost:${server.address().port}, and its tokens are good for an hour. Paste into a second terminal:

export URL=http://localhost:${server.address().port}
export ALICE='Authorization: Bearer ${tokenOf('alice')}'
export MALLORY='Authorization: Bearer ${tokenOf('mallory')}'
curl -sS "$URL/_query?format=txt" -H "$ALICE" -H 'Content-Type: application/json' -d '{"query":"FROM books"}'
`)
}
