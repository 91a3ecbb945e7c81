'use strict'

// Keeps one PostgreSQL server for a spec. It ends with the process that forked it, however that process ends, and takes
// the server and its folder along. Plain JavaScript, because Node.js runs it as it is.

const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: pause } = require('node:timers/promises')

const CACHE = path.join(__dirname, '..', '..', '..', 'node_modules', '.cache', 'specs', 'postgres')

const { folder, user, settings } = JSON.parse(process.argv[2])
const data = path.join(folder, 'data')
// No variable of the surroundings may change the server, and its user must be able to see the current folder.
const surroundings = { ...user, cwd: folder, env: { TZ: 'UTC' } }

let server
let log = ''

/** Creates the data the first time. Later it recovers what is there. */
async function start(bin) {
  if (server) throw new Error('it runs already')
  if (!fs.existsSync(data)) createData(bin)
  const chosen = Object.entries({ listen_addresses: '', unix_socket_directories: folder, ...settings })
  const flags = chosen.flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(path.join(bin, 'postgres'), ['-D', data, ...flags], {
    ...surroundings,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  server = child
  log = ''
  await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      log = `${log}${chunk}`.slice(-65_536)
      if (log.includes('ready to accept connections')) resolve(undefined)
    })
    child.once('error', reject)
    child.once('close', () => {
      server = undefined
      reject(new Error(`PostgreSQL ended:\n${log}`))
    })
  })
}

/** Two of its three databases are there to make others, and two thirds of the files. */
const WITHOUT_TEMPLATES = `UPDATE pg_database SET datistemplate = false
DROP DATABASE template0
DROP DATABASE template1
`

/** A copy of what PostgreSQL creates costs a fraction of it. The first server of a release leaves one to the others. */
function createData(bin) {
  const release = execFileSync(path.join(bin, 'postgres'), ['--version'], surroundings).toString().trim()
  const known = path.join(CACHE, `${release.replaceAll(/[^\w.]+/g, '-')}-without-templates`)
  if (fs.existsSync(known)) return copyData(known)
  const options = '--username=postgres --auth=trust --locale=C --encoding=UTF8 --no-sync --no-instructions'
  execFileSync(path.join(bin, 'initdb'), ['-D', data, ...options.split(' ')], {
    ...surroundings,
    stdio: 'pipe',
  })
  execFileSync(path.join(bin, 'postgres'), ['--single', '-D', data, 'postgres'], {
    ...surroundings,
    input: WITHOUT_TEMPLATES,
    stdio: 'pipe',
  })
  fs.mkdirSync(CACHE, { recursive: true })
  const making = fs.mkdtempSync(path.join(CACHE, 'making-'))
  try {
    fs.cpSync(data, making, { recursive: true })
    fs.renameSync(making, known)
  } catch {
    // Another process has been faster.
    fs.rmSync(making, { recursive: true })
  }
}

function copyData(known) {
  fs.cpSync(known, data, { recursive: true })
  const names = fs.readdirSync(data, { recursive: true })
  if (user.uid !== undefined)
    for (const name of ['', ...names]) fs.chownSync(path.join(data, name), user.uid, user.gid)
  // The one rule about its mode that PostgreSQL insists on.
  fs.chmodSync(data, 0o700)
}

/** Those of its processes that live. Each has a session of its own, so no group of processes holds them. */
function living() {
  const first = server?.pid
  if (first === undefined) return []
  const isAlive = ({ pid, parent, state }) => (pid === first || parent === first) && !state.startsWith('Z')
  // The first one ahead, because it starts the others.
  return everyProcess()
    .filter(isAlive)
    .sort(({ pid }) => (pid === first ? -1 : 1))
}

function everyProcess() {
  // Slim images have no `ps`, and only Linux has /proc.
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,stat=,ppid=']).toString().trim().split('\n')
    return lines.map((line) => toProcess(line.trim().split(/\s+/)))
  }
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // The name of the program stands in brackets, and may hold anything.
        const fields = fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
        return [toProcess([pid, ...fields])]
      } catch {
        return [] // It has ended meanwhile.
      }
    })
}

function toProcess([pid, state, parent]) {
  return { pid: Number(pid), parent: Number(parent), state }
}

function send(signal, processes) {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }
}

/** Stops every process where it stands, also those that start meanwhile. */
async function freeze() {
  const isMoving = ({ state }) => !state.startsWith('T')
  for (let moving = living().filter(isMoving); moving.length > 0; moving = living().filter(isMoving)) {
    send('SIGSTOP', moving)
    await pause(1)
  }
}

async function thaw() {
  send('SIGCONT', living())
}

/** Frozen first, so that none does anything when another has gone, and the first one starts no others. */
async function kill() {
  await freeze()
  send('SIGKILL', living().slice(1))
  while (living().length > 1) await pause(1)
  await ended(() => server?.kill('SIGKILL'))
}

/** Ends it in order. Its clients are told. */
async function shutDown() {
  await thaw()
  await ended(() => server?.kill('SIGINT'))
}

async function ended(act) {
  if (!server) return
  const closed = once(server, 'close')
  act()
  await closed
}

/** Nobody needs the data, so it ends without writing it. */
async function remove() {
  await thaw()
  await ended(() => server?.kill('SIGQUIT'))
  removeSharedMemory()
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
}

/** A server that was killed leaves a small segment of memory to the machine. Line 7 of this file names it. */
function removeSharedMemory() {
  try {
    const lines = fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')
    execFileSync('ipcrm', ['-m', lines[6]?.trim().split(/\s+/)[1] ?? ''], { stdio: 'ignore' })
  } catch {
    // It ended in order, or the machine has no `ipcrm`.
  }
}

const COMMANDS = { start, kill, shutDown, freeze, thaw }
/** One command after the other. */
let turn = Promise.resolve()

process.on('message', ([command, argument]) => {
  turn = turn
    .then(() => COMMANDS[command](argument))
    .then(
      () => reply({}),
      (error) => reply({ error: error.message }),
    )
})
process.on('disconnect', () => {
  turn = turn.then(remove)
})
// Whoever ends everything with a signal ends the parent too. That is the time to go.
process.on('SIGTERM', () => {})

function reply(message) {
  // With a callback it is no error that the parent has gone.
  process.send(message, () => {})
}
