import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpDouble } from '../double'
import { LoopbackServer } from '../loopback-server'
import type { DoubleOptions } from '../options'
import { resolveDoubleOptions } from '../options'
import { Control, PREFIX, sendFailure } from './control'
import { Sessions } from './sessions'
import type { Tokens } from './tokens'
import { tokensOf } from './tokens'

/** A double that other processes ask. */
export interface StandaloneDouble {
  readonly url: string
  /** Where its control is. `undefined`: it has none. */
  readonly controlUrl: string | undefined
  readonly tokens: Tokens
  close(): Promise<void>
}

/** Starts a double for other processes, and its control if that is wanted. Rejects as `startDouble` does. */
export async function startStandaloneDouble(
  { port = 0, ...options }: DoubleOptions,
  { control: hasControl }: { control: boolean },
): Promise<StandaloneDouble> {
  const sessions = new Sessions(() => new HttpDouble(resolveDoubleOptions(options)))
  const control = hasControl ? new Control(sessions, () => server.url) : undefined
  const server = new LoopbackServer((request, response) => {
    if (control && Control.isFor(request)) void control.handle(request, response)
    else serve(sessions, request, response, hasControl)
  })
  await server.listen(port).catch(async (error: unknown) => {
    await sessions.close()
    throw error
  })
  return {
    url: server.url,
    controlUrl: control && `${server.url}${PREFIX}`,
    tokens: tokensOf(),
    async close() {
      await server.close()
      await sessions.close()
    },
  }
}

function serve(
  sessions: Sessions,
  request: IncomingMessage,
  response: ServerResponse,
  hasSessions: boolean,
): void {
  try {
    sessions.find(hasSessions ? sessions.nameFor(request.headers) : 'default').app(request, response)
  } catch (error) {
    sendFailure(error, response)
  }
}
