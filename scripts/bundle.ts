/**
 * Bundles the program: `src/` and what it depends on into a few files of `dist/`, so that a start reads tens of files and
 * not six hundred. Declarations are tsc's matter (build.ts). Names are kept and nothing is minified: a stack trace reads
 * as the sources do, and the source maps beside the files tell the lines (`NODE_OPTIONS=--enable-source-maps`).
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { builtins } from './bundle/builtins.ts'
import { lazily } from './bundle/lazily.ts'
import { MODULE_PLACE, modulePlaces } from './bundle/module-places.ts'
import { notices } from './bundle/notices.ts'

/** Entry points that share their code in chunks; all of them stand one folder deep, as the chunks do. */
const FACES = ['cli/main', 'protocols/index', 'simulator/index']
/** Programs of their own, a thread and a process: each in one file, so that it is loaded fast. */
const PROGRAMS = ['store/sqlite/worker', 'accounts/refresh/keeper']
/** Optional, and in part native: they stay packages, found when they are first asked for. */
const EXTERNAL = ['pg', '@napi-rs/keyring', '@clack/prompts']

/**
 * Writes the JavaScript of the package.
 * @param root the checkout. @param to the folder that takes the place of `dist`.
 * @throws {Error} of esbuild, with file and line.
 */
export async function bundleProgram(root: string, to: string): Promise<void> {
  const common: BuildOptions = {
    absWorkingDir: root,
    outdir: to,
    outbase: join(root, 'src'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Latin letters alone: V8 keeps the text of a file with others at two bytes a letter.
    charset: 'ascii',
    sourcemap: 'linked',
    metafile: true,
    external: EXTERNAL,
    // CommonJS packages ask for built-in modules by `require`.
    banner: { js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)" },
    logLevel: 'error',
  }
  const entry = (name: string) => join(root, 'src', `${name}.ts`)
  const shared = { ...common, splitting: true, chunkNames: 'chunks/[name]-[hash]' }
  const metafiles = [
    (
      await build({
        ...shared,
        entryPoints: [...FACES, 'index'].map(entry),
        plugins: [builtins(), lazily(root), modulePlaces(root, 1)],
      })
    ).metafile!,
  ]
  for (const program of PROGRAMS) {
    const depth = program.split('/').length - 1
    const plugins = [builtins(), lazily(root), modulePlaces(root, depth)]
    metafiles.push((await build({ ...common, entryPoints: [entry(program)], plugins })).metafile!)
  }
  for (const metafile of metafiles) {
    checkPlaces(root, metafile)
    for (const file of Object.keys(metafile.outputs)) if (file.endsWith('.map')) lighten(join(root, file))
  }
  writeFileSync(join(to, 'THIRD-PARTY.txt'), notices(root, metafiles))
}

/** Leaves the text of packages out of a source map: where it is from is enough. */
function lighten(file: string): void {
  const map = JSON.parse(readFileSync(file, 'utf8')) as { sources: string[]; sourcesContent: (string | null)[] }
  map.sourcesContent = map.sources.map((name, i) =>
    /(?:^|\/)node_modules\//.test(name) ? null : map.sourcesContent[i]!,
  )
  writeFileSync(file, JSON.stringify(map))
}

/** `dist/index.js` stands at the top, where paths would be off by one: it may only hand on what chunks hold. */
function checkPlaces(root: string, { outputs }: Metafile): void {
  for (const [file, { inputs }] of Object.entries(outputs)) {
    if (!file.endsWith('dist/index.js')) continue
    for (const input of Object.keys(inputs))
      if (MODULE_PLACE.test(readFileSync(join(root, input), 'utf8')))
        throw new Error(`${input} asks for its own place and has come to stand in ${file}`)
  }
}
