/**
 * Builds the page: `dashboard/` into `dist/dashboard/` as one script and one style sheet with hashed names, and the two
 * documents that load them. Nothing stands inline, so that the strict content security policy holds.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const from = join(root, 'dashboard')

/** Browsers that know `light-dark()`, `popover` and `:has()`. */
const TARGET = ['chrome123', 'edge123', 'firefox125', 'safari17.5']

export interface BuiltPage {
  /** Path below the output folder → bytes. */
  files: ReadonlyMap<string, Buffer>
}

/** Bundles in memory. @throws {Error} of esbuild, with file and line. */
export async function bundlePage({ minify = true } = {}): Promise<BuiltPage> {
  const bundle = async (entry: string, format: 'esm' | 'iife') => {
    const { outputFiles } = await build({
      entryPoints: [join(from, entry)],
      bundle: true,
      write: false,
      minify,
      format,
      target: TARGET,
      jsx: 'automatic',
      jsxImportSource: 'preact',
      legalComments: 'none',
      charset: 'utf8',
      logLevel: 'error',
      // Its own development checks stay out.
      define: { 'process.env.NODE_ENV': '"production"' },
    })
    return Buffer.from(outputFiles[0]!.contents)
  }
  const [script, theme, style] = await Promise.all([
    bundle('main.tsx', 'esm'),
    bundle('theme.ts', 'iife'),
    bundle('style.css', 'esm'),
  ])
  const files = new Map<string, Buffer>()
  const asset = (name: string, extension: string, bytes: Buffer) => {
    const path = `assets/${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.${extension}`
    files.set(path, bytes)
    return `/dashboard/${path}`
  }
  const places: Record<string, string> = {
    SCRIPT: asset('app', 'js', script),
    THEME: asset('theme', 'js', theme),
    STYLE: asset('style', 'css', style),
  }
  const template = readFileSync(join(from, 'index.html'), 'utf8')
  for (const [file, page] of [
    ['index.html', 'dashboard'],
    ['management.html', 'panel'],
  ] as const) {
    const html = template.replace(/%(\w+)%/g, (all, name: string) => (name === 'PAGE' ? page : (places[name] ?? all)))
    files.set(file, Buffer.from(html))
  }
  return { files }
}

/** Writes it to a folder, in place of what was there. */
export async function writePage(to: string): Promise<void> {
  const { files } = await bundlePage()
  rmSync(to, { recursive: true, force: true })
  mkdirSync(join(to, 'assets'), { recursive: true })
  for (const [path, bytes] of files) writeFileSync(join(to, path), bytes)
}

if (import.meta.main) await writePage(join(root, 'dist', 'dashboard'))
