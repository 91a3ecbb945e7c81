import { readdirSync, readFileSync } from 'node:fs'
import { createRequire, Module } from 'node:module'
import { transformSync } from '@swc/core'

// The specs know how to start a PostgreSQL from npm's binaries. They are TypeScript, which Node.js 20 does not run.
Module._extensions['.ts'] = (module, file) => {
  const options = {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
    module: { type: 'commonjs' },
  }
  module._compile(transformSync(readFileSync(file, 'utf8'), options).code, file)
}

const { PostgresServer } = createRequire(import.meta.url)('../../spec/support/postgres/server.ts')

export { PostgresServer }

/** Runs `use` with a server that ends afterwards, whatever happens. */
export async function withPostgres(settings, use) {
  const server = await PostgresServer.start(settings)
  try {
    return await use(server)
  } finally {
    await server.remove()
  }
}

/** The kernel counts in hundredths of a second. */
const MICROS_PER_TICK = 10_000

/** CPU time of all processes of a server, those that have ended included, in microseconds. Just Linux tells it. */
export function cpuOfServer({ folder }) {
  const [first] = readFileSync(`${folder}/data/postmaster.pid`, 'utf8').split('\n')
  let ticks = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const [state, parent, ...others] = fieldsOf(pid)
    if (state === undefined || (pid !== first && parent !== first)) continue
    // Those of the process; the first one also has those of its children that have ended.
    const [user, system, endedUser, endedSystem] = others.slice(9, 13).map(Number)
    ticks += user + system + (pid === first ? endedUser + endedSystem : 0)
  }
  return ticks * MICROS_PER_TICK
}

/** What stands behind the name of a process, which may hold anything. */
function fieldsOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1).split(' ')
  } catch {
    return [] // It has ended meanwhile.
  }
}
