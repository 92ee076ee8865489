/** Every connector there is: a new one is a folder and a line here. */
import type { z } from 'zod'
import type { Capabilities, Connector } from '../src/connector/contract.ts'
import aeos from './aeos/index.ts'
import biostar2 from './biostar2/index.ts'
import csv from './csv/index.ts'
import elasticsearch from './elasticsearch/index.ts'
import file from './file/index.ts'
import mqtt from './mqtt/index.ts'
import syslog from './syslog/index.ts'
import webhook from './webhook/index.ts'

/** Whatever its settings are, and whatever else it can do: it parses its own. */
export type ConnectorFor<C extends keyof Capabilities> = Pick<
  Connector<z.ZodType, C>,
  'id' | 'settings' | 'limits' | 'address' | 'connect'
>

export const sourceConnectors: readonly ConnectorFor<'people'>[] = [aeos, csv]
export const targetConnectors: readonly ConnectorFor<'accounts'>[] = [aeos, biostar2]
export const sinkConnectors: readonly ConnectorFor<'sink'>[] = [elasticsearch, file, mqtt, syslog, webhook]
export const connectors = [csv, aeos, biostar2, elasticsearch, file, mqtt, syslog, webhook] as const
