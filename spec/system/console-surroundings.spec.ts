import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import { describeInChromium, launchChromium } from '../support/chromium'
import { ConsolePage, openWindow } from '../support/console-page'
import { freePort } from '../support/free-port'
import { programAt } from '../support/programs'
import { processesOfTests } from '../support/server-process'

/** Longer than any step here takes on a busy machine. */
jest.setTimeout(120_000)

const LONG = 'lorem ipsum '.repeat(400)

const QUERIES = [
  {
    query: 'FROM cells',
    response: {
      columns: [
        { name: 'سطر', type: 'keyword' },
        { name: 'text', type: 'text' },
      ],
      values: [
        ['שלום (one)', LONG],
        ['one שלום', 'short'],
      ],
    },
  },
  {
    query: 'FROM warned',
    warnings: ['No limit defined, adding "default" limit', '100 % 漢字, and more'],
    response: { columns: [{ name: 'n', type: 'long' }], values: [[1]] },
  },
]

/** Everything that a shell might take for its own. */
const ODD = `FROM t | WHERE a == 'it''s' AND b == "q\\"" // $HOME \`id\` !x %20 ünï 漢字 🙂\n| LIMIT 1`

const processes = processesOfTests()
let browser: Browser
let window: BrowserContext
let tab: ConsolePage
/** A gateway with samples. */
let url: string
/** A gateway with the queries above. */
let catalogue: string

/** With options in a window of its own. */
async function open(options?: BrowserContextOptions, at = url): Promise<ConsolePage> {
  tab = await (options ? ConsolePage.inWindow(browser, at, options) : ConsolePage.inTab(window, at))
  return tab
}

const start = (port: number) => processes.start({ ESQL_ASYNC_PORT: String(port) })

