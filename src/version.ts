import { readFileSync } from 'node:fs'

/** The package's version. The file stands one folder up in the sources and in `dist/` alike. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version
