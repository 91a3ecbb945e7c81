const { cpSync, readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { parse } = require('yaml')

const ROOT = path.join(__dirname, '..')

/** Puts the files of the console beside the compiled ones, and the description of the API as JSON, which browsers read. */
const [dist = path.join(ROOT, 'dist')] = process.argv.slice(2)
const target = path.join(dist, 'console')
cpSync(path.join(ROOT, 'lib', 'console'), target, { recursive: true })
const document = parse(readFileSync(path.join(ROOT, 'api-spec.yaml'), 'utf8'))
writeFileSync(path.join(target, 'api-spec.json'), JSON.stringify(document))
