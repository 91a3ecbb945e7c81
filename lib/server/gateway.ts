import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Logger } from '../index'
import { newSealingKey, postgresSchema } from '../index'
import { asJson, asText } from './announce'
import type { ServerConfig } from './config'
import { HELP, parseCommandLine } from './config'
import { createDevelopmentAccess } from './development-mode'
import { jsonLine, lineLogger, lineWriter } from './line-logger'
import { hasColours, prettyLine } from './pretty-line'
import { startServer } from './server'
import { printFor, styleFor } from './style'

/** What ends the gateway. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * Does what the command line of the gateway says. `commands` is what `--help` shows of other commands. Rejects if the gateway
 * cannot start.
 */
export async function runGateway(args: readonly string[], commands: string): Promise<void> {
  const command = parseCommandLine(args, process.env)
  if (command.action === 'serve') await serve(command.config, command.nearMisses)
  else if (command.action === 'help') process.stdout.write(`${HELP}\n${commands}`)
  else process.stdout.write(PRINTED[command.action]())
}

/** What the actions print that start no server. */
const PRINTED = {
  version: () => `${version()}\n`,
  'new-sealing-key': () => `${newSealingKey()}\n`,
  'postgres-schema': () => postgresSchema(),
}

async function serve(config: ServerConfig, nearMisses: readonly string[]): Promise<void> {
  const { tokenCheck, print = printFor(process.stdout) } = config
  const logger = openLog(config)
  for (const line of nearMisses) logger.warn({}, line)
  const check = tokenCheck ?? createDevelopmentAccess()
  const server = await startServer(config, check, logger, SIGNALS)
  const { url } = server
  logger.info({ url }, 'listening')
  const access = 'alice' in check ? check : undefined
  const started = { url, version: version(), config, access }
  process.stdout.write(print === 'json' ? asJson(started) : asText(started, styleFor(process.stdout)))
}

function openLog({ logLevel, logFormat }: ServerConfig): Logger {
  const { stderr, env } = process
  const isPretty = (logFormat ?? (stderr.isTTY ? 'pretty' : 'json')) === 'pretty'
  const lineOf = isPretty ? prettyLine(hasColours(stderr, env)) : jsonLine
  return lineLogger(logLevel, lineWriter(stderr, lineOf), lineOf)
}

function version(): string {
  const { version } = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8'))
  return String(version)
}
