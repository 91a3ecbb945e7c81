import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { newSealingKey } from 'express-esql-async-query'
import { TRUST } from '../support/callers.mjs'
import { Contestant } from '../support/contestant.mjs'
import { Keeper } from './keeper.mjs'
import { Standalone } from './standalone.mjs'

/** The gateways of each soak, with the store at each path. It kills the first two now and then. */
const GATEWAYS = {
  cluster: {
    memory: { '/': 'memory' },
    cluster: { '/': 'elasticsearch' },
    steady: { '/memory': 'memory', '/cluster': 'elasticsearch' },
    standalone: { '/': 'elasticsearch' },
  },
  postgres: {
    one: { '/': 'postgres' },
    other: { '/': 'postgres' },
    steady: { '/memory': 'memory', '/postgres': 'postgres' },
  },
}
export const SOAKS = Object.keys(GATEWAYS)

/** The system gives higher ports to clients, so nobody takes one of these while a gateway is away. */
const PORTS = { first: 18_000, last: 28_000 }

/** A killed gateway stays away this long at most. */
const LONGEST_ABSENCE_MS = 2_000

/** A PostgreSQL that was killed stays away this long at most: processes that cannot say that they live must not lose their lease. */
const LONGEST_OUTAGE_MS = 1_500

/** The gateways, and the cluster behind them with a proxy between them, or PostgreSQL. Each is a process. */
export class Fleet {
  gateways = {}
  proxy
  keeper
  #configs = {}
  #mounts
  #cluster
  #postgres

  /** `store`: where the gateways that it kills have their queries. `limits`: those of each store. */
  static async start(store, limits) {
    const fleet = new Fleet()
    fleet.#mounts = GATEWAYS[store]
    try {
      const behind = store === 'postgres' ? await fleet.#startPostgres() : await fleet.#startCluster()
      for (const [name, mounts] of Object.entries(fleet.#mounts)) {
        fleet.#configs[name] = { trust: TRUST, limits, ...behind, mounts, port: await freePort() }
        await fleet.#startGateway(name)
      }
    } catch (error) {
      await fleet.stop()
      throw error
    }
    return fleet
  }

  async #startCluster() {
    const clusterPort = await freePort()
    this.#cluster = await Contestant.start('../soak/cluster', { port: clusterPort })
    const proxyPort = await freePort()
    const behind = { port: proxyPort, cluster: urlOf(clusterPort) }
    this.proxy = await Contestant.start('../soak/proxy', behind)
    this.keeper = await Keeper.start(await freePort())
    // Every gateway has the same keys, before and after a restart.
    return { cluster: urlOf(proxyPort), sealingKeys: [newSealingKey()] }
  }

  async #startPostgres() {
    const { PostgresServer } = await import('../support/postgres.mjs')
    this.#postgres = await PostgresServer.start()
    return { database: this.#postgres.url }
  }

  /** Where clients find which store. */
  get targets() {
    return Object.entries(this.#mounts).flatMap(([gateway, mounts]) =>
      Object.entries(mounts).map(([path, store]) => {
        const prefix = path.replace(/\/$/, '')
        return { name: gateway + prefix, gateway, store, prefix, port: this.#configs[gateway].port }
      }),
    )
  }

  /** Those that it kills. */
  get killed() {
    return Object.keys(this.#mounts).slice(0, 2)
  }

  /** What has a log. */
  get logged() {
    return [...Object.keys(this.gateways), ...(this.proxy ? ['proxy'] : [])]
  }

  get hasDatabase() {
    return this.#postgres !== undefined
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

  /** Kills PostgreSQL and starts it again. Tells the gateways and the clients before and after. */
  async replaceDatabase(clients, random) {
    const told = [...clients, ...Object.values(this.gateways)]
    await Promise.all(told.map((process) => process.ask('away')))
    await this.#postgres.kill()
    await pause(random.integer(0, LONGEST_OUTAGE_MS))
    await this.#postgres.start()
    await Promise.all(told.map((process) => process.ask('back')))
  }

  async stop() {
    const all = [...Object.values(this.gateways), this.keeper, this.proxy, this.#cluster]
    await Promise.all(all.filter(Boolean).map((process) => process.stop()))
    await this.#postgres?.remove()
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

/** By chance, and not from the seed: soaks with the same seed may run at the same time. */
async function freePort() {
  for (;;) {
    const port = randomInt(PORTS.first, PORTS.last)
    const server = createServer()
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return port
  }
}
