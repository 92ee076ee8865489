/** BioStar X, with every oddity that was ever seen of either product, keeps the contract of accounts. */
import { accountsContract } from './accounts.ts'
import { biostarSubject } from './biostar2-subject.ts'

accountsContract(
  biostarSubject('biostarx', {
    emptyLists: 'string',
    userPageMax: 200,
    cardQuery: 'contains',
    takenCards: 'moved',
    expiredSessionCode: '11',
    doubleDeviceRows: true,
  }),
)
