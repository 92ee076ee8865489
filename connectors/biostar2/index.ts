/** The connector for Suprema BioStar 2 and BioStar X: what it is, and how it connects. */
import { type Context, defineConnector } from '../../src/connector/contract.ts'
import { accounts } from './accounts.ts'
import { Client } from './client.ts'
import { codeMeanings } from './events/codes.ts'
import { events } from './events/events.ts'
import { health } from './health.ts'
import { ReaderRefusals } from './reader-refusals.ts'
import { Session } from './session.ts'
import { settings } from './settings.ts'

/** Says once that the server counts fingers or faces and shows none: then none that is swapped is noticed. */
function templatesOf({ templateDigests: digests, log }: Pick<Context, 'templateDigests' | 'log'>) {
  if (digests === undefined) return undefined
  let isTold = false
  const hidden = (): void => {
    if (!isTold) log('warn', 'biostar2.templates-hidden')
    isTold = true
  }
  return { digests, hidden }
}

export default defineConnector({
  id: 'biostar2',
  title: 'Suprema BioStar 2 and BioStar X',
  vendor: { name: 'Suprema', docs: 'https://bs2api.biostar2.com/', testedWith: [] },
  settings,
  capabilities: ['accounts', 'events'],
  eventCodes: codeMeanings,
  digestsTemplates: true,
  // The vendor publishes no limits. These leave a server that also serves its console and readers most of its time.
  // It gives up its own requests after 60 s (`web_request_timeout` in the sample of BioStar 2 API, Setting), so one that we gave up may
  // still be carried out until then; the rest is for the way to the server and its queue.
  limits: { concurrency: 8, requestsPerSecond: 50, requestTimeoutMs: 15_000, lateWriteMs: 75_000 },
  recognisedBy: { employeeNumber: ['account-id'], email: ['email'], name: ['name'] },
  address({ url, ca, fingerprint256 }) {
    return {
      origin: new URL(url).origin,
      ...(ca === undefined ? {} : { ca }),
      ...(fingerprint256 === undefined ? {} : { fingerprint256 }),
    }
  },
  /** Makes no call: the login happens when first needed. */
  async connect(values, context) {
    const session = new Session(context, { loginId: values.login_id, password: values.password })
    const refusals = new ReaderRefusals(context.now)
    const client = new Client(session, () => refusals.note(), templatesOf(context))
    return {
      accounts: accounts(client, session, values, refusals, context),
      events: events(client, session, values, context),
      health: (signal) => health(client, session, context, values, refusals, signal),
      close: () => session.close(),
    }
  },
})
