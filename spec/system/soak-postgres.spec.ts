import { runSoak } from '../support/soak'

/** Longer than waits and keep-alives of the soak, on a busy machine too. */
jest.setTimeout(300_000)

describe('the soak on one PostgreSQL', () => {
  it('kills replicas, and PostgreSQL itself, and finds nothing', async () => {
    const { kinds, stdout } = await runSoak('postgres')
    expect(kinds.filter(([, done, failed]) => done === '0' || failed !== '0')).toEqual([])
    for (const name of ['PostgreSQL', 'the gateway one', 'the gateway other']) {
      expect(stdout).toMatch(new RegExp(`kills of ${name} +[1-9]`))
    }
  })
})
