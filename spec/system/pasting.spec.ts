import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import jwt from 'jsonwebtoken'
import { API_KEY, startCluster } from '../support/cluster'
import { PAGES, pageOf } from '../support/documented'
import { freePort } from '../support/free-port'
import { type Consumer, copySources, createConsumer } from '../support/packed'
import type { Printed, Shell } from '../support/pasting'
import { paste, pasteUntil } from '../support/pasting'
import { programAt } from '../support/programs'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'
import { blocksIn, SNIPPETS } from '../support/snippets'

jest.setTimeout(120_000)

const ROOT = path.join(__dirname, '..', '..')
/** A block that ends with a gateway, which runs on. */
const SERVES = /(^|\n)(npx express-esql-async-query|npm install && npm start)\n$/
/** The cluster of the pages. */
const CLUSTER = 'https://es.example:9200'
/** A block that is a double or a recorder, which runs on too. */
const STANDS_IN = /^npx express-esql-async-query (double|record) /

/** Installs nothing: the packages have to be there already. Everything else is npm's own. */
const NPM = `#!/bin/sh
if [ "$1" = install ] || [ "$1" = ci ]; then
  shift
  for name in "$@"; do [ -e "node_modules/$name/package.json" ] || { echo "$name is missing" >&2; exit 1; }; done
  exit 0
fi
PATH=\${PATH#*:} exec npm "$@"
`

/** Starts what is installed here. npm's own takes ten times as long, and runs in the other shell. */
const NPX = `#!/bin/sh
name=$1
shift
exec "node_modules/.bin/$name" "$@"
`

let consumer: Consumer
let built: BuiltPackage
/** The gateway of most pages. */
let server: ServerProcess
/** Of both shells, each with programs of its own in front of all others. */
const environmentOf = (shell: Shell): Record<string, string | undefined> => ({
  HOME: consumer.folder,
  PATH: `${path.join(consumer.folder, 'tools', shell)}:${process.env.PATH}`,
})

beforeAll(() => {
  consumer = createConsumer()
  built = buildPackage()
  for (const shell of ['bash', 'zsh']) {
    mkdirSync(path.join(consumer.folder, 'tools', shell), { recursive: true })
    chmodSync(consumer.write(`tools/${shell}/npm`, NPM), 0o755)
  }
  chmodSync(consumer.write('tools/zsh/npx', NPX), 0o755)
  mkdirSync(path.join(consumer.folder, 'copy'))
  copySources(path.join(consumer.folder, 'copy'))
  // What the pages call by these names.
  consumer.write('key', API_KEY.encoded)
  consumer.write('token', API_KEY.authorization)
  consumer.write('redact.mjs', 'export default {}')
  const failure = { error: { type: 'verification_exception', reason: 'any' } }
  consumer.write(
    'queries.json',
    JSON.stringify({ version: 2, queries: [{ query: 'FAIL', response: failure }] }),
  )
  symlinkSync(
    path.join(ROOT, 'node_modules', 'esbuild', 'bin', 'esbuild'),
    path.join(consumer.folder, 'node_modules', '.bin', 'esbuild'),
  )
  const key = 'k'.repeat(32)
  server = new ServerProcess(built, {
    ESQL_ASYNC_PORT: '0',
    ESQL_ASYNC_SAMPLES: 'true',
    ESQL_ASYNC_JWT_KEY: key,
    ESQL_ASYNC_JWT_ALGORITHMS: 'HS256',
    ESQL_ASYNC_JWT_ISSUER: 'issuer',
    ESQL_ASYNC_JWT_AUDIENCE: 'esql',
  })
  for (const subject of ['alice', 'mallory']) {
    const token = jwt.sign({}, key, { subject, issuer: 'issuer', audience: 'esql', expiresIn: '1h' })
    consumer.write(subject, token)
  }
}, 120_000)

afterAll(async () => {
  server?.kill('SIGKILL')
  await server?.exited
  consumer?.remove()
  built?.remove()
})

const [gateway = '', client = ''] = SNIPPETS

const shellOf = (page: string): string[] => blocksIn(pageOf(page), 'sh')

/** The blocks of a page that end by themselves. */
const runs = (page: string): string[] =>
  shellOf(page).filter((block) => !SERVES.test(block) && !STANDS_IN.test(block))

