const { execFileSync, spawnSync } = require('node:child_process')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')

/** The releases that `engines` promises. The one that runs this has its own run. */
const RELEASES = ['20', '22', '24', '26']

/** A short part that meets what releases change: sockets, streams, parsers, texts of errors, processes, packages. */
const SPECS = [
  'formats/arrow/',
  'json/parse',
  'jwt/jwt-caller',
  'request/body',
  'request/negotiation',
  'router/disconnects',
  'router/send',
  'router/sync-query',
  'server/server',
  'stores/elasticsearch/wait',
  'stores/memory/memory-store',
  'stores/postgres/postgres-store',
  'system/faults/known',
  'system/hostile/http',
  'system/hosts',
  'system/package',
  'system/pipelining',
].map((name) => `spec/${name}`)

const ROOT = path.join(__dirname, '..')
const named = process.argv.slice(2)
const own = process.versions.node.split('.')[0]
const releases = named.length > 0 ? named : RELEASES.filter((release) => release !== own)

const folder = mkdtempSync(path.join(tmpdir(), 'nodes-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const release of releases) test(release)

/** Runs the specs on a release, whose binary is a package. Ends with an error if they fail or it cannot be installed. */
function test(release) {
  const name = `node-${process.platform}-${process.arch}`
  const options = ['--no-save', '--no-audit', '--no-fund', '--prefix', path.join(folder, release)]
  execFileSync('npm', ['install', ...options, `${name}@${release}`], { stdio: 'inherit' })
  const bin = path.join(folder, release, 'node_modules', name, 'bin')
  const node = path.join(bin, 'node')
  console.log(`Node.js ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`)
  const { status } = spawnSync(node, [require.resolve('jest/bin/jest'), ...SPECS], {
    cwd: ROOT,
    // What the specs start runs on this release too.
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` },
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}
