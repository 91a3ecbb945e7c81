/** Requests that are sent between two preparations while a server warms up. */
const PORTION = 250

/**
 * CPU time that each server process spends on a request, in microseconds, by name and round. The runners take turns in each round, and
 * each begins a round once. `prepare` gives a runner what its next requests ask for, and is not measured.
 */
export async function takeTurns(runners, rounds) {
  for (const runner of runners) await warm(runner)
  const micros = Object.fromEntries(runners.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const first = round % runners.length
    for (const runner of [...runners.slice(first), ...runners.slice(0, first)]) {
      const { name, contestant, requests, prepare } = runner
      await prepare?.(requests)
      const before = await contestant.ask('cpu')
      await send(runner, requests)
      micros[name].push(((await contestant.ask('cpu')) - before) / requests)
    }
  }
  for (const { load } of runners) load.close()
  return micros
}

/**
 * Measures several times, each time with new processes, and gives the rounds of all as one. Of two processes of the same code, one
 * may take a tenth more CPU than the other for as long as it lives.
 */
export async function inNewProcesses(times, measure) {
  const micros = {}
  for (let time = 0; time < times; time++) {
    for (const [name, values] of Object.entries(await measure())) {
      micros[name] = [...(micros[name] ?? []), ...values]
    }
  }
  return micros
}

async function warm(runner) {
  for (let left = runner.warmUp; left > 0; left -= PORTION) {
    const count = Math.min(left, PORTION)
    await runner.prepare?.(count)
    await send(runner, count)
  }
}

function send({ load, nextRequest, expected }, count) {
  return load.run(count, nextRequest, expected)
}
