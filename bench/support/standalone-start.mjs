import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../dist/bin.js', import.meta.url))

const SAMPLES = fileURLToPath(new URL('../../sample-queries.json', import.meta.url))

/** How long the standalone gateway in development mode takes from the start of its process to its first answer, in milliseconds. */
export const timeStandalone = () => timeProcess('--port', '0')

/** The same of a double for other languages, which knows the same queries. */
export const timeDouble = () =>
  timeProcess('double', '--control', '--port', '0', '--print', 'json', '--catalogue', SAMPLES)

async function timeProcess(...args) {
  const began = performance.now()
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const { url, authorization } = await announced(child)
    const response = await fetch(`${url}/_query/async`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: '{"query":"FROM books"}',
    })
    const { columns } = await response.json()
    if (!columns) throw new Error(`the process answers ${response.status}`)
    return performance.now() - began
  } finally {
    child.kill('SIGKILL')
  }
}

/** How long a process takes that loads nothing, in milliseconds. No program in JavaScript starts sooner. */
export async function runEmpty() {
  const began = performance.now()
  await once(spawn(process.execPath, ['--eval', '0'], { stdio: 'ignore' }), 'exit')
  return performance.now() - began
}

/** The URL and the token of Alice that it prints. */
async function announced(child) {
  let text = ''
  for await (const chunk of child.stdout) {
    text += chunk
    if (!text.endsWith('\n')) continue
    const { url, tokens } = JSON.parse(text)
    return { url, authorization: `Bearer ${tokens.alice}` }
  }
  throw new Error(`the process has ended: ${text}`)
}
