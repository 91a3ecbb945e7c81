#!/usr/bin/env node
import './core/supported-node'

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describeCommands, runCommand } from './commands/commands'
import { systemClock } from './core/clock'
import type { Logger } from './index'
import { newSealingKey, postgresSchema } from './index'
import type { ServerConfig } from './server/config'
import { HELP, parseCommandLine } from './server/config'
import { ConfigError } from './server/config-error'
import { announceDevelopmentMode, announceQueries, createDevelopmentAccess } from './server/development-mode'
import { jsonLogger } from './server/json-logger'
import type { RunningServer } from './server/server'
import { startServer } from './server/server'

/** The time for answers that are being sent, after a second signal, in milliseconds. */
const IMPATIENT_GRACE_MS = 1_000

/** The time for output that a reader has not taken yet, in milliseconds. */
const FLUSH_MS = 1_000

async function main(): Promise<void> {
  // Nobody has to read what it prints.
  process.stdout.on('error', () => {})
  const args = process.argv.slice(2)
  const exitCode = await runCommand(args)
  if (exitCode !== undefined) {
    process.exitCode = exitCode
    return
  }
  const command = parseCommandLine(args, process.env)
  if (command.action === 'serve') await serve(command.config)
  else process.stdout.write(PRINTED[command.action]())
}

/** What the actions print that start no server. */
const PRINTED = {
  help: () => `${HELP}\n${describeCommands()}`,
  version: () => `${version()}\n`,
  'new-sealing-key': () => `${newSealingKey()}\n`,
  'postgres-schema': () => postgresSchema(),
}

async function serve(config: ServerConfig): Promise<void> {
  const { resolveCaller } = config
  const logger = jsonLogger(config.logLevel)
  const access = resolveCaller ? { resolveCaller } : createDevelopmentAccess()
  const server = await startServer(config, access, logger)
  endOnSignal(server, logger)
  logger.info({ url: server.url }, 'listening')
  process.stdout.write(`express-esql-async-query ${version()} is listening on ${server.url}\n`)
  const isOpen = 'alice' in access
  process.stdout.write(isOpen ? announceDevelopmentMode(server.url, access, config) : announceQueries(config))
}

/** npm passes Ctrl-C on to a process that has already received it, so a second signal must not end it at once. */
function endOnSignal(server: RunningServer, logger: Logger): void {
  let isEnding = false
  const end = (signal: string): void => {
    logger.info({ signal }, isEnding ? 'shutting down without more patience' : 'shutting down')
    void server
      .close(isEnding ? IMPATIENT_GRACE_MS : undefined)
      .catch(fail)
      .finally(exitSoon)
    isEnding = true
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, end)
}

/** A process does not end by itself while a pipe that nobody reads holds some of its output. */
function exitSoon(): void {
  systemClock.setTimer(() => process.exit(), FLUSH_MS, { background: true })
}

function version(): string {
  const { version } = JSON.parse(readFileSync(path.join(__dirname, '..', 'package.json'), 'utf8'))
  return String(version)
}

function fail(error: unknown): void {
  const isExpected = error instanceof ConfigError
  const text = isExpected ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`express-esql-async-query: ${text}\n`)
  process.exitCode = 1
}

main().catch(fail)
