/** Writes `config/schema.json` from the schema. Run it after every change of `schema.ts`. */
import { writeFileSync } from 'node:fs'
import { configJsonSchema } from './json-schema.ts'

writeFileSync(new URL('schema.json', import.meta.url), configJsonSchema())
