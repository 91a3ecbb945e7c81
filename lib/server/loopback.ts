/** The names of this machine in a URL. */
const NAMES = String.raw`(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?`

/** Origins of pages of this machine. */
export const OWN_ORIGIN = new RegExp(`^https?://${NAMES}$`, 'i')

const OWN_HOST = new RegExp(`^${NAMES}$`, 'i')

/**
 * Whether a request was sent to this machine by a name of its own. Under any other name it may come from a page of another
 * site, whose name has been made to mean this machine.
 */
export function isToOwnHost({ host = '' }: { host?: string | undefined }): boolean {
  return OWN_HOST.test(host)
}
