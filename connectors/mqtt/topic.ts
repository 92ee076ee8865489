/** Makes the topic of an event from a template: whatever an event says, it adds no level and no wildcard that nobody meant. */
import type { OutgoingEvent } from '../../src/connector/contract.ts'
import { eventName } from '../../src/connector/event-name.ts'
import { classOf, type EventType } from '../../src/model/events/types.ts'

export const topicParts = ['gateway', 'system', 'class', 'event'] as const
type TopicPart = (typeof topicParts)[number]

const placeholder = /\{([a-z]*)\}/g

/** No wildcards, and no topic that belongs to the broker itself (MQTT 5.0, section 4.7). */
export function isTopicTemplate(template: string): boolean {
  const names = [...template.matchAll(placeholder)].map(([, name]) => name as TopicPart)
  const rest = template.replaceAll(placeholder, '')
  return (
    template.length > 0 &&
    template.length <= 1024 &&
    !/[+#{}\p{Cc}]|^\$/u.test(rest) &&
    names.every((name) => topicParts.includes(name))
  )
}

/** `template`: one that `isTopicTemplate` takes. */
export function topicOf(template: string, { type, source }: Pick<OutgoingEvent, 'type' | 'source'>): string {
  const name = eventName({ type })
  const [, , gateway = '', system = ''] = source.split('/')
  const parts: Readonly<Record<TopicPart, string>> = {
    gateway: oneLevel(gateway),
    system: oneLevel(system),
    class: name.startsWith('punch.') ? 'attendance' : classOf(name as EventType),
    event: name.split('.').map(oneLevel).join('/'),
  }
  return template.replaceAll(placeholder, (_, part: TopicPart) => parts[part])
}

function oneLevel(text: string): string {
  return text.replace(/[+#/$\p{Cc}]/gu, '_') || '_'
}
