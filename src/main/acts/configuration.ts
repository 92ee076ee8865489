/** Acts about the configuration. */
import type { ConfigurationActs } from '../../api/acts/configuration.ts'
import { Refusal } from '../../model/refusal.ts'
import { rejectConfiguration, releaseConfiguration } from '../../sync/configuration/decide.ts'
import { offerConfiguration, proposedVersion } from '../../sync/configuration/offer.ts'
import { candidateOf, configurationView } from '../config-views.ts'
import type { ActsParts } from './parts.ts'

export function configurationActs({ configuration }: ActsParts): ConfigurationActs {
  const { opened } = configuration
  const { ground } = opened

  async function proposed(digest: string) {
    const found = await proposedVersion(ground)
    if (found?.row.digest.toString('hex').startsWith(digest) !== true) throw new Refusal('config.not-proposed')
    return found
  }

  return {
    configuration: () => configurationView(configuration),
    async proposeConfiguration(actor) {
      const file = await opened.read()
      return { standing: await offerConfiguration(ground, { deciding: file.deciding, by: actor.subject }) }
    },
    async releaseConfiguration(actor, digest, reason) {
      const found = await proposed(digest)
      const { candidate } = await candidateOf(configuration, found)
      await releaseConfiguration(ground, candidate, actor.subject, reason)
      return { version: found.row.number }
    },
    async rejectConfiguration(actor, digest, reason) {
      const { row } = await proposed(digest)
      await rejectConfiguration(ground, row, actor.subject, reason)
      return { version: row.number }
    },
  }
}
