import type { Double } from 'express-esql-async-query/double'
import { Asker, startCheckedDouble, TABLE } from '../support/double'

describe('a double', () => {
  let double: Double
  let alice: Asker

  beforeAll(async () => {
    double = await startCheckedDouble({ clock: 'manual' })
    alice = new Asker(double.url)
  })
  afterEach(() => double.reset())
  afterAll(() => double.close())

  it('answers a script when its time has passed', async () => {
    double.on('FROM logs | LIMIT 2').runsFor('3s').completes(TABLE)
    const loading = alice.submit('from logs|limit 2').then(async ({ json }) => alice.get(json.id))
    await double.waiting(1)
    await double.advance('3s')
    expect((await loading).json).toMatchObject({ is_running: false, values: [['a'], ['b']] })
    expect(double.requests).toMatchObject([
      {
        operation: 'submit',
        query: 'from logs|limit 2',
        status: 200,
        waitMs: 1000,
        format: 'json',
        owner: 'Basic alice',
      },
      { operation: 'get', query: 'from logs|limit 2', status: 200, waitMs: 0 },
    ])
    double.assertDone()
  })
})
