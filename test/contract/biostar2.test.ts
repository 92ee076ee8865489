/** BioStar 2, as documented, keeps the contract of accounts. */
import { accountsContract } from './accounts.ts'
import { biostarSubject } from './biostar2-subject.ts'

accountsContract(biostarSubject('biostar2'))
