/** Every connector there is: a new one is a folder and a line here. */
import biostar2 from './biostar2/index.ts'
import csv from './csv/index.ts'

export const sourceConnectors = [csv] as const
export const targetConnectors = [biostar2] as const
export const connectors = [...sourceConnectors, ...targetConnectors] as const
