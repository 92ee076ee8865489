/** Nedap AEOS, as documented, keeps the contract of accounts. */
import { accountsContract } from './accounts.ts'
import { aeosSubject } from './aeos-subject.ts'

accountsContract(aeosSubject('aeos'))
