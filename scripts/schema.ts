/** Writes config.schema.json from the zod schema of the config. */
import { writeFileSync } from 'node:fs'
import { configSchemaText } from '../src/config/json-schema.ts'

const file = new URL('../config.schema.json', import.meta.url)
writeFileSync(file, configSchemaText())
console.log(`wrote ${file.pathname}`)
