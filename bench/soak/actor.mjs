import { Asking, pathOf } from './asking.mjs'
import { FORMATS } from './decode.mjs'
import { Outage } from './outage.mjs'
import { Pipeliner } from './pipeliner.mjs'
import { MOST_OPEN } from './settings.mjs'
import { StalledReader } from './stalled-reader.mjs'
import { Stranger } from './stranger.mjs'
import { Submitter } from './submitter.mjs'
import { ownQuestion } from './verdict.mjs'

/** What owners do, and how often. Only in front of a cluster do they meet an outage of their own. */
const DEEDS = {
  submit: 20,
  poll: 22,
  waitShortly: 8,
  waitLong: 4,
  waitUntilComplete: 3,
  extend: 4,
  head: 3,
  leaveWaiting: 5,
  leaveReading: 3,
  readSlowly: 2,
  stop: 4,
  delete: 5,
  askForDead: 4,
  askElsewhere: 2,
  askForForeign: 8,
  askWrongly: 3,
  stallReading: 0.2,
  pipeline: 0.5,
  meetOutage: 4,
}

/** An owner asks about so many queries that live, and as many that are gone. */
const MOST_KEPT = 20

/** One owner, who submits queries, asks for them, and checks every answer. */
export class Actor {
  live = []
  #dead = []
  #others
  #targets
  #random
  #asking
  #submitter
  #stranger
  #pipeliner
  #stalledReader
  #outage
  #weights
  #report
  #first
  #open = new Set()

