// An OpenID provider in a process of its own. It listens with the keys that a message names, and no longer when a message
// names none. Plain JavaScript, because Node.js runs it as it is.

import { once } from 'node:events'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const { audience, clients } = JSON.parse(process.argv[2])

let server

process.on('message', async ({ port, keys }) => {
  process.send(keys ? await listen(port, keys) : await end())
})

async function listen(port, keys) {
  // It needs to know its address before it can be made.
  server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${server.address().port}`
  server.on('request', createProvider(issuer, keys).callback())
  return { issuer }
}

async function end() {
  const ended = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await ended
  return {}
}

function createProvider(issuer, keys) {
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
