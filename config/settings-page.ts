/** The reference of every key of the configuration file as a page, made from the schemas alone: what they say is what it says. */
import type { z } from 'zod'
import { isDeciding } from './deciding.ts'
import { type DocumentedKey, documentedKeys } from './documented-keys.ts'
import { referenceText } from './reference.ts'
import { configFile } from './schema.ts'

/** What the page needs to know of a connector. */
export interface DocumentedConnector {
  readonly id: string
  readonly settings: z.ZodType
}

const kinds = table([
  ['takes', 'is written as'],
  ['CEL', 'an expression, in quotes if it holds `: ` or ` #`, or begins with a quote'],
  ['date', '`2037-12-31`'],
  [
    'duration',
    'a whole number and a unit: `500ms`, `2s`, `15m`, `20h`, `7d`, `4w`; ten years at most; a day is 24 hours',
  ],
  ['path', 'absolute, or from the folder of the file; what a connector reads, as the process sees it'],
  ['PEM', `the text of a certificate, most easily as \`${referenceText('file', 'PATH')}\``],
  [
    'secret',
    `a reference, always the whole value: \`${referenceText('env', 'NAME')}\`, or \`${referenceText('file', 'PATH')}\` of a file that others may not read`,
  ],
  ['time zone', 'its IANA name, such as `Europe/Berlin`'],
])

const head = `# Settings

Every key of the configuration file, as the program knows it: this page is made from its schemas by \`npm run generate\`, and a test holds it
to them. [gatehouse.example.yaml](../config/gatehouse.example.yaml) is a whole file; [mapping.md](mapping.md) says how expressions are written;
\`gatehouse check\` names every mistake of a file with its line. For an editor that helps while you type, let the file begin with
\`# yaml-language-server: $schema=\` and the path of \`config/schema.json\`.

${kinds}

\`<name>\` stands for a name of your choice: up to 32 lower-case letters, digits and hyphens for a source, a target or a subscription; \`[]\` for each entry of a list.
References may stand in any text, not only for secrets. Where no default is given, leaving a key out means that there is none, unless its
words say otherwise. Numbers are without a unit unless their words name one.`

/** The page as it lies in `docs/settings.md`. */
export function settingsPage(connectors: readonly DocumentedConnector[]): string {
  const root = documentedKeys(configFile)
  const top = root.filter(({ path }) => !/[.[]/.test(path))
  const isSection = ({ path }: DocumentedKey) => root.some((key) => isBelow(key, path))
  const parts = [
    head,
    '## At the top of the file',
    tableOf(
      top.filter((key) => !isSection(key)),
      '',
    ),
    ...top.filter(isSection).flatMap((key) => section(root, key, '##', whenItCounts(key.path, root))),
    ...connectors.flatMap(({ id, settings }) => [
      `## Settings of the connector \`${id}\``,
      `Under \`settings\` of a source, target or subscription with \`connector: ${id}\`. More in [its page](../connectors/${id}/README.md).`,
      tableOf(documentedKeys(settings), ''),
    ]),
  ]
  return `${parts.join('\n\n')}\n`
}

/** A map of so many keys has a table of its own. */
const many = 5

function isBelow({ path }: DocumentedKey, other: string): boolean {
  return path.startsWith(other) && /^(\.|\[)/.test(path.slice(other.length))
}

function section(root: readonly DocumentedKey[], key: DocumentedKey, level: string, note: string): string[] {
  const below = root.filter((each) => isBelow(each, key.path))
  // What stands between the key and those below it is the same for all: nothing, `[]` or `.<name>`.
  const between = /^(\[\]|\.<name>)?/.exec(below[0]?.path.slice(key.path.length) ?? '')?.[0] ?? ''
  const prefix = `${key.path}${between}`
  const countIn = ({ path }: DocumentedKey) =>
    below.filter((each) => isBelow(each, path) && !each.path.slice(path.length + 1).includes('.')).length
  const large = below.filter((each) => each.isMap && countIn(each) >= many)
  const isApart = (each: DocumentedKey) => large.some(({ path }) => isBelow(each, path))
  return [
    `${level} \`${prefix}\``,
    [key.description, note].filter((each) => each !== '').join(' '),
    tableOf(
      below.filter((each) => !isApart(each)),
      `${prefix}.`,
    ),
    ...large.filter((each) => !isApart(each)).flatMap((each) => section(below, each, '###', '')),
  ]
}

function whenItCounts(name: string, root: readonly DocumentedKey[]): string {
  const waits = 'waits until somebody [releases](installation.md#changing-the-configuration) it.'
  if (isDeciding([name])) return `An edit ${waits}`
  const fields = root.flatMap(({ path }) => (path.startsWith(`${name}.`) ? [path.slice(name.length + 1)] : []))
  const deciding = fields.filter((field) => isDeciding([name, field])).map((field) => `\`${field}\``)
  if (deciding.length === 0) return 'Read from the file at each start.'
  return `Read from the file at each start; only an edit of ${deciding.join(', ')} ${waits}`
}

function tableOf(keys: readonly DocumentedKey[], prefix: string): string {
  const rows = keys.map((key) => [
    `\`${key.path.slice(prefix.length)}\``,
    key.takes,
    key.required ? 'must be given' : key.fallback === null ? '' : `\`${key.fallback}\``,
    key.description,
    key.example === null ? '' : `\`${key.example}\``,
  ])
  return table([['key', 'takes', 'default', 'what it does', 'example'], ...rows])
}

/** The first row is the head. */
function table(rows: readonly (readonly string[])[]): string {
  const safe = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = rows[0]?.map((_, column) => Math.max(...safe.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`
  const [names = [], ...others] = safe
  return [
    line(names),
    line(
      names.map(() => ''),
      '-',
    ),
    ...others.map((row) => line(row)),
  ].join('\n')
}
