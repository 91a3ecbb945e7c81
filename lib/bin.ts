#!/usr/bin/env node
import './core/supported-node'

import { COMMAND_FLAGS, describeCommands, runCommand } from './commands/commands'
import { ConfigError } from './server/config-error'
import type * as gateway from './server/gateway'

async function main(): Promise<void> {
  // Nobody has to read what it prints.
  process.stdout.on('error', () => {})
  const args = process.argv.slice(2)
  const exitCode = await runCommand(args)
  if (exitCode !== undefined) {
    process.exitCode = exitCode
    return
  }
  // Commands start sooner without it.
  const { runGateway }: typeof gateway = require('./server/gateway')
  await runGateway(args, { about: describeCommands(), flags: COMMAND_FLAGS })
}

function fail(error: unknown): void {
  const isExpected = error instanceof ConfigError
  const text = isExpected ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`express-esql-async-query: ${text}\n`)
  process.exitCode = 1
}

main().catch(fail)
