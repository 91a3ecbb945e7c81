import { ConfigError } from './config-error'

/** Reads a file as UTF-8. */
export type ReadFile = (path: string) => string

/** The text of the file that a setting names. */
export function readNamedFile(path: string, source: string, readFile: ReadFile): string {
  try {
    return readFile(path)
  } catch (cause) {
    throw new ConfigError(`${source} names a file that cannot be read: ${messageOf(cause)}`, { cause })
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
