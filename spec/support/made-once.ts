import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import path from 'node:path'

const ROOT = path.join(__dirname, '..', '..')
const CACHE = path.join(ROOT, 'node_modules', '.cache', 'specs')

/**
 * The folder with what is made of files and folders of the package. It is made once for all specs and processes, until one
 * of the files changes.
 */
export function madeOnce(name: string, sources: readonly string[], make: (folder: string) => void): string {
  const made = path.join(CACHE, `${name}-${digestOf([...sources, 'package-lock.json'])}`)
  if (existsSync(made)) return made
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(path.join(CACHE, 'making-'))
  try {
    make(folder)
    renameSync(folder, made)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    // Another process has been faster.
    if (!existsSync(made)) throw error
  }
  return made
}

function digestOf(sources: readonly string[]): string {
  const digest = createHash('sha256')
  for (const file of sources.flatMap(filesOf))
    digest.update(`${file}\0`).update(readFileSync(path.join(ROOT, file)))
  return digest.digest('hex').slice(0, 16)
}

function filesOf(source: string): string[] {
  if (!statSync(path.join(ROOT, source)).isDirectory()) return [source]
  // What examples have installed is nothing of the package.
  const names = readdirSync(path.join(ROOT, source))
    .filter((name) => name !== 'node_modules')
    .sort()
  return names.flatMap((name) => filesOf(path.join(source, name)))
}
