import { readFileSync } from 'node:fs'
import { types } from 'node:util'
import { ConfigError } from './config-error'

/** The text of the file that a setting names. */
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
