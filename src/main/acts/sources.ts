/** Acts about sources. */
import { ActError } from '../../api/acts/act-error.ts'
import type { SourceActs } from '../../api/acts/sources.ts'
import { Refusal } from '../../model/refusal.ts'
import { acceptColumns } from '../../sync/pull/pull-brakes.ts'
import { clearSource } from '../../sync/suspect/suspicion.ts'
import { sourceView } from '../source-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function sourceActs({ engine, scheduler }: ActsParts): SourceActs {
  return {
    async sync(_actor, source) {
      const loops = scheduler?.loops() ?? null
      if (loops === null)
        throw new ActError(
          503,
          'sync.elsewhere',
          'No source is read here: another process is the scheduler, or some target has not told its access levels yet (gatehouse status).',
        )
      const chosen = source === undefined ? [...loops.values()] : [loops.get(source)]
      if (chosen.includes(undefined)) throw new Refusal('source.unknown')
      return (await Promise.all(chosen.map((loop) => loop?.drain() ?? []))).flat()
    },
    source: (id) => sourceView(engine.context, id),
    clearSource: async (actor, id, reason) => ({
      people: await withLevels(engine, () => clearSource(engine.context, id, actor.subject, reason)),
    }),
    acceptSource: (actor, id, reason) => acceptColumns(engine.context, id, actor.subject, reason),
  }
}
