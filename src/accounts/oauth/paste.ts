/** What people paste when their browser cannot reach this machine (domain.md 1.0, "Headless needs"). */
import { LoginError } from './flow.ts'
import { plain } from './text.ts'

/** What is in a callback, however it came here. */
export interface Landing {
  code?: string
  /** Undefined only for a bare code, which carries none. */
  state?: string
  error?: string
  errorDescription?: string
}

const MAX_LENGTH = 8 * 1024

/**
 * Reads a full callback URL, its query alone, a bare code, or Claude's `code#state`.
 * @throws {LoginError} `input` if it is none of these, or was cut off.
 */
export function readPaste(text: string): Landing {
  // Terminals and mail programs break long lines; quotes come from copied shell commands.
  const pasted = text.replace(/\s+/g, '').replace(/^(["'`<])(.*)[>"'`]$/, '$2')
  if (pasted === '') throw input('Nothing was pasted.')
  if (pasted.length > MAX_LENGTH) throw input('That is longer than any callback address.')
  if (/^https?:\/\//i.test(pasted)) return fromUrl(pasted)
  if (/^\??(?:[\w.]+=[^&]*&)*(?:code|error)=/.test(pasted))
    return fromParams(new URLSearchParams(pasted.replace(/^\?/, '')))
  const [code, state, ...more] = pasted.split('#')
  if (more.length > 0 || code === '' || state === '')
    throw input('That is not a whole code: it ends with "#" and more after it. Copy all of it.')
  if (!/^[\w\-.~+/=%:]+$/.test(code!)) throw input('That is neither a callback address nor a code.')
  return state === undefined ? { code: decoded(code!) } : { code: decoded(code!), state }
}

function fromUrl(text: string): Landing {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw input('That address is not whole.')
  }
  return fromParams(url.searchParams)
}

/**
 * Reads the parameters of a callback.
 * @throws {LoginError} `input` if they are no callback's: none, doubled, or without `state`.
 */
export function fromParams(params: URLSearchParams): Landing {
  for (const name of ['code', 'state', 'error']) {
    if (params.getAll(name).length > 1) throw input(`The address holds "${name}" twice; no callback does.`)
  }
  const take = (name: string): string | undefined => params.get(name) || undefined
  const landing: Landing = { code: take('code'), state: take('state'), error: take('error') }
  const description = take('error_description')
  if (description !== undefined) landing.errorDescription = plain(description)
  if (landing.code === undefined && landing.error === undefined)
    throw input('The address holds neither a code nor an error. Copy it after the login is finished, all of it.')
  if (landing.state === undefined) throw input('The address holds no "state". Copy all of it.')
  return landing
}

/** A bare code copied out of an address is percent-encoded still (Google's hold a slash). */
function decoded(code: string): string {
  if (!code.includes('%')) return code
  try {
    return decodeURIComponent(code)
  } catch {
    return code
  }
}

const input = (words: string): LoginError =>
  new LoginError('input', `${words} Paste the whole address of the page the login ended on, or the code it shows.`)
