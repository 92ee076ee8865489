/** Every connector there is: a new one is a folder and a line here. */
import type { z } from 'zod'
import type { Connector } from '../src/connector/contract.ts'
import aeos from './aeos/index.ts'
import biostar2 from './biostar2/index.ts'
import csv from './csv/index.ts'

export const sourceConnectors = [csv] as const
/** Whatever their settings are: each parses its own. */
export const targetConnectors: readonly Connector<z.ZodType, 'accounts'>[] = [aeos, biostar2]
export const connectors = [...sourceConnectors, ...targetConnectors] as const
