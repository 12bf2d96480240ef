import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import type { Metafile } from 'esbuild'

interface Package {
  name: string
  version: string
  license: string
  text: string
}

/** The licences of all packages of which a bundle holds a part, as they ask to be passed on. */
export function notices(root: string, metafiles: readonly Metafile[]): string {
  const found = new Map<string, Set<string>>()
  for (const { inputs } of metafiles)
    for (const input of Object.keys(inputs)) {
      const file = resolve(root, input)
      const at = packageFolder(file)
      if (at === undefined) continue
      const texts = found.get(at) ?? new Set()
      for (const text of licencesOf(dirname(file), at)) texts.add(text)
      found.set(at, texts)
    }
  const packages = [...found].map(([at, texts]) => read(at, texts)).sort((a, b) => (a.name < b.name ? -1 : 1))
  const head = 'LogicaProxy holds parts of these packages. Their licences follow.'
  const list = packages.map(({ name, version, license }) => `  ${name} ${version} (${license})`).join('\n')
  const texts = packages.map(({ name, version, text }) => `${'='.repeat(80)}\n${name} ${version}\n\n${text}`)
  return `${[head, list, ...texts].join('\n\n')}\n`
}

/** The folder of the package that a file belongs to; undefined for a file of ours. */
function packageFolder(file: string): string | undefined {
  const parts = file.split(sep)
  const last = parts.lastIndexOf('node_modules')
  if (last < 0) return undefined
  const length = parts[last + 1]?.startsWith('@') ? 3 : 2
  return parts.slice(0, last + length).join(sep)
}

/** Licence files of a folder and of those above it up to the package's own: some packages hold a part of another. */
function licencesOf(folder: string, top: string): string[] {
  const here = readdirSync(folder).filter((entry) => /^licen[cs]e(?:\.(?:md|txt))?$/i.test(entry))
  const files = here.map((entry) => join(folder, entry))
  return folder === top ? files : [...licencesOf(dirname(folder), top), ...files]
}

/** @throws {Error} for a package without a licence text. */
function read(folder: string, files: ReadonlySet<string>): Package {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package
  if (files.size === 0) throw new Error(`${name} brings no licence text`)
  const texts = [...files].map((file) => readFileSync(file, 'utf8').trim())
  return { name, version, license, text: texts.join('\n\n') }
}
