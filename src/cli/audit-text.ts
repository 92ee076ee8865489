/** What is wrong with an audit trail, or an export of it, in words. */
import type { ExportBreak } from '../audit/verify-export.ts'
import { counted, plain } from './plain.ts'
import { paint } from './table.ts'

interface Broken {
  readonly entries: number
  readonly brokenAt: number | null
  readonly why: string | null
}

const words: Record<ExportBreak, string> = {
  malformed: 'is no line that an export writes',
  gap: 'is missing, and others come behind it',
  'out-of-order': 'is missing: another one is in its place, which belongs elsewhere',
  changed: 'or what comes before it is not as it was written',
  forged: 'was not written with the keys of this gateway',
  truncated: 'is missing: the trail ends before the head that was written down',
  'head-differs': 'is not the one that was written down: entries were replaced, or a backup was restored',
  'cut-off': 'the last line is missing: this is not all that was exported',
  'unknown-key': 'the last line is signed with a key that was not given',
  'end-forged': 'the last line was changed after it was signed',
  altered: 'the last line is about other lines than these: some were changed, added or taken away',
  'after-end': 'there is more behind the last line',
}

export function formatBreak({ entries, brokenAt, why }: Broken, colours: boolean): string {
  const what = Object.entries(words).find(([known]) => known === why)?.[1] ?? plain(why)
  const where = brokenAt === null ? '' : ` entry ${brokenAt}`
  const before = brokenAt === null ? '' : `  ${counted(entries, 'entry', 'entries')} before it: whole\n`
  return `${paint('red', 'broken', colours)}:${where} ${what} (${plain(why)})\n${before}`
}
