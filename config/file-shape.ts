/** What the schemas say about every path of one file: its own, and inside `settings` that of the connector named there. */
import type { z } from 'zod'
import type { Capabilities, Connector } from '../src/connector/contract.ts'
import { connectionsOf } from './checks.ts'
import type { Path } from './problem.ts'
import { configFile } from './schema.ts'
import { type Shape, shapeOf } from './shape.ts'

/** The part of a connector that can be read without connecting. */
export type ConfigurableConnector = Pick<
  Connector<z.ZodType, keyof Capabilities>,
  | 'id'
  | 'settings'
  | 'capabilities'
  | 'limits'
  | 'recognisedBy'
  | 'reveal'
  | 'feeds'
  | 'needs'
  | 'address'
  | 'digestsTemplates'
>

export interface FileShape extends Shape {
  /** The connector whose settings lie at `path` or above it. */
  connectorAt(path: Path): ConfigurableConnector | undefined
}

/** `raw`: an unchecked file, or the deciding sections of one. */
export function fileShape(raw: unknown, connectors: readonly ConfigurableConnector[]): FileShape {
  const connections = connectionsOf(raw)
  const byId = new Map(connectors.map((each) => [each.id, { connector: each, shape: shapeOf(each.settings) }]))
  const root = shapeOf(configFile)
  const found = (path: Path) => {
    const connection = connections.find(
      (each) => each.kind === path[0] && each.id === path[1] && path[2] === 'settings',
    )
    return connection === undefined ? undefined : byId.get(String(connection.connector))
  }
  return {
    connectorAt: (path) => found(path)?.connector,
    isSecret: (path) => found(path)?.shape.isSecret(path.slice(3)) ?? root.isSecret(path),
    keysAt: (path) => found(path)?.shape.keysAt(path.slice(3)) ?? root.keysAt(path),
  }
}
