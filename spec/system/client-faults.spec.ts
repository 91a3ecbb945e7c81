import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { clientFaultsPage } from '../support/client-faults'

const FILE = path.join(__dirname, '..', '..', 'docs', 'client-faults.md')

it('docs/client-faults.md is what the official client does; `npm run client-faults` writes it', async () => {
  const made = await clientFaultsPage()
  if (process.env.ESQL_ASYNC_TEST_WRITE_CLIENT_FAULTS) writeFileSync(FILE, made)
  expect(readFileSync(FILE, 'utf8')).toBe(made)
}, 120_000)
