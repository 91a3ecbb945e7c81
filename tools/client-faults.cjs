const { spawnSync } = require('node:child_process')
const path = require('node:path')

// The page is made of what the spec has seen.
const jest = require.resolve('jest/bin/jest')
const { status } = spawnSync(process.execPath, [jest, 'spec/system/client-faults'], {
  cwd: path.join(__dirname, '..'),
  env: { ...process.env, ESQL_ASYNC_TEST_WRITE_CLIENT_FAULTS: 'true' },
  stdio: 'inherit',
})
process.exitCode = status ?? 1
