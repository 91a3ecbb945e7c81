const { spawnSync } = require('node:child_process')
const path = require('node:path')

// A page is made of what its spec, which is named here, has seen.
const [, , spec] = process.argv
const jest = require.resolve('jest/bin/jest')
const { status } = spawnSync(process.execPath, [jest, spec], {
  cwd: path.join(__dirname, '..'),
  env: { ...process.env, ESQL_ASYNC_TEST_WRITE_PAGES: 'true' },
  stdio: 'inherit',
})
process.exitCode = status ?? 1
