const { execFileSync, spawnSync } = require('node:child_process')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { jest, peerDependencies } = require('../package.json')

/** What uses each of the peers. */
const SPECS = [
  'formats/arrow/',
  'request/decoders/yaml',
  'router/router',
  'router/operations/get',
  'server/metrics',
  'stores/elasticsearch/cluster/connections',
  'stores/elasticsearch/wait',
  'stores/postgres/postgres-store',
  'stores/postgres/listener',
  'telemetry/request-metrics',
].map((name) => `spec/${name}`)

const ROOT = path.join(__dirname, '..')
const folder = mkdtempSync(path.join(tmpdir(), 'lowest-peers-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** A range begins with its lowest version. */
const lowest = Object.entries(peerDependencies).map(([name, range]) => [
  name,
  range.match(/\d+\.\d+\.\d+/)[0],
])
const packages = lowest.map(([name, version]) => `${name}@${version}`)
console.log(packages.join(' '))
// An SDK of OpenTelemetry wants a newer API than this package does, and works with an older one.
const options = ['--no-save', '--legacy-peer-deps', '--no-audit', '--no-fund', '--prefix', folder]
execFileSync('npm', ['install', ...options, ...packages], { stdio: 'inherit' })

const mapped = lowest.map(([name]) => [`^${name}$`, path.join(folder, 'node_modules', name)])
const config = path.join(folder, 'jest.json')
const moduleNameMapper = { ...jest.moduleNameMapper, ...Object.fromEntries(mapped) }
writeFileSync(config, JSON.stringify({ ...jest, rootDir: ROOT, moduleNameMapper }))
const args = [require.resolve('jest/bin/jest'), '--config', config, ...SPECS]
const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
process.exitCode = status ?? 1
