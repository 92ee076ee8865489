/** Writes `config/schema.json` and `docs/settings.md` from the schemas. Run it after every change of a setting. */
import { writeFileSync } from 'node:fs'
import { configJsonSchema } from '../config/json-schema.ts'
import { settingsPage } from '../config/settings-page.ts'
import { connectors } from '../connectors/index.ts'

writeFileSync(new URL('../config/schema.json', import.meta.url), configJsonSchema())
writeFileSync(new URL('../docs/settings.md', import.meta.url), settingsPage(connectors))
