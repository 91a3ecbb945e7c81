const { execSync } = require('node:child_process')
const { existsSync, readdirSync } = require('node:fs')
const path = require('node:path')

const EXAMPLES = path.join(__dirname, '..', 'examples')

const [name = ''] = process.argv.slice(2)
const cwd = path.join(EXAMPLES, name)
const file = path.join(cwd, 'package.json')
if (name === '' || !existsSync(file)) {
  console.error(`Name an example: ${readdirSync(EXAMPLES).join(', ')}`)
  process.exit(1)
}
execSync('npm install --no-package-lock', { cwd, stdio: 'inherit' })
execSync(require(file).scripts.start ? 'npm start' : 'npm test', { cwd, stdio: 'inherit' })
