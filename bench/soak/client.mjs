import { setTimeout as pause } from 'node:timers/promises'
import { answerCommands } from '../support/commands.mjs'
import { Actor } from './actor.mjs'
import { Random } from './random.mjs'
import { Target } from './target.mjs'

// Some owners, each of whom does one thing after another.

const counts = {}
const failures = []
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
  fail: (what, details) => failures.push({ at: new Date().toISOString(), what, details }),
}

answerCommands({
  start({ name, seed, owners, rate, signing, targets: given }) {
    targets = given.map((target) => new Target(target))
    meanPauseMs = (1_000 * owners) / rate
    randoms = Array.from({ length: owners }, (_, index) => new Random(`${seed} ${name} ${index}`))
    actors = randoms.map((random, index) => {
      const others = () => actors.filter((_, other) => other !== index)
      return new Actor({ owner: `${name}-${index}`, others, targets, random, signing, report })
    })
  },
  load() {
    isAtRest = false
    loops = actors.map((actor, index) => keepActing(actor, randoms[index]))
  },
  /** Resolves when all that is outstanding is answered, and no connection is open. */
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
  report: () => ({
    counts,
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
