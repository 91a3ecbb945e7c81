import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** Chromium writes a line for every answer that is an error. The page asks for some of them, such as those of a stranger. */
const OF_ANSWERS = /^Failed to load resource: the server responded with a status of 4\d\d/

/** What depends on the colour scheme. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

const VIEWPORT = { width: 1280, height: 900 }

/**
 * A window whose tabs have nothing in common but what a tab stores, which goes with the tab. A window costs more than all of its tabs.
 * Nothing moves in it: to draw that costs more than what is tested.
 */
export async function openWindow(browser: Browser, url: string): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: VIEWPORT, reducedMotion: 'reduce' })
  // Without a tab the window would close, and so would the process that all tabs of the site share.
  const tab = await context.newPage()
  await tab.goto(`${url}/_console/icon.svg`)
  return context
}

/** The console in a tab of its own, and what the browser had to complain about. */
export class ConsolePage {
  readonly complaints: string[] = []
  /** Who was asked, with the port. */
  readonly hosts = new Set<string>()

  private constructor(
    readonly page: Page,
    private readonly end: () => Promise<void>,
  ) {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complain(message.text())
    })
    page.on('pageerror', (error) => this.complain(String(error)))
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      if (protocol !== 'blob:') this.hosts.add(host)
    })
  }

  static async inTab(window: BrowserContext, url: string): Promise<ConsolePage> {
    const page = await window.newPage()
    return ConsolePage.#open(page, url, async () => {
      await page.evaluate('localStorage.clear()')
      await page.close()
    })
  }

  static async inWindow(browser: Browser, url: string, options: BrowserContextOptions): Promise<ConsolePage> {
    const context = await browser.newContext({ viewport: VIEWPORT, ...options })
    return ConsolePage.#open(await context.newPage(), url, () => context.close())
  }

  static async #open(page: Page, url: string, end: () => Promise<void>): Promise<ConsolePage> {
    const opened = new ConsolePage(page, end)
    await page.goto(url)
    await opened.page.locator('#samples button, #locked:visible').first().waitFor()
    return opened
  }

  /** Submits a query, and waits until it has the state. */
  async submit(query: string, phase: string): Promise<void> {
    await this.page.fill('#query', query)
    await this.page.click('button[type=submit]')
    await this.phase(phase)
  }

  async phase(phase: string): Promise<void> {
    await this.page.locator('#detail-phase', { hasText: phase }).waitFor()
  }

  /** The cells of the rows that are in the document, from top to bottom, with the row's number first. */
  rows(): Promise<string[][]> {
    return this.page.evaluate(
      `[...document.querySelectorAll('.rows .row')]
        .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
        .map((row) => [...row.children].map((cell) => cell.textContent))`,
    )
  }

  /** What the page sends as each user. */
  tokens(): Promise<{ alice: string; mallory: string }> {
    return this.page.evaluate(
      `fetch('_console/session.json').then((answer) => answer.json()).then(({ tokens }) => tokens)`,
    )
  }

  texts(selector: string): Promise<string[]> {
    return this.page.locator(selector).allTextContents()
  }

  async text(selector: string): Promise<string> {
    const text = await this.page.locator(selector).textContent()
    return (text ?? '').replaceAll(/\s*\n\s*/g, '')
  }

  /** What the description of the API has links to, from top to bottom. */
  operations(): Promise<string[]> {
    return this.page.evaluate(
      `[...document.querySelectorAll('#operations a')].map(({ dataset }) => dataset.id)`,
    )
  }

  /** Follows the link to an operation of the API, and opens what can be opened there, and what that holds. */
  async readOperation(id: string): Promise<void> {
    const link = `#operations a[data-id="${id}"]`
    await this.page.click(link)
    // The address changes first.
    await this.page.locator(`${link}[aria-current=page]`).waitFor()
    await this.page.evaluate(`(async () => {
      for (;;) {
        const closed = [...document.querySelectorAll('#operation details:not([open])')]
        if (closed.length === 0) return
        await Promise.all(closed.map((box) => new Promise((resolve) => {
          box.addEventListener('toggle', resolve, { once: true })
          box.open = true
        })))
      }
    })()`)
  }

  /** Closes every answer of the operation but the first. Throws if the others hold a kind of element, in its place, that then nobody sees. */
  async showOneAnswer(): Promise<void> {
    const kinds = (): Promise<string[]> =>
      this.page.evaluate(
        `[...new Set([...document.querySelectorAll('#operation *')]
          .filter((element) => element.checkVisibility())
          .map((element) => [element.parentElement, element].map((each) => each.nodeName + '.' + each.className + ' ' + each.getAttributeNames().filter((name) => name !== 'open').sort()).join(' > ')))].sort()`,
      )
    const before = await kinds()
    await this.page.evaluate(
      `document.querySelectorAll('.response ~ .response').forEach((box) => { box.open = false })`,
    )
    assert.deepEqual(await kinds(), before)
  }

  /** What axe finds wrong with what can be seen. */
  async violations({ justColours = false } = {}): Promise<unknown[]> {
    const only = justColours ? `, runOnly: ${JSON.stringify(COLOUR_RULES)}` : ''
    await this.page.evaluate(`document.getAnimations().forEach((animation) => animation.cancel())`)
    if (!(await this.page.evaluate(`'axe' in window`))) await this.page.evaluate(AXE)
    return this.page.evaluate(
      `axe.run(document, { resultTypes: ['violations'], preload: false${only} }).then(({ violations }) => violations.map(({ id, nodes }) =>
        ({ id, nodes: nodes.map(({ html, failureSummary }) => html.slice(0, 200) + ' ' + failureSummary) })))`,
    )
  }

  /** Closes the tab. Throws if the browser has complained, or another host was asked. */
  async close(): Promise<void> {
    const { host } = new URL(this.page.url())
    await this.end()
    assert.deepEqual(
      { complaints: this.complaints, hosts: [...this.hosts] },
      { complaints: [], hosts: [host] },
    )
  }

  private complain(text: string): void {
    if (!OF_ANSWERS.test(text)) this.complaints.push(text)
  }
}
