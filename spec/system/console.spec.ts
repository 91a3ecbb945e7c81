import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import { parse } from 'yaml'
import { describeInChromium, launchChromium } from '../support/chromium'
import { ConsolePage, openWindow } from '../support/console-page'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'

/** Longer than any step here takes on a busy machine. */
jest.setTimeout(120_000)

const HOSTILE = '<img src=x onerror="document.title = 1"><script>document.title = 2</script>'

const FORMATS = `[...document.querySelectorAll('#format option')].map(({ value }) => value)`

const hostileCatalogue = {
  queries: [
    {
      query: 'FROM hostile',
      shows: HOSTILE,
      response: {
        documents_found: 2,
        columns: [
          { name: HOSTILE, type: 'keyword' },
          { name: 'javascript:alert(1)', type: 'double' },
        ],
        values: [
          [HOSTILE, 1.5],
          ['"><svg onload=alert(1)>', 2],
        ],
      },
    },
    {
      query: `FROM bad | WHERE x == ${JSON.stringify(HOSTILE)}`,
      response: { error: { type: 'verification_exception', reason: HOSTILE }, status: 400 },
    },
  ],
}

let built: BuiltPackage
let server: ServerProcess
let url: string
let browser: Browser
let window: BrowserContext
let opened: ConsolePage[] = []

/** With options in a window of its own. */
async function open(options?: BrowserContextOptions, at = url) {
  const page = await (options ? ConsolePage.inWindow(browser, at, options) : ConsolePage.inTab(window, at))
  opened.push(page)
  return page
}

