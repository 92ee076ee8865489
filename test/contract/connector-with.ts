/** As much of a connector as the contract suite uses, whatever its settings are and whatever else it can do. */
import type { z } from 'zod'
import type { Capabilities, Connector } from '../../src/connector/contract.ts'

export type ConnectorWith<C extends keyof Capabilities> = Pick<
  Connector<z.ZodType, C>,
  'settings' | 'limits' | 'address' | 'connect'
>
