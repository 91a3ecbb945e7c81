import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { programAt } from './programs'

/** The first is the same browser without all that only people see, and needs about half of the time. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']

const program = programAt(...NAMES)

/** Like `describe`. Without a browser it skips, but not in CI, where that would go unnoticed. */
export const describeInChromium = program || process.env.CI ? describe : describe.skip

/** A browser that reaches nothing but this machine. */
export function launchChromium(): Promise<Browser> {
  if (!program) throw new Error(`CI needs Chromium: ${NAMES.join(' or ')}`)
  const hosts = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'
  // A process starts slower than a tab.
  const args = ['--no-sandbox', '--process-per-site', hosts]
  return chromium.launch({ executablePath: program, args })
}
