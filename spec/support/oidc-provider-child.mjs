// An OpenID provider in a process of its own, with the keys that it is given. Plain JavaScript, because Node.js runs
// it as it is.

import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const { port, audience, keys, clients } = JSON.parse(process.argv[2])

// It needs to know its address before it can be made.
const server = createServer().listen(port, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  server.on('request', createProvider(issuer).callback())
  process.send({ issuer })
})

function createProvider(issuer) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: clients.map((name) => ({
      client_id: name,
      client_secret: `secret-of-${name}`,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    ttl: { ClientCredentials: 30 * 86_400 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: '', audience, accessTokenFormat: 'jwt' }),
      },
    },
  })
}
