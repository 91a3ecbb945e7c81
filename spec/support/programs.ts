import { existsSync } from 'node:fs'
import path from 'node:path'

/** Debian has servers there, which is not in everybody's path. */
const FOLDERS = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']

/** Where a program is, if it is installed. npm has none of those that specs look for here. */
export function programAt(...names: readonly string[]): string | undefined {
  return names.flatMap((name) => FOLDERS.map((folder) => path.join(folder, name))).find(existsSync)
}
