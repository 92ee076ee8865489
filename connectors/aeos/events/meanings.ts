/** The tables of event types and of reasons as they are shown: one line for each thing that an event may mean. */
import type { CodeMeaning } from '../../../src/model/events/code-meaning.ts'
import type { EventType } from '../../../src/model/events/types.ts'
import { type EventTypeRow, eventTypeRows } from './event-types.ts'
import { attributeRows, negativeMatch, noAuthorisation, reasonRows } from './reasons.ts'

export const codeMeanings: readonly CodeMeaning[] = eventTypeRows
  .flatMap((row) =>
    row.ids.flatMap((id) => linesOf(row).map((line) => ({ code: String(id), name: row.name, ...line }))),
  )
  .toSorted((a, b) => Number(a.code) - Number(b.code))

type Line = Omit<CodeMeaning, 'code' | 'name'>

function line(type: EventType, when: string | null = null, active: boolean | null = null): Line {
  return { when, type, active, note: null }
}

function linesOf({ type, intValue, verify }: EventTypeRow): Line[] {
  if (type === 'reason') return [...reasonsOf(intValue === 'reason'), line('access.denied.other')]
  const value = intValue === 'active-direction' ? 'low byte of IntValue' : 'IntValue'
  if (typeof type !== 'string') return type.map((each, at) => line(each, `${value}=${1 - at}`))
  // By command, for whoever stands there.
  if (verify?.includes('operator')) return [line('access.granted.anonymous', 'no CarrierId, no Identifier'), line(type)]
  return intValue === 'active' ? [line(type, `${value}=1`, true), line(type, `${value}=0`, false)] : [line(type)]
}

/** `isDevice`: a biometric device itself refused. */
function reasonsOf(isDevice: boolean): Line[] {
  const numbered = reasonRows.map(({ from, to, type }) => line(type, `reason=${from === to ? from : `${from}-${to}`}`))
  if (isDevice) return [line('access.denied.biometric_mismatch', `reason=${negativeMatch}`), ...numbered]
  const none = `reason=${noAuthorisation}`
  return [
    line('access.denied.unknown_credential', `${none}, no CarrierId`),
    ...attributeRows.map(({ key, values, type }) =>
      line(type, `${none}, Attribute ${key}${values === null ? '' : `=${values.join(' or ')}`}`),
    ),
    line('access.denied.no_permission', none),
    ...numbered,
  ]
}
