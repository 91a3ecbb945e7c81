import { readFileSync } from 'node:fs'
import path from 'node:path'
import { systemClock } from '../core/clock'
import type { Logger } from '../index'
import { newSealingKey, postgresSchema } from '../index'
import { asJson, asText } from './announce'
import type { ServerConfig } from './config'
import { HELP, parseCommandLine } from './config'
import { createDevelopmentAccess } from './development-mode'
import { jsonLogger } from './json-logger'
import type { RunningServer } from './server'
import { startServer } from './server'
import { printFor, styleFor } from './style'

/** The time for answers that are being sent, after a second signal, in milliseconds. */
const IMPATIENT_GRACE_MS = 1_000

/** The time for output that a reader has not taken yet, in milliseconds. */
const FLUSH_MS = 1_000

/** Called with what ends the process. */
type Fail = (error: unknown) => void

/**
 * Does what the command line of the gateway says. `commands` is what `--help` shows of other commands. Rejects if the gateway
 * cannot start, and calls `fail` if it cannot end.
 */
export async function runGateway(args: readonly string[], commands: string, fail: Fail): Promise<void> {
  const command = parseCommandLine(args, process.env)
  if (command.action === 'serve') await serve(command.config, command.nearMisses, fail)
  else if (command.action === 'help') process.stdout.write(`${HELP}\n${commands}`)
  else process.stdout.write(PRINTED[command.action]())
}

/** What the actions print that start no server. */
const PRINTED = {
  version: () => `${version()}\n`,
  'new-sealing-key': () => `${newSealingKey()}\n`,
  'postgres-schema': () => postgresSchema(),
}

async function serve(config: ServerConfig, nearMisses: readonly string[], fail: Fail): Promise<void> {
  const { tokenCheck, print = printFor(process.stdout) } = config
  const logger = jsonLogger(config.logLevel)
  for (const line of nearMisses) logger.warn({}, line)
  const check = tokenCheck ?? createDevelopmentAccess()
  const server = await startServer(config, check, logger)
  endOnSignal(server, logger, fail)
  const { url } = server
  logger.info({ url }, 'listening')
  const access = 'alice' in check ? check : undefined
  const started = { url, version: version(), config, access }
  process.stdout.write(print === 'json' ? asJson(started) : asText(started, styleFor(process.stdout)))
}

/** npm passes Ctrl-C on to a process that has already received it, so a second signal must not end it at once. */
function endOnSignal(server: RunningServer, logger: Logger, fail: Fail): void {
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
  const { version } = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8'))
  return String(version)
}