describeInChromium('the console, in Chromium', () => {
  beforeAll(async () => {
    built = buildPackage()
    server = new ServerProcess(built, { ESQL_ASYNC_PORT: '0' })
    url = await server.url()
    browser = await launchChromium()
    window = await openWindow(browser, url)
  })

  afterAll(async () => {
    await browser?.close()
    server?.kill('SIGKILL')
    await server?.exited
    built?.remove()
  })

  afterEach(async () => {
    const pages = opened
    opened = []
    // Each of them says what the browser had to complain about.
    await Promise.all(pages.map((page) => page.close()))
  })

  it('shows a query that runs, and stops it with the rows so far', async () => {
    const tab = await open()
    await tab.page.click('#samples button[data-usage="FROM slower"]')
    await tab.page.click('button[type=submit]')
    await tab.phase('Running')
    await tab.page.locator('#elapsed', { hasText: /^[2-9]\.\d s$/ }).waitFor()
    expect(await tab.text('#expires')).toMatch(/^9 m \d\d s$/)
    expect(await tab.text('#documents-found')).toBe('0')
    expect(await tab.texts('#query-list button')).toEqual(['FROM slowerRunning'])
    await tab.page.click('#action-stop')
    await tab.phase('Stopped')
    expect(await tab.rows()).toEqual([
      ['1', 'web-1', '120340', '2026-03-01T08:15:30.000Z'],
      ['2', 'web-2', '98211', '2026-03-01T08:15:29.500Z'],
    ])
    expect(await tab.text('#row-count')).toBe('2')
    expect(await tab.page.locator('#action-stop').isDisabled()).toBe(true)
    expect(await tab.text('#announcer')).toBe("Alice's query is stopped: 2 rows")
  })

  it('shows a query as failed whose submit is refused', async () => {
    const tab = await open()
    const reason = 'rejected execution of query'
    await tab.page.route('**/_query/async', (route) =>
      route.fulfill({
        status: 429,
        json: { error: { type: 'es_rejected_execution_exception', reason }, status: 429 },
      }),
    )
    await tab.submit('FROM books', 'Failed')
    expect(await tab.text('#detail')).toContain(reason)
    expect(await tab.texts('#query-list button')).toEqual(['FROM booksFailed'])
  })

  it('offers a sample with the params that it is known with', async () => {
    const tab = await open()
    await tab.page.click('#samples button[data-usage="ROW x = ?, y = ?"]')
    await tab.page.click('button[type=submit]')
    await tab.phase('Complete')
    expect(await tab.rows()).toEqual([['1', '9007199254740993', 'text']])
    await tab.page.click('#samples button[data-usage="FROM books"]')
    expect(await tab.page.inputValue('#params')).toBe('')
  })

  it('waits in one request, which ends with Escape, and shows the rows when the query is complete', async () => {
    const tab = await open()
    await tab.submit('FROM slow', 'Running')
    await tab.page.click('#action-wait')
    await tab.page.locator('#action-wait[aria-pressed=true]').waitFor()
    await tab.page.keyboard.press('Escape')
    await tab.page.locator('#action-wait[aria-pressed=false]').waitFor()
    await tab.page.click('#action-wait')
    await tab.phase('Complete')
    expect((await tab.rows()).map(([, host]) => host)).toEqual(['web-1', 'web-2', 'web-3'])
  })

  it('deletes a query, and then knows that it is gone', async () => {
    const tab = await open()
    await tab.submit('FROM slower', 'Running')
    await tab.page.click('#action-delete')
    await tab.phase('Deleted')
    expect(await tab.text('#no-result')).toBe(
      'The query is deleted. To its owner it is now as unknown as to a stranger.',
    )
    await tab.page.click('#tab-stranger')
    await tab.page.locator('.answer').first().waitFor()
    expect(await tab.texts('.answer .status')).toEqual(['404', '404'])
  })

  it('shows a table with its types, multi-values, nulls and exact integers', async () => {
    const tab = await open()
    await tab.submit('FROM books', 'Complete')
    expect(await tab.texts('.head [role=columnheader]')).toEqual([
      ...['#', 'titletext', 'authorskeyword', 'publisheddate', 'pagesinteger', 'pricedouble', 'isbnlong'],
      'in_stockboolean',
    ])
    const rows = await tab.rows()
    expect(rows).toHaveLength(7)
    expect(rows[1]?.slice(1, 5)).toEqual([
      ...['Good Omens', '[Neil Gaiman, Terry Pratchett]', '1990-05-10T00:00:00.000Z', '288'],
    ])
    expect(rows[6]?.slice(1, 5)).toEqual([
      ...['"Pride and Prejudice"', 'Jane Austen', '1813-01-28T00:00:00.000Z', 'null'],
    ])
    await tab.page.fill('#query', 'ROW x = ?, y = ?')
    await tab.page.click('#params-group summary')
    await tab.page.fill('#params', '[9007199254740993, -9223372036854775808]')
    await tab.page.click('button[type=submit]')
    await tab.page.locator('#detail-query', { hasText: 'ROW' }).waitFor()
    await tab.phase('Complete')
    expect(await tab.rows()).toEqual([['1', '9007199254740993', '-9223372036854775808']])
  })

  it('draws bars of names', async () => {
    const tab = await open()
    await tab.submit('FROM books', 'Complete')
    await tab.page.click('#tab-chart')
    expect(await tab.text('#chart-caption')).toBe('price by title · 7 values')
    expect(await tab.texts('.bar-value')).toEqual(['9.99', '8.5', '7', '12', '9.25', '8.99', '5.75'])
    const widths = await tab.page.evaluate<string[]>(
      `[...document.querySelectorAll('.beam')].map((beam) => beam.style.width)`,
    )
    expect(widths.slice(2, 4)).toEqual(['58.3333%', '100%'])
    await tab.page.selectOption('#chart-y', { label: 'pages' })
    expect(await tab.texts('.bar-value')).toEqual(['412', '288', '280', '635', '286', '271'])
  })

  it('draws a line of dates, which the arrows read', async () => {
    const tab = await open()
    await tab.submit('FROM many | LIMIT 10000', 'Complete')
    await tab.page.click('#tab-chart')
    expect(await tab.text('#chart-caption')).toBe('price by created · 10,000 values')
    const plot = tab.page.locator('[role=slider]')
    await plot.press('Home')
    expect(await plot.getAttribute('aria-valuetext')).toBe('2020-01-01T00:00:00.000Z: 0')
    await plot.press('End')
    expect(await plot.getAttribute('aria-valuetext')).toBe('2020-01-07T22:39:00.000Z: 2499.75')
    const path = await tab.page.locator('path.line').getAttribute('d')
    expect(path?.split('L').length).toBeGreaterThan(100)
  })

  it('says that there is no number to draw', async () => {
    const tab = await open()
    await tab.submit('FROM slower', 'Running')
    await tab.page.click('#tab-chart')
    expect(await tab.texts('#panel-chart > :visible')).toEqual(['There is no number to draw.'])
  })

  it("shows the owner's answer beside the stranger's 404, which is that of an unknown id", async () => {
    const tab = await open()
    await tab.submit('FROM books', 'Complete')
    await tab.page.click('#tab-stranger')
    await tab.page.locator('#stranger-verdict', { hasText: 'byte for byte' }).waitFor()
    expect(await tab.texts('.answer h3')).toEqual(['Alice, the owner200', 'Mallory, with the same id404'])
    const [own = '', foreign = ''] = await tab.texts('.answer pre')
    const id = await tab.text('#detail-id')
    expect(JSON.parse(own)).toMatchObject({ id, is_running: false, documents_found: 7 })
    const cause = { type: 'resource_not_found_exception', reason: id }
    expect(JSON.parse(foreign)).toEqual({ error: { root_cause: [cause], ...cause }, status: 404 })
  })

  it('keeps the queries of each user apart', async () => {
    const tab = await open()
    await tab.submit('FROM books', 'Complete')
    await tab.page.click('label[for=user-mallory]')
    expect(await tab.text('.list-card')).toBe("Mallory's queriesNone yet.")
    await tab.submit('FROM books | LIMIT 2', 'Complete')
    await tab.page.click('label[for=user-alice]')
    expect(await tab.text('#detail-query')).toBe('FROM books')
    await tab.page.reload()
    await tab.phase('Complete')
    expect(await tab.rows()).toHaveLength(7)
  })

  it('finds queries that were submitted elsewhere', async () => {
    const tab = await open()
    const { alice } = await tab.tokens()
    const headers = { authorization: `Bearer ${alice}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ query: 'FROM slower // elsewhere', wait_for_completion_timeout: '0s' })
    await fetch(`${url}/_query/async`, { method: 'POST', headers, body })
    await tab.page.click('#refresh')
    await tab.page.locator('#query-list button', { hasText: 'elsewhere' }).click()
    await tab.phase('Running')
    await tab.page.click('#action-delete')
    await tab.phase('Deleted')
  })

  it('downloads every format, byte for byte as the API gives it', async () => {
    const tab = await open()
    await tab.submit('FROM types_basic', 'Complete')
    const headers = { authorization: `Bearer ${(await tab.tokens()).alice}` }
    const id = await tab.text('#detail-id')
    const formats = ['csv', 'tsv', 'txt', 'md', 'json', 'yaml', 'cbor', 'smile', 'arrow']
    expect(await tab.page.evaluate(FORMATS)).toEqual(formats)
    for (const format of formats) {
      await tab.page.selectOption('#format', format)
      const [download] = await Promise.all([tab.page.waitForEvent('download'), tab.page.click('#download')])
      expect(download.suggestedFilename()).toBe(`${id.slice(0, 12)}.${format}`)
      const answer = await fetch(`${url}/_query/async/${id}?format=${format}`, { headers })
      expect(readFileSync(await download.path())).toEqual(Buffer.from(await answer.arrayBuffer()))
    }
  })

  it('downloads a result that is not kept by running its query again', async () => {
    const tab = await open()
    await tab.page.uncheck('#keep-on-completion')
    await tab.page.fill('#wait', '10s')
    await tab.submit('FROM books | LIMIT 2', 'Complete')
    expect(await tab.text('#detail-id')).toBe('none: the result is not kept')
    const [download] = await Promise.all([tab.page.waitForEvent('download'), tab.page.click('#download')])
    expect(download.suggestedFilename()).toBe('result.csv')
    expect(readFileSync(await download.path(), 'utf8').split('\r\n')).toHaveLength(4)
  })

  it('says why a query failed, at once and later', async () => {
    const tab = await open()
    await tab.submit('FROM missing', 'Failed')
    expect(await tab.text('#problem')).toContain('Unknown index [missing]')
    await tab.submit('FROM failing', 'Running')
    await tab.phase('Failed')
    expect(await tab.text('#problem')).toBe(
      'circuit_breaking_exception[request] Data too large for the sample engine',
    )
  })

  it('copies each exchange as a line that a shell runs', async () => {
    const tab = await open({ permissions: ['clipboard-read', 'clipboard-write'] })
    await tab.submit('FROM books', 'Complete')
    await tab.page.click('#tab-requests')
    expect((await tab.texts('.request .method')).slice(-1)).toEqual(['GET'])
    const row = tab.page.locator('.request', { hasText: '-d ' })
    expect(await row.locator('.curl code').textContent()).not.toMatch(/Bearer \S{20}/)
    await row.getByRole('button').click()
    await tab.page.locator('.toast', { hasText: 'Copied' }).waitFor()
    const line = await tab.page.evaluate<string>(`navigator.clipboard.readText()`)
    const { stdout } = await promisify(execFile)('sh', ['-c', line])
    expect(JSON.parse(stdout)).toMatchObject({ id: expect.any(String) })
  })

  it('works with the keyboard alone', async () => {
    const tab = await open()
    const { keyboard } = tab.page
    const focused = () => tab.page.evaluate<string>('document.activeElement.id')
    await keyboard.press('Tab')
    expect(await tab.page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await keyboard.press('/')
    expect(await focused()).toBe('query')
    await keyboard.press('Control+a')
    await keyboard.type('FROM slower')
    await keyboard.press('Control+Enter')
    await tab.phase('Running')
    await tab.page.evaluate('document.activeElement.blur()')
    await keyboard.press('s')
    await tab.phase('Stopped')
    await tab.page.focus('#tab-table')
    await keyboard.press('ArrowRight')
    expect(await focused()).toBe('tab-chart')
    expect(await tab.page.locator('.bars').isVisible()).toBe(true)
    await keyboard.press('End')
    expect(await focused()).toBe('tab-requests')
    await keyboard.press('Home')
    await keyboard.press('Tab')
    await keyboard.press('ArrowDown')
    await keyboard.press('ArrowRight')
    expect(await tab.text('#cell-bar')).toBe('requests, row 298211')
    await keyboard.press('?')
    expect(await tab.page.locator('#help').isVisible()).toBe(true)
    await keyboard.press('Escape')
    await keyboard.press('x')
    await tab.phase('Deleted')
    await keyboard.press('u')
    expect(await tab.text('#query-list-title')).toBe("Mallory's queries")
    await keyboard.press('a')
    await tab.page.locator('#operation h2').waitFor()
  })

  it('does nothing on single keys when they are switched off', async () => {
    const tab = await open()
    await tab.page.keyboard.press('?')
    await tab.page.uncheck('#single-keys')
    await tab.page.keyboard.press('Escape')
    await tab.page.keyboard.press('u')
    expect(await tab.text('#query-list-title')).toBe("Alice's queries")
  })

  it('holds only the rows that can be seen, of as many as there are', async () => {
    const tab = await open()
    await tab.submit('FROM many | LIMIT 10000', 'Complete')
    const grid = tab.page.locator('[role=grid]')
    expect(await grid.getAttribute('aria-rowcount')).toBe('10001')
    expect(await grid.getAttribute('aria-colcount')).toBe('7')
    const heights = []
    for (const top of [0, 100_000, 319_000, 5_000]) {
      await tab.page.evaluate(`document.querySelector('[role=grid]').scrollTop = ${top}`)
      await tab.page.locator(`.rows [aria-rowindex="${Math.floor(top / 32) + 3}"]`).waitFor()
      heights.push((await tab.rows()).length)
    }
    expect(Math.max(...heights)).toBeLessThan(60)
    await grid.press('Control+End')
    expect(await tab.text('#cell-bar')).toBe('even, row 10,000false')
    expect((await tab.rows()).at(-1)?.slice(0, 4)).toEqual(['10000', '9999', '9007199254750992', 'item 9999'])
  })

  it('writes hostile names, values, errors and samples as text', async () => {
    const file = path.join(built.folder, 'hostile.json')
    writeFileSync(file, JSON.stringify(hostileCatalogue))
    const hostile = new ServerProcess(built, { ESQL_ASYNC_PORT: '0', ESQL_ASYNC_CATALOGUE: file })
    try {
      const tab = await open(undefined, await hostile.url())
      const title = await tab.page.title()
      expect(await tab.texts('.sample .shows')).toEqual([HOSTILE, ''])
      await tab.submit('FROM hostile', 'Complete')
      expect((await tab.rows()).map(([, text]) => text)).toEqual([HOSTILE, '"><svg onload=alert(1)>'])
      expect(await tab.texts('.head .name')).toEqual([HOSTILE, 'javascript:alert(1)'])
      await tab.page.click('#tab-chart')
      expect(await tab.texts('.bar-label')).toEqual([HOSTILE, '"><svg onload=alert(1)>'])
      await tab.page.click('#tab-requests')
      await tab.submit(`FROM bad | WHERE x == ${JSON.stringify(HOSTILE)}`, 'Failed')
      expect(await tab.text('#problem-reason')).toContain(HOSTILE)
      expect(await tab.page.locator('img[src=x], script:not([src])').count()).toBe(0)
      expect(await tab.page.title()).toBe(title)
      await tab.close()
      opened = []
    } finally {
      hostile.kill('SIGKILL')
      await hostile.exited
    }
  })

  it('reads the description of the API', async () => {
    const document = parse(readFileSync(path.join(__dirname, '..', '..', 'api-spec.yaml'), 'utf8'))
    const methods = ['get', 'post', 'put', 'delete', 'head']
    const operations = Object.values<Record<string, { summary: string }>>(document.paths).flatMap((item) =>
      methods.filter((method) => item[method]).map((method) => item[method]?.summary),
    )
    const tab = await open()
    await tab.page.click('#tab-reference')
    await tab.page.locator('#operations a').first().waitFor()
    expect(await tab.texts('.operation-title')).toEqual(operations)
    const headings = []
    for (const id of await tab.operations()) {
      await tab.readOperation(id)
      if (id === 'overview') continue
      headings.push(await tab.text('#operation h2'))
      expect(await tab.page.locator('.response').count()).toBeGreaterThan(0)
    }
    expect(headings).toEqual(operations)
    await tab.readOperation('esql-async-query')
    const names = await tab.texts('#operation th code')
    expect(names).toEqual(expect.arrayContaining(['format', 'filter_path', 'Idempotency-Key']))
    await tab.page.locator('.sample-body summary').first().click()
    expect(await tab.page.locator('.sample-body pre').first().textContent()).toContain('"query"')
  })

  it('has nothing that axe finds wrong, in light and in dark', async () => {
    // Axe tries styles of its own.
    const tab = await open({ bypassCSP: true })
    const found: unknown[] = []
    const look = async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await tab.page.emulateMedia({ colorScheme })
        const violations = await tab.violations({ justColours: colorScheme === 'dark' })
        found.push(...violations.map((violation) => ({ colorScheme, violation })))
      }
    }
    await look()
    await tab.submit('FROM slower', 'Running')
    await look()
    await tab.page.click('#action-stop')
    await tab.phase('Stopped')
    for (const panel of ['table', 'chart', 'stranger', 'requests']) {
      await tab.page.click(`#tab-${panel}`)
      if (panel === 'stranger') await tab.page.locator('.answer').first().waitFor()
      await look()
    }
    await tab.submit('FROM many', 'Complete')
    await tab.page.click('#tab-chart')
    await look()
    await tab.submit('FROM missing', 'Failed')
    await look()
    await tab.page.click('#help-button')
    await look()
    await tab.page.keyboard.press('Escape')
    await tab.page.setViewportSize({ width: 360, height: 740 })
    await look()
    await tab.page.click('#tab-reference')
    await tab.readOperation('esql-async-query')
    await tab.showOneAnswer()
    await look()
    expect(found).toEqual([])
  })

  it('fits into 360 pixels', async () => {
    const tab = await open({ viewport: { width: 360, height: 740 } })
    const width = () => tab.page.evaluate('document.documentElement.scrollWidth')
    await tab.submit('FROM types', 'Complete')
    const widths = [await width()]
    for (const panel of ['chart', 'stranger', 'requests']) {
      await tab.page.click(`#tab-${panel}`)
      widths.push(await width())
    }
    await tab.page.click('#tab-reference')
    await tab.page.locator('#operations a').first().waitFor()
    for (const id of await tab.operations()) {
      await tab.readOperation(id)
      widths.push(await width())
    }
    expect(widths).toEqual(widths.map(() => 360))
  })

  it('follows the system in colours and motion, and a switch in colours', async () => {
    const tab = await open({ colorScheme: 'dark', reducedMotion: 'reduce' })
    const paper = () => tab.page.evaluate('getComputedStyle(document.body).backgroundColor')
    const dark = await paper()
    await tab.page.click('#theme')
    const light = await paper()
    expect(light).not.toBe(dark)
    await tab.page.reload()
    expect(await paper()).toBe(light)
    await tab.submit('FROM slower', 'Running')
    const animations = () => tab.page.evaluate('document.getAnimations().length')
    expect(await animations()).toBe(0)
    await tab.page.emulateMedia({ reducedMotion: 'no-preference' })
    const places = await tab.page.evaluate(`(() => {
      const sweep = document.getAnimations().find(({ animationName }) => animationName === 'sweep')
      const { target, pseudoElement } = sweep.effect
      return [0, 800].map((time) => {
        sweep.currentTime = time
        return getComputedStyle(target, pseudoElement).translate
      })
    })()`)
    expect(new Set(places as string[]).size).toBe(2)
  })

  it('asks for the key of the printed link where others reach the gateway', async () => {
    const exposed = new ServerProcess(built, {
      ...{ ESQL_ASYNC_PORT: '0', ESQL_ASYNC_HOST: '0.0.0.0', ESQL_ASYNC_DEVELOPMENT: 'true' },
    })
    try {
      const { console: link } = await exposed.started()
      const { origin, hash } = new URL(String(link).replace('localhost', '127.0.0.1'))
      const locked = await open(undefined, `${origin}/`)
      expect(await locked.text('#locked h2')).toBe('Open the link that the gateway printed')
      const unlocked = await open(undefined, `${origin}/${hash}`)
      await unlocked.submit('FROM books', 'Complete')
      expect(unlocked.page.url()).toBe(`${origin}/`)
      await locked.page.goto(`${origin}/${hash}`)
      await locked.page.locator('#samples button').first().waitFor()
      await locked.submit('FROM books', 'Complete')
      expect(locked.page.url()).toBe(`${origin}/`)
      await Promise.all([locked.close(), unlocked.close()])
      opened = []
    } finally {
      exposed.kill('SIGKILL')
      await exposed.exited
    }
  })
})
