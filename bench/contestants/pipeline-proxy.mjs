import http from 'node:http'
import { pipeline } from 'node:stream'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'
import { peakMemory } from '../support/peak-memory.mjs'

// The floor: what Node.js itself costs when it passes an answer on, for anybody and whatever it is.

answerCommands({
  ...peakMemory,
  start({ cluster }) {
    const agent = new http.Agent({ keepAlive: true })
    return listen(({ method, url, headers }, response) => {
      const { host: _, connection: __, ...passed } = headers
      const outgoing = http.request(cluster + url, { method, agent, headers: passed }, (incoming) => {
        const { 'transfer-encoding': _, connection: __, 'keep-alive': ___, ...answered } = incoming.headers
        response.writeHead(incoming.statusCode, answered)
        pipeline(incoming, response, () => {})
      })
      outgoing.on('error', () => response.destroy())
      outgoing.end()
    })
  },
})
