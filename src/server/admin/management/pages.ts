/** The built page: files of one directory, known by name before they are asked for. Nothing else of the disk is reachable. */
import { hash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'

interface File {
  bytes: Buffer<ArrayBuffer>
  type: string
  etag: string
  /** Its name holds a hash of what is in it. */
  immutable: boolean
}

export interface Pages {
  /** The answer for a path below `/dashboard/`, or `/management.html`. */
  answer(path: string, headers: Headers, head: boolean): Response
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.map': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
}
const HASHED = /[.-][A-Za-z0-9]{8,}\.(?:js|css|svg|png|woff2|map)$/
const MOST_FILES = 200
const MOST_BYTES = 8 << 20

/** Of every page: nothing from elsewhere, nothing inline, in no frame. */
export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CSP,
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
}

/** @param dir `dist/dashboard`; read when the first page is asked for, and again while it is not there. */
export function createPages(dir: string): Pages {
  let files: ReadonlyMap<string, File> | undefined

  function load(): ReadonlyMap<string, File> {
    if (files !== undefined) return files
    const found = new Map<string, File>()
    let names: string[] = []
    try {
      names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).slice(0, MOST_FILES)
    } catch {
      return found
    }
    for (const name of names) {
      const path = join(dir, name)
      const type = TYPES[extname(name)]
      const stat = statSync(path)
      if (type === undefined || !stat.isFile() || stat.size > MOST_BYTES) continue
      const bytes = readFileSync(path)
      found.set(name.replaceAll('\\', '/'), {
        bytes,
        type,
        etag: `"${hash('sha256', bytes, 'hex').slice(0, 24)}"`,
        immutable: HASHED.test(name),
      })
    }
    if (found.has('index.html')) files = found
    return found
  }

  return {
    answer(path, headers, head) {
      const all = load()
      const name = path === '/management.html' ? 'management.html' : path.slice('/dashboard/'.length)
      // Paths of the page itself (its views stand in the URL) are answered with the page.
      const file =
        all.get(name === '' ? 'index.html' : name) ??
        (extname(name) === '' || name === 'management.html' ? all.get('index.html') : undefined)
      if (file === undefined)
        return all.has('index.html')
          ? new Response('There is no such file.\n', { status: 404, headers: { 'content-type': TYPES['.txt']! } })
          : new Response(NOT_BUILT, {
              status: 503,
              headers: { 'content-type': TYPES['.html']!, 'cache-control': 'no-store' },
            })
      const about = {
        etag: file.etag,
        'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      }
      if (headers.get('if-none-match')?.includes(file.etag)) return new Response(null, { status: 304, headers: about })
      return new Response(head ? null : file.bytes, {
        headers: { ...about, 'content-type': file.type, 'content-length': String(file.bytes.length) },
      })
    },
  }
}

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>LogicaProxy</title>
<h1>The dashboard is not built</h1>
<p>This is a source checkout. Run <code>npm run build</code> and load this page again; the installed package has the page in it.</p>
<p>The management API answers under <code>/v0/management</code> all the same.</p>
</html>
`
