/** The connector for Nedap AEOS: what it is, and how it connects. */
import { defineConnector } from '../../src/connector/contract.ts'
import { accounts } from './accounts.ts'
import { Events } from './events/events.ts'
import { codeMeanings } from './events/meanings.ts'
import { health } from './health.ts'
import { Offered } from './offered.ts'
import { People } from './people/people.ts'
import { settings, whole } from './settings.ts'
import { Client } from './soap/client.ts'
import { Session } from './soap/session.ts'

export default defineConnector({
  id: 'aeos',
  title: 'Nedap AEOS',
  vendor: { name: 'Nedap', docs: 'https://www.nedapsecurity.com/solutions/aeos/', testedWith: [] },
  settings,
  capabilities: ['people', 'accounts', 'events'],
  eventCodes: codeMeanings,
  // The vendor publishes no limits, of rate or of sessions: these leave a server that also serves its own screens most of its time. Nor does
  // it say how long a request may live on that nobody waits for: 75 s is an assumption, and a sweep finds what comes later.
  limits: { concurrency: 8, requestsPerSecond: 50, requestTimeoutMs: 15_000, lateWriteMs: 75_000 },
  recognisedBy: { employeeNumber: ['account-id', 'PersonnelNo'], email: ['Email'], name: ['FullName'] },
  needs: { accounts: ['block_reasons'] },
  address({ url, ca, fingerprint256 }) {
    return {
      origin: new URL(url).origin,
      ...(ca === undefined ? {} : { ca }),
      ...(fingerprint256 === undefined ? {} : { fingerprint256 }),
    }
  },
  /** Makes no call: the credentials are proven when first needed. */
  async connect(parsed, context) {
    const values = whole(parsed)
    const session = new Session(context, values)
    const client = new Client(session)
    const offered = new Offered(session)
    const people = new People(client, offered, values, context)
    const events = new Events(client, values, context)
    return {
      people,
      events,
      accounts: accounts(client, offered, values, context),
      health: (signal) => health(client, session, offered, values, context.now, signal),
      async close() {
        people.close()
        events.close()
        session.close()
      },
    }
  },
})