describeInChromium('what surrounds the console, in Chromium', () => {
  beforeAll(async () => {
    browser = await launchChromium()
    const file = processes.fileOf('queries.json')
    writeFileSync(file, JSON.stringify({ version: 2, queries: QUERIES }))
    const samples = processes.startShared({ ESQL_ASYNC_PORT: '0' })
    catalogue = await processes.startShared({ ESQL_ASYNC_PORT: '0', ESQL_ASYNC_CATALOGUE: file }).url()
    url = await samples.url()
    window = await openWindow(browser, url)
  })

  afterAll(() => browser?.close())

  afterEach(() => tab?.close())

  it('has an address for each page, to which links, back, forward and reloads lead', async () => {
    const { page } = await open()
    await page.goto(`${url}/#api/esql-async-query`)
    const shown = async () => [
      new URL(page.url()).hash,
      await page
        .locator('.pages [aria-selected=true]')
        .textContent()
        .then((text) => text?.trim()),
    ]
    await page.locator('#operation h2', { hasText: 'Submit a query' }).waitFor()
    const seen = [await shown()]
    await page.click('#tab-console')
    seen.push(await shown())
    await page.click('#tab-reference')
    seen.push(await shown())
    await page.goBack()
    seen.push(await shown())
    await page.goForward()
    await page.reload()
    await page.locator('#operation h2', { hasText: 'Submit a query' }).waitFor()
    seen.push(await shown())
    const [reference, console_] = [
      ['#api/esql-async-query', 'API'],
      ['', 'Console'],
    ]
    expect(seen).toEqual([reference, console_, reference, console_, reference])
  })

  it('keeps what is written over a reload', async () => {
    const { page } = await open()
    await page.fill('#query', 'FROM somewhere')
    await page.reload()
    await page.locator('#samples button').first().waitFor()
    expect(await page.inputValue('#query')).toBe('FROM somewhere')
  })

  it('takes a query that was submitted back into the form, with its params', async () => {
    const { page } = await open()
    await page.click('#samples button[data-usage="ROW x = ?, y = ?"]')
    await page.click('button[type=submit]')
    await tab.phase('Complete')
    await tab.submit('FROM books', 'Complete')
    await page.locator('#query-list button', { hasText: 'ROW x' }).click()
    await page.locator('#detail-query', { hasText: 'ROW x' }).waitFor()
    await page.keyboard.press('e')
    const written = await page.evaluate(
      `[document.activeElement.value, document.getElementById('params').value]`,
    )
    expect(written).toEqual(['ROW x = ?, y = ?', '[9007199254740993, "text"]'])
  })

  it('says that the gateway is away, and goes on when it is there again, with other tokens', async () => {
    const port = await freePort()
    const first = start(port)
    await open(undefined, await first.url())
    await tab.submit('FROM slower', 'Running')
    first.kill('SIGKILL')
    await first.exited
    await tab.page.locator('#problem', { hasText: 'See whether it still runs' }).waitFor()
    await start(port).url()
    await tab.phase('Gone')
    expect(await tab.text('#no-result')).toContain('the gateway has started again')
    await tab.submit('FROM books', 'Complete')
    const refused = tab.complaints.splice(0)
    expect(refused.filter((text) => !/net::ERR_/.test(text))).toEqual([])
  })

  it('shows a reason with the reasons behind it', async () => {
    await open()
    await tab.page.fill('#wait', 'soon')
    await tab.submit('FROM books', 'Failed')
    expect((await tab.page.textContent('#problem-reason'))?.split('\n')).toEqual([
      expect.stringContaining('failed to parse field [wait_for_completion_timeout]'),
      expect.stringContaining('with value [soon] as a time value'),
    ])
  })

  it('gives columns the room that later rows need', async () => {
    await open()
    await tab.submit('FROM many | LIMIT 100000', 'Complete')
    await tab.page.locator('[role=grid]').press('Control+End')
    const cut = await tab.page.evaluate(
      `[...document.querySelectorAll('.rows .cell')].filter((cell) => cell.scrollWidth > cell.clientWidth).length`,
    )
    expect(cut).toBe(0)
  })

  it('shows all of a parameter in 360 pixels', async () => {
    const { page } = await open({ viewport: { width: 360, height: 740 } })
    await page.goto(`${url}/#api/esql-async-query`)
    await page.locator('.scroller td').first().waitFor()
    const hidden = `[...document.querySelectorAll('.scroller')].filter((box) => box.scrollWidth > box.clientWidth).length`
    expect(await page.evaluate(hidden)).toBe(0)
  })

  it('shows the warnings of a result', async () => {
    await open(undefined, catalogue)
    await tab.submit('FROM warned', 'Complete')
    expect(await tab.texts('#warning-texts p')).toEqual(QUERIES[1]?.warnings)
    expect(await tab.text('#engine')).toBe('queries of a catalogue')
    await tab.submit('FROM cells', 'Complete')
    expect(await tab.page.locator('#warnings').isHidden()).toBe(true)
  })

  it('reads each cell in the direction of its text, and lets the keyboard scroll a long one', async () => {
    const { page } = await open({ bypassCSP: true }, catalogue)
    await tab.submit('FROM cells', 'Complete')
    const directions = await page.evaluate(
      `[...document.querySelectorAll('.head .name, .rows .row:nth-child(-n+2) [data-column="0"]')].map((cell) => getComputedStyle(cell).direction)`,
    )
    expect(directions).toEqual(['rtl', 'ltr', 'rtl', 'ltr'])
    expect(await page.getAttribute('#cell-value', 'tabindex')).toBeNull()
    await page.locator('[role=grid]').press('ArrowRight')
    expect(await page.textContent('#cell-value')).toBe(LONG)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.id')).toBe('cell-value')
    expect(await tab.violations()).toEqual([])
  })

  it.each([
    ['360 pixels', { viewport: { width: 360, height: 740 } }],
    ['a small screen that is zoomed in', { viewport: { width: 640, height: 450 } }],
  ])('cuts off no number and no tab in %s', async (_, options) => {
    await open(options)
    await tab.submit('FROM slower', 'Running')
    const cut = await tab.page.evaluate(
      `[...document.querySelectorAll('.numbers dd, .tabs')].filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.id)`,
    )
    expect(cut).toEqual([])
  })

  it.each(['light', 'dark'] as const)('says in forced colours what is chosen: %s', async (colorScheme) => {
    const { page } = await open({ forcedColors: 'active', colorScheme, bypassCSP: true })
    await tab.submit('FROM slower', 'Running')
    const colours = await page.evaluate<string[][]>(`
      document.getAnimations().forEach((animation) => animation.cancel())
      ;['#user-alice + label', '#user-mallory + label', '#tab-table', '#tab-chart', '.run[aria-current]', '.sample[aria-pressed=false]']
        .map((one) => getComputedStyle(document.querySelector(one)).backgroundColor)`)
    const [chosen, other] = colours
    expect(chosen).not.toBe(other)
    expect(colours.map((colour) => colour === chosen)).toEqual([true, false, true, false, true, false])
    expect(await tab.violations()).toEqual([])
  })

  it('copies a line for curl that bash and zsh take, whatever is in the query', async () => {
    const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] })
    // So that the answer to the submit is the failure, which has the query.
    await page.fill('#wait', '10s')
    await tab.submit(ODD, 'Failed')
    const reason = await page.textContent('#problem-reason')
    await page.click('#tab-requests')
    await page.locator('.request', { hasText: '-d ' }).getByRole('button').click()
    await page.locator('.toast', { hasText: 'Copied' }).waitFor()
    const line = await page.evaluate<string>(`navigator.clipboard.readText()`)
    for (const shell of ['sh', 'bash', 'zsh'].filter((name) => programAt(name))) {
      const { stdout } = await promisify(execFile)(shell, ['-c', line])
      expect(JSON.parse(stdout)).toMatchObject({ error: { reason } })
    }
  })
})
