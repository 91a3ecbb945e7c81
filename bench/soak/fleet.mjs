import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { newSealingKey } from 'express-esql-async-query'
import { TRUST } from '../support/callers.mjs'
import { Contestant } from '../support/contestant.mjs'
import { Keeper } from './keeper.mjs'
import { Standalone } from './standalone.mjs'

/** The gateways, with the store at each path. The soak kills the first two now and then. */
const GATEWAYS = {
  memory: { '/': 'memory' },
  cluster: { '/': 'elasticsearch' },
  steady: { '/memory': 'memory', '/cluster': 'elasticsearch' },
  standalone: { '/': 'elasticsearch' },
}
export const KILLED = ['memory', 'cluster']

/** The system gives higher ports to clients, so nobody takes one of these while a gateway is away. */
const PORTS = { first: 18_000, last: 28_000 }

/** A killed gateway stays away this long at most. */
const LONGEST_ABSENCE_MS = 2_000

/** The gateways, the cluster behind them, and the proxy between them. Each is a process. */
export class Fleet {
  gateways = {}
  proxy
  keeper
  #configs = {}
  #cluster

  static async start(random) {
    const fleet = new Fleet()
    const clusterPort = await freePort(random)
    fleet.#cluster = await Contestant.start('../soak/cluster', { port: clusterPort })
    const proxyPort = await freePort(random)
    const behind = { port: proxyPort, cluster: urlOf(clusterPort) }
    fleet.proxy = await Contestant.start('../soak/proxy', behind)
    fleet.keeper = await Keeper.start(await freePort(random))
    const shared = {
      trust: TRUST,
      cluster: urlOf(proxyPort),
      // Every gateway has the same, before and after a restart.
      sealingKeys: [newSealingKey()],
    }
    for (const [name, mounts] of Object.entries(GATEWAYS)) {
      fleet.#configs[name] = { ...shared, mounts, port: await freePort(random) }
      await fleet.#startGateway(name)
    }
    return fleet
  }

  /** Where clients find which store. */
  get targets() {
    return Object.entries(GATEWAYS).flatMap(([gateway, mounts]) =>
      Object.entries(mounts).map(([path, store]) => {
        const prefix = path.replace(/\/$/, '')
        return { name: gateway + prefix, gateway, store, prefix, port: this.#configs[gateway].port }
      }),
    )
  }

  get steady() {
    return this.gateways.steady
  }

  /** Kills a gateway and starts it again at the same port. Tells the clients before and after. */
  async replace(name, clients, random) {
    await Promise.all(clients.map((client) => client.ask('down', name)))
    await this.gateways[name].kill()
    await pause(random.integer(0, LONGEST_ABSENCE_MS))
    await this.#startGateway(name)
    await Promise.all(clients.map((client) => client.ask('up', name)))
  }

  async stop() {
    const all = [...Object.values(this.gateways), this.keeper, this.proxy, this.#cluster]
    await Promise.all(all.filter(Boolean).map((process) => process.stop()))
  }

  async #startGateway(name) {
    const config = this.#configs[name]
    this.gateways[name] =
      name === 'standalone'
        ? await Standalone.start(config)
        : await Contestant.start('../soak/gateway', config, { isUnread: true })
  }
}

function urlOf(port) {
  return `http://127.0.0.1:${port}`
}

async function freePort(random) {
  for (;;) {
    const port = random.integer(PORTS.first, PORTS.last)
    const server = createServer()
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return port
  }
}
