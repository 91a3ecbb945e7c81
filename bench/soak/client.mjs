import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { answerCommands } from '../support/commands.mjs'
import { Actor } from './actor.mjs'
import { Random } from './random.mjs'
import { Target } from './target.mjs'

// A process with some owners. Each owner does one deed after another.

const counts = {}
const done = {}
const failures = []
const currentDeed = new AsyncLocalStorage()
let targets = []
let actors = []
let isAtRest = true
let loops = []
let meanPauseMs = 0
let randoms = []

const report = {
  count(what, times = 1) {
    counts[what] = (counts[what] ?? 0) + times
  },
  fail(what, details) {
    failures.push({ at: new Date().toISOString(), kind: currentDeed.getStore(), what, details })
  },
  /** Does one deed and counts it. Each failure tells in which deed it was. */
  async during(deed, act) {
    await currentDeed.run(deed, () =>
      act().catch((error) => this.fail('the soak itself is broken', String(error.stack))),
    )
    done[deed] = (done[deed] ?? 0) + 1
  },
}

answerCommands({
  start({ name, number, seed, owners, rate, signing, targets: given }) {
    targets = given.map((target) => new Target(target))
    meanPauseMs = (1_000 * owners) / rate
    randoms = Array.from({ length: owners }, (_, index) => new Random(`${seed} ${name} ${index}`))
    actors = randoms.map((random, index) => {
      const others = () => actors.filter((_, other) => other !== index)
      // Each owner begins with another deed, so that a short soak does all of them.
      const first = number * owners + index
      return new Actor({ owner: `${name}-${index}`, first, others, targets, random, signing, report })
    })
  },
  load() {
    isAtRest = false
    loops = actors.map((actor, index) => keepActing(actor, randoms[index]))
  },
  /** Resolves when all deeds have ended and no connection is open. */
  async rest() {
    isAtRest = true
    await Promise.all(loops)
    await Promise.all(actors.map((actor) => actor.settled()))
    for (const target of targets) target.rest()
  },
  down(gateway) {
    for (const target of of(gateway)) target.down()
  },
  up(gateway) {
    for (const target of of(gateway)) target.up()
  },
  away() {
    for (const target of targets) target.away()
  },
  back() {
    for (const target of targets) target.back()
  },
  report: () => ({
    counts,
    done,
    failures: failures.splice(0),
    open: actors.reduce((sum, { open }) => sum + open, 0),
  }),
})

async function keepActing(actor, random) {
  while (!isAtRest) {
    await pause(random.pauseMs(meanPauseMs))
    if (!isAtRest) await actor.act()
  }
}

function of(gateway) {
  return targets.filter((target) => target.gateway === gateway)
}
