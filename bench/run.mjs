import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isReached, printTable } from './support/report.mjs'

const CASES = [
  'start',
  'double',
  'get-100',
  'get-10000',
  'first-read',
  'first-read-cold',
  'first-read-10000',
  'small',
  'polls',
  'writers',
  'stall',
  'batches',
  'waits',
  'growth',
  'processes',
  'bodies',
  'shutdown',
  'refusal-timing',
  'pass-through',
  'postgres',
]

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    'cpu-prof': { type: 'string' },
    formats: { type: 'string' },
    before: { type: 'string' },
  },
})
const unknown = names.filter((name) => !CASES.includes(name))
if (unknown.length > 0) {
  console.error(`There is no case ${unknown.join(', ')}. The cases are ${CASES.join(', ')}.`)
  process.exit(1)
}

const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length }
console.log(`Node.js ${machine.node}, ${machine.cores} cores (${machine.cpu})`)
const rows = []
for (const name of names.length > 0 ? names : CASES) rows.push(...(await runCase(name)))
console.log()
printTable(rows)
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`)

/** Reports a case that fails. The other cases still run. */
async function runCase(name) {
  const { question, run } = await import(`./cases/${name}.mjs`)
  const [load] = loadavg()
  console.log(`\n${name}: ${question}`)
  const began = performance.now()
  try {
    const { 'cpu-prof': cpuProf, before, formats } = options
    const measured = await run({ cpuProf, before: before && resolve(before), formats: formats?.split(',') })
    return measured.map((row) => ({ case: name, ...row, reached: isReached(row) }))
  } catch (error) {
    console.error(error)
    process.exitCode = 1
    return []
  } finally {
    const seconds = Math.round((performance.now() - began) / 1000)
    console.log(`  ${seconds} s; load of the machine before: ${load.toFixed(2)}`)
  }
}
