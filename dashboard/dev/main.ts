/** Serves the page for people who work on it: `node dashboard/dev/main.ts [empty]`. A reload builds it anew. */
import { type BuiltPage, bundlePage } from '../../scripts/dashboard.ts'
import { startDev } from './server.ts'

let last: { at: number; built: Promise<BuiltPage> } | undefined
const page = () => {
  if (last === undefined || Date.now() - last.at > 2000) last = { at: Date.now(), built: bundlePage({ minify: false }) }
  return last.built
}
const { url } = await startDev({ page, port: 8318, tickMs: 1500, empty: process.argv.includes('empty') })
console.log(`${url}/dashboard/\n${url}/management.html`)
