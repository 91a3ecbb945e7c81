import { readFileSync } from 'node:fs'
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
