import { readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import type { Plugin } from 'esbuild'

export const MODULE_PLACE = /\bimport\.meta\.url\b/
/** A package that is loaded by `require` at the moment it is needed can be part of the bundle, lazily as before. */
const REQUIRED_HERE = /\bcreateRequire\(import\.meta\.url\)\(('[^']+')\)/g

/**
 * Lets a module find its neighbours from wherever it comes to stand in the bundle: its `import.meta.url` stays that of
 * `dist/` plus its path in `src/`.
 * @param depth how many folders below `dist/` the outputs are.
 */
export function modulePlaces(root: string, depth: number): Plugin {
  const from = join(root, 'src')
  return {
    name: 'module-places',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const place = relative(from, path)
        if (place.startsWith('..')) return undefined
        const text = readFileSync(path, 'utf8')
        if (!MODULE_PLACE.test(text)) return undefined
        const url = `${'../'.repeat(depth)}${place.split(sep).join('/').replace(/\.ts$/, '.js')}`
        const contents = text
          .replaceAll(REQUIRED_HERE, 'require($1)')
          .replaceAll(new RegExp(MODULE_PLACE, 'g'), `new URL('${url}', import.meta.url).href`)
        return { contents, loader: 'ts', resolveDir: dirname(path) }
      })
    },
  }
}
