/**
 * Starts the gateway that has been built, with the arguments of `npm start`. Not with `exec` of the shell: Windows has none. Without
 * it, the shell that npm runs stays in between, and takes no signal on. So this process ends when its shell has gone.
 */
'use strict'

const INTERVAL_MS = 250

const shell = process.ppid
const watch = setInterval(() => {
  if (process.ppid === shell) return
  clearInterval(watch)
  process.kill(process.pid, 'SIGTERM')
}, INTERVAL_MS)
watch.unref()

require('../dist/bin.js')