  /** `first`: the number of the first deed. */
  constructor({ owner, first, others, targets, random, signing, report }) {
    this.#report = report
    this.#others = others
    this.#targets = targets
    const { meetOutage, ...anywhere } = DEEDS
    this.#weights = this.#inFrontOfCluster.length > 0 ? DEEDS : anywhere
    const names = Object.keys(this.#weights)
    this.#first = names.at(first % names.length)
    this.#random = random
    this.#asking = new Asking({ owner, random, signing, report })
    this.#submitter = new Submitter(owner, this.#asking, random)
    this.#stranger = new Stranger(this.#asking, random)
    this.#pipeliner = new Pipeliner(this.#asking, random, this.#submitter)
    this.#stalledReader = new StalledReader(this.#asking, random, this.#submitter)
    this.#outage = new Outage(this.#asking, random, this.#submitter)
  }

  /** Begins one deed. Resolves when there is room for another. The deed may go on. */
  async act() {
    this.#bury()
    const deed = this.#first ?? this.#random.weighted(this.#weights)
    this.#first = undefined
    const done = this.#report.during(deed, this.#deeds[deed])
    this.#open.add(done)
    void done.then(() => this.#open.delete(done))
    if (this.#open.size >= MOST_OPEN) await Promise.race(this.#open)
  }

  /** Resolves when all deeds have ended. */
  async settled() {
    while (this.#open.size > 0) await Promise.all(this.#open)
  }

  get open() {
    return this.#open.size
  }

  #deeds = {
    submit: () => this.#submit(),
    poll: () => this.#get({ waitMs: 0 }),
    waitShortly: () => this.#get({ waitMs: this.#random.integer(20, 800) }),
    waitLong: () => this.#get({ waitMs: this.#random.integer(2_000, 30_000) }),
    waitUntilComplete: () => this.#get({ waitMs: Number.POSITIVE_INFINITY }),
    extend: () =>
      this.#get({ waitMs: this.#random.integer(0, 200), keepAliveMs: this.#submitter.keepAlive() }),
    head: () => this.#get({ isHead: true }),
    leaveWaiting: () => this.#get({ waitMs: 30_000, leaveAfterMs: this.#random.integer(0, 500) }),
    leaveReading: () => this.#get({ waitMs: 0, leaveAfterBytes: this.#random.pick([1, 500, 500_000]) }),
    readSlowly: () => this.#get({ waitMs: 500, isSlow: true }),
    stop: () => this.#stop(),
    delete: () => this.#delete(),
    askForDead: () => this.#askForDead(),
    askElsewhere: () => this.#askElsewhere(),
    askForForeign: () => this.#askAs('askForForeign', this.#random.pick(this.#others()).live),
    askWrongly: () => this.#askAs('askWrongly', this.live),
    stallReading: () => this.#stalledReader.stall(this.#random.pick(this.#targets)),
    pipeline: () => this.#pipeliner.pipeline(this.#random.pick(this.#targets)),
    meetOutage: () => this.#outage.meet(this.#random.pick(this.#inFrontOfCluster)),
  }

  async #submit() {
    const random = this.#random
    const query = this.#submitter.newQuery(random.pick(this.#targets))
    const waitMs = random.pick([0, 0, 100, 1_000, 3_000])
    const leaving = random.chance(0.1) && { leaveAfterMs: random.integer(0, 300) }
    const keeps = random.chance(0.8)
    if (await this.#submitter.submit(query, { waitMs, keeps, ...leaving })) this.live.push(query)
  }

  async #get({ waitMs, keepAliveMs, isHead = false, ...reading }) {
    const query = this.#random.pick(this.live)
    if (!query || (keepAliveMs !== undefined && query.isExtending)) return this.#submit()
    await this.#getOf(query, this.#gatewayOf(query), { waitMs, keepAliveMs, isHead, ...reading })
  }

  async #getOf(query, target, { waitMs, keepAliveMs, isHead = false, ...reading }) {
    const format = this.#random.weighted(FORMATS)
    const extended = keepAliveMs === undefined ? undefined : query.extend(keepAliveMs)
    const question = ownQuestion(query, target, { waitMs, format, isHead })
    const parameters = {
      format,
      keep_alive: milliseconds(keepAliveMs),
      wait_for_completion_timeout: milliseconds(waitMs),
    }
    const method = isHead ? 'HEAD' : 'GET'
    const answer = await this.#asking.ask(target, question, {
      method,
      path: pathOf(query.id, parameters),
      ...reading,
    })
    extended?.(answer?.status)
    if (answer) this.#asking.judge(question, answer)
  }

  async #stop() {
    const query = this.#random.pick(this.live)
    if (!query) return this.#submit()
    const target = this.#gatewayOf(query)
    const format = this.#random.weighted(FORMATS)
    const question = ownQuestion(query, target, { format })
    query.isStopped = true
    const path = pathOf(query.id, { format }, '/stop')
    const answer = await this.#asking.ask(target, question, { method: 'POST', path })
    if (answer) this.#asking.judge(question, answer)
  }

  async #delete() {
    const query = this.#random.pick(this.live)
    if (!query || query.isDeleting) return this.#submit()
    await this.#deleteOf(query, this.#gatewayOf(query))
  }

  async #deleteOf(query, target) {
    const question = ownQuestion(query, target)
    const deleted = query.delete()
    const answer = await this.#asking.ask(target, question, { method: 'DELETE', path: pathOf(query.id) })
    if (!answer) return
    if (answer.status !== 200) return this.#asking.judge(question, answer)
    deleted()
    if (question.mustBeGone) this.#asking.fail('it deletes a query that is gone', question, answer)
    if (answer.body.toString() !== '{"acknowledged":true}') this.#asking.fail('its body', question, answer)
  }

  /** Asks about a query that has expired, that this owner has deleted, or that a killed gateway has forgotten. */
  async #askForDead() {
    const query = this.#random.pick(this.#dead)
    if (!query) return this.#submit()
    const target = this.#gatewayOf(query)
    if (this.#random.chance(0.3)) await this.#deleteOf(query, target)
    else await this.#getOf(query, target, { waitMs: 1_000 })
  }

  async #askElsewhere() {
    const query = this.#random.pick(this.live.filter(({ target }) => target.forgets))
    const target = query && this.#targets.find((other) => other.forgets && other !== query.target)
    await (target ? this.#stranger.askElsewhere(query, target) : this.#submit())
  }

  async #askAs(deed, queries) {
    const query = this.#random.pick(queries)
    await (query ? this.#stranger[deed](query, this.#gatewayOf(query)) : this.#submit())
  }

  /** Each gateway in front of the cluster, or of the database, reaches the queries in it. */
  #gatewayOf(query) {
    if (query.target.forgets) return query.target
    return this.#random.pick(this.#targets.filter(({ store }) => store === query.target.store))
  }

  get #inFrontOfCluster() {
    return this.#targets.filter(({ store }) => store === 'elasticsearch')
  }

  /** Puts aside the queries that are gone, and forgets the oldest of too many. */
  #bury() {
    const gone = this.live.filter((query) => query.mustBeGone(query.target, query.target.moment()))
    this.live = this.live.filter((query) => !gone.includes(query)).slice(-MOST_KEPT)
    this.#dead = [...this.#dead, ...gone].slice(-MOST_KEPT)
  }
}

/** As a time value. A get without one waits until the query is complete. */
function milliseconds(ms) {
  return ms === undefined || ms === Number.POSITIVE_INFINITY ? undefined : `${ms}ms`
}