/** Pastes them, and more, where their text says: into the folder with the package. */
async function pastePage(page: string, shell: Shell, port: number, cluster: string): Promise<Printed[]> {
  const more = page === 'README.md' ? ['node client.mjs\n'] : []
  const blocks = [...runs(page), ...more].map((block) =>
    block.replaceAll('localhost:3000', `localhost:${port}`).replaceAll(CLUSTER, cluster),
  )
  return paste(
    { shell, folder: consumer.folder, environment: { ...environmentOf(shell), PORT: String(port) } },
    blocks,
    `until curl -s -o /dev/null localhost:${port}; do sleep 0.1; done`,
  )
}

describe.each(['bash', 'zsh'] as const)('pasted into %s', (shell) => {
  const test = programAt(shell) ? it : it.skip

  test('the commands of the README lead from an empty folder to a gateway and a result', async () => {
    const port = await freePort()
    consumer.write('gateway.mjs', gateway)
    consumer.write('client.mjs', client.replace('localhost:3000', `localhost:${port}`))
    const readme = pageOf('README.md')
    const printed = await pastePage('README.md', shell, port, CLUSTER)
    expect(printed).toEqual(printed.map(({ output }) => ({ output, code: 0 })))
    const [submitted, got, clientSaid] = printed.slice(-3).map(({ output }) => output)
    const [shown = ''] = blocksIn(readme, 'json')
    const fixed = shown.split('\n').filter((line) => !line.includes('…'))
    expect(submitted?.split('\n').filter((line) => fixed.includes(line))).toEqual(fixed)
    expect(got?.replaceAll('\r', '')).toBe(blocksIn(readme, 'text')[0])
    expect(clientSaid).toContain('is_running: false')
  })

  test.each(
    PAGES.flatMap((page) => blocksIn(pageOf(page), 'sh').map((block) => ({ page, block: block.trimEnd() })))
      .filter(({ block }) => SERVES.test(`${block}\n`))
      .map(({ page, block }) => ({ page, block, last: block.split('\n').at(-1) })),
  )('$last of $page starts a gateway', async ({ block }) => {
    const cluster = await startCluster()
    // Where a clone is meant, in the copy from which the package was packed.
    const folder = block.startsWith('npm ') ? path.join(consumer.folder, 'copy') : consumer.folder
    const where = { shell, folder, environment: { ...environmentOf(shell), ESQL_ASYNC_PORT: '0' } }
    const text = block
      .replace('https://elasticsearch.example:9200', cluster.url)
      .replace(/API_KEY=.*/, `API_KEY=${API_KEY.encoded}`)
    try {
      await pasteUntil(where, `${text}\n`, /^\{"url":"(http:[^"]+)"/m, async (url) => {
        const { checks } = (await (await fetch(`${url}/readyz`)).json()) as { checks: Record<string, string> }
        expect([checks.drain, checks.store]).toEqual(['ok', text === block ? undefined : 'ok'])
      })
    } finally {
      await cluster.close()
    }
  })

  test.each(PAGES.flatMap(shellOf).filter((block) => STANDS_IN.test(block)))('%s answers', async (block) => {
    const cluster = await startCluster()
    const text = block.replace(CLUSTER, cluster.url).replace(/--port \d+/, '')
    try {
      const where = { shell, folder: consumer.folder, environment: environmentOf(shell) }
      await pasteUntil(where, text, /(?:listening on |"url":"|client at )(http:[^\s",]+)/, async (url) => {
        const { headers } = await fetch(url, { headers: { authorization: 'ApiKey any' } })
        expect(headers.get('x-elastic-product')).toBe('Elasticsearch')
      })
    } finally {
      await cluster.close()
    }
  })

  test.each(PAGES.filter((page) => page !== 'README.md' && runs(page).length > 0))(
    'the commands of %s succeed',
    async (page) => {
      const cluster = await startCluster()
      try {
        consumer.write('gateway.mjs', gateway)
        const port = Number(new URL(await server.url()).port)
        const printed = await pastePage(page, shell, port, cluster.url)
        expect(printed).toEqual(printed.map(({ output }) => ({ output, code: 0 })))
      } finally {
        await cluster.close()
      }
    },
  )
})

it('what is to paste has no comment and no history expansion, which shells read in different ways', () => {
  const blocks = PAGES.flatMap((page) => blocksIn(pageOf(page), 'sh'))
  expect(blocks.filter((block) => /(^|\s)#|!/m.test(block))).toEqual([])
})
