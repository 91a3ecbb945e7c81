import fc from 'fast-check'
import { type Gateway, startGateway } from '../../support/gateway'
import { PATIENCE_MS, runs, sameRuns } from '../../support/hostile/run-count'
import { commands } from '../../support/life-cycle/commands'
import { ModelEngine } from '../../support/life-cycle/engine'
import { LifeCycle } from '../../support/life-cycle/run'

describe('queries of several owners', () => {
  const engine = new ModelEngine()
  let gateway: Gateway

  beforeAll(async () => {
    gateway = await startGateway({ memory: { execute: engine.execute } })
  })
  afterAll(() => gateway.close())

  const answers = new Set<string>()
  const property = fc.asyncProperty(commands, (list) => new LifeCycle(gateway, engine, answers).run(list))

  it(
    'live as the model says, whatever the owners do, and strangers learn nothing',
    () => fc.assert(property, runs(30)),
    PATIENCE_MS,
  )

  it(
    'live so through every kind of answer',
    async () => {
      answers.clear()
      await fc.assert(property, sameRuns(30))
      const statuses = {
        submit: [200, 400],
        get: [200, 400, 404],
        head: [200, 404],
        stop: [200, 404],
        delete: [200, 404],
      }
      const all = Object.entries(statuses).flatMap(([name, ends]) =>
        ends.map((status) => `${name} ${status}`),
      )
      expect([...answers]).toEqual(expect.arrayContaining(all))
    },
    PATIENCE_MS,
  )
})
