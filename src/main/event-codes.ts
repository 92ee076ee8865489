/** What the codes of each system become: those of connectors with events, and the topics of ONVIF, which has no connector yet. */
import { connectors } from '../../connectors/index.ts'
import type { CodeMeaning } from '../model/events/code-meaning.ts'
import { onvifCodes } from '../model/events/onvif.ts'

const tables: ReadonlyMap<string, readonly CodeMeaning[]> = new Map<string, readonly CodeMeaning[]>([
  ...connectors.flatMap(({ id, eventCodes }) => (eventCodes === undefined ? [] : [[id, eventCodes] as const])),
  ['onvif', onvifCodes],
])

/** By name. */
export function eventSystems(): readonly string[] {
  return [...tables.keys()].toSorted()
}

/** Undefined for a system of which there is no table. */
export function eventCodesOf(system: string): readonly CodeMeaning[] | undefined {
  return tables.get(system)
}
