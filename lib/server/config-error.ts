import { readFileSync } from 'node:fs'
import { types } from 'node:util'

/** A configuration that a person has to change. The message is one line and names what to change. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** The text of the file that a setting names. Throws a {@link ConfigError} that names the setting. */
export function readNamedFile(path: string, source: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ConfigError(`${source} names a file that cannot be read: ${messageOf(cause)}`, { cause })
  }
}

export function messageOf(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error)
}
