import type { Verification } from '../../lib/verify/verify'
import { verify } from '../../lib/verify/verify'
import { brokenDocuments } from './broken-servers/document'
import { brokenErrors } from './broken-servers/errors'
import { brokenFormats } from './broken-servers/formats'
import { brokenLives } from './broken-servers/life'
import { brokenOwners } from './broken-servers/owners'
import type { BrokenServer } from './broken-servers/proxy'
import { FlawedProxy } from './broken-servers/proxy'
import { brokenWires } from './broken-servers/wire'
import type { VerifiedServer } from './verified-servers'

export type { BrokenServer } from './broken-servers/proxy'

/** Servers that are right but for one flaw, by the group of checks that is about it. */
export const BROKEN_SERVERS: Readonly<Record<string, readonly BrokenServer[]>> = {
  wire: brokenWires,
  life: brokenLives,
  owners: brokenOwners,
  formats: brokenFormats,
  errors: brokenErrors,
  document: brokenDocuments,
}

/** Asks a good server with a flaw in front of it. */
export async function verifyBroken({ api }: VerifiedServer, broken: BrokenServer): Promise<Verification> {
  const proxy = await new FlawedProxy(String(api.url), broken).listen()
  try {
    return await verify({ ...api, url: proxy.url }, { clock: proxy.clock })
  } finally {
    await proxy.close()
  }
}
