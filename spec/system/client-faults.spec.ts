import { clientFaultsPage } from '../support/client-faults'
import { generatedPage } from '../support/documented'

it('docs/client-faults.md is what the official client does; `npm run client-faults` writes it', async () => {
  const made = await clientFaultsPage()
  expect(generatedPage('docs/client-faults.md', made)).toBe(made)
}, 120_000)
