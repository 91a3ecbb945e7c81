import { readFileSync } from 'node:fs'
import path from 'node:path'
import { newSealingKey, postgresSchema } from '../index'
import { asJson, asText } from './announce'
import type { ServerConfig } from './config'
import { HELP, parseCommandLine } from './config'
import { createDevelopmentAccess } from './development-mode'
import { openLog } from './open-log'
import { startServer } from './server'
import { printFor, styleFor } from './style'

/** What ends the gateway. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * Does what the command line of the gateway says. Rejects if the gateway cannot start. `commands`: what else the
 * command line can do, as `--help` shows it, and those that are named like flags.
 */
export async function runGateway(
  args: readonly string[],
  commands: { about: string; flags: readonly string[] },
): Promise<void> {
  const command = parseCommandLine(args, process.env, commands.flags)
  if (command.action === 'serve') await serve(command.config, command.nearMisses)
  else if (command.action === 'help') process.stdout.write(`${HELP}\n${commands.about}`)
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
  const logger = openLog(config.logLevel, config.logFormat)
  for (const line of nearMisses) logger.warn({}, line)
  const check = tokenCheck ?? createDevelopmentAccess()
  const server = await startServer(config, check, logger, SIGNALS)
  const { url } = server
  logger.info({ url }, 'listening')
  const access = 'alice' in check ? check : undefined
  const started = { url, version: version(), config, access }
  process.stdout.write(print === 'json' ? asJson(started) : asText(started, styleFor(process.stdout)))
}

function version(): string {
  const { version } = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8'))
  return String(version)
}
