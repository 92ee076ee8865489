/** A process that archives the same bytes again and again into a folder until it is killed; it says the id of each file that is done. */
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import { writeArchiveFile } from './archive-files.ts'

const [folder = '', text = '', times = ''] = process.argv.slice(2)
const vault = openVault(createKeyring({ stamp: 'demo' }))

async function* content(): AsyncGenerator<Buffer> {
  for (let n = 0; n < Number(times); n += 1) yield Buffer.from(text)
}

for (;;) {
  const { row, sealed } = vault.sealFile(content())
  await writeArchiveFile(folder, row.id, sealed)
  process.stdout.write(`${row.id}\n`)
}
