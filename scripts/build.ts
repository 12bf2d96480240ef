/**
 * Builds the package: dist/ from src/ (one bundle, and the declarations of its modules), the page from dashboard/, and the
 * JSON Schema of the config.
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { bundleProgram } from './bundle.ts'
import { writePage } from './dashboard.ts'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
rmSync(dist, { recursive: true, force: true })
const require = createRequire(import.meta.url)
const tsc = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc')
const types = [
  tsc,
  '-p',
  'tsconfig.build.json',
  '--emitDeclarationOnly',
  '--sourceMap',
  'false',
  '--inlineSources',
  'false',
]
const { status } = spawnSync(process.execPath, types, { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
await bundleProgram(root, dist)
await writePage(join(dist, 'dashboard'))
await import('./schema.ts')
