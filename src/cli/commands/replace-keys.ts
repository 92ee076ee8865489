/** `keys rotate --compromised`: somebody may have the keys, so all of them are made new, on this machine and while nothing runs. */
import { type Context, nextCommand, show } from '../command.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { ReplaceKeysOptions, ReplaceKeysResult } from '../local.ts'
import { counted, plain, wrapped } from '../plain.ts'
import { withProgress } from '../progress.ts'
import { formatPairs, paint } from '../table.ts'

export interface ReplaceOptions extends Omit<ReplaceKeysOptions, 'yes' | 'onBegin'> {
  readonly yes?: boolean
  readonly json?: boolean
}

/** Half of what idle cores do (docs/keys-and-erasure.md): busy ones may take three times as long. */
const peoplePerSecond = 1_000

export async function replaceKeys(context: Context, options: ReplaceOptions): Promise<void> {
  const { terminal, finish } = context
  const { config, subject, reason, oldKeyFile, yes = false } = options
  let rows = () => 0
  const local = await terminal.loadLocalGateway()
  const replacing = local
    .replaceAllKeys({
      ...{ config, subject, reason, yes },
      ...(oldKeyFile === undefined ? {} : { oldKeyFile }),
      onBegin: (count) => {
        rows = count
      },
    })
    .catch((error: unknown) => {
      throw isBusy(error) ? new CliError(exitCodes.refused, `${error.message} [${error.code}]`) : error
    })
  const result = await withProgress(terminal, () => `making keys and ${rows()} rows anew`, replacing)
  show(context, options, result, (told) => (told.done ? done(told, options, terminal.colours) : preview(told)))
  if (result.done) return
  terminal.err('nothing was done: add --yes to replace all keys\n')
  finish(exitCodes.usage)
}

/** Some process of the gateway runs. */
function isBusy(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === 'keys.busy' || error.code === 'embedded.directory-taken'
}

function preview({ people, bytes, freeBytes }: Extract<ReplaceKeysResult, { done: false }>): string {
  const minutes = Math.ceil(people / peoplePerSecond / 60)
  const lines = [
    `all keys of ${counted(people, 'person', 'people')} and of the gateway itself are made new, and everything is written anew under them`,
    `that takes about ${counted(minutes, 'minute')}; nothing is half done: killed at any moment, it has happened or it has not`,
    'doors go on as they are; nobody is shut out or let in before `gatehouse start`: shut a leaver out at the door system by hand meanwhile',
    `the database is ${megabytes(bytes)}${freeBytes === null ? '' : `, and ${megabytes(freeBytes)} are free where it lies`}: so much is needed`,
    'every token ends, and one new one is made',
    'backups made before are opened by the keyring of before alone: make a new one at once, and keep or destroy the old ones with that keyring',
    'kept deliveries stay sealed as they are: destroy those that you do not need (`gatehouse archive destroy`)',
  ]
  return `${lines.map((line) => `- ${wrapped(line, '  ').trimStart()}`).join('\n')}\n`
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`
}

function done(
  result: Extract<ReplaceKeysResult, { done: true }>,
  { config, subject }: ReplaceOptions,
  colours: boolean,
): string {
  const { keySet, tokenPath, rows, refused, unreadable, tokensEnded, trailIsWhole, compacted, finishedEarlier } = result
  if (finishedEarlier)
    return `An earlier run had replaced all keys, and was ended before it could say so: keys ${keySet} are in use now, and the token is in ${plain(tokenPath)}.\n${nextCommand('start', config)}`
  const facts = formatPairs([
    ['keys', keySet],
    ['rows', rows],
    ['tokens ended', tokensEnded],
    ['token', `${tokenPath} (${subject}, role admin)`],
  ])
  const warnings = [
    ...(refused + unreadable === 0
      ? []
      : [
          `${counted(refused, 'row')} had a wrong signature and ${counted(unreadable, 'row')} a value that did not open, before already: they stay as they are, and are trusted with nothing. The audit trail says in which tables; \`gatehouse alarms\` will name them.`,
        ]),
    ...(trailIsWhole ? [] : ['The audit trail was not whole before: `gatehouse audit verify` says where.']),
    ...(compacted ? [] : ['The old rows could not be taken out of the files of the database: run VACUUM FULL.']),
    'Replace your copies of the keyring and the journal now, and make a backup: those of before open no more with these keys.',
    'Hand auditors the new public key (`gatehouse keys public` prints both).',
  ]
  const told = warnings.map((text) => `${wrapped(text, '  ')}\n`).join('')
  return `${facts}\n${paint('yellow', 'What you should know', colours)}\n${told}\n${nextCommand('start', config)}`
}
