/** Log lines that can't hold personal data: field names from a list, constant messages, errors by name and code only. */
import { pino } from 'pino'
import { printLine } from './print-line.ts'

/** Every field there is: random ids, times, states and counts, each at most 200 characters. */
export const logFields = [
  'event',
  'account',
  'alarm',
  'attempt',
  'changed',
  'code',
  'connector',
  'count',
  'directory',
  'error',
  'kind',
  'lane',
  'lockout',
  'method',
  'missing',
  'mode',
  'outcome',
  'person',
  'pid',
  'plan',
  'port',
  'problems',
  'proof',
  'pull',
  'queue',
  'records',
  'request',
  'requests',
  'role',
  'route',
  'row',
  'severity',
  'signal',
  'source',
  'sqlState',
  'state',
  'status',
  'subject',
  'subscription',
  'table',
  'target',
  'token',
  'tookMs',
  'version',
  'waitMs',
  'waiting',
  'where',
] as const
export type LogField = (typeof logFields)[number]

type LogValue = string | number | boolean | null
export type LogFields = { readonly [Name in Exclude<LogField, 'event'>]?: LogValue | undefined } & {
  readonly event: string
}

/** A text that was put together at run time does not compile: values belong into fields. */
export type Constant<Text extends string> = Record<never, never> extends Record<Text, 1> ? never : Text

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** `error`: a person must act. `warn`: late, tried again. `info`: a state changed. `debug`: off unless asked for. */
export type Log = {
  readonly [L in LogLevel]: <Text extends string>(fields: LogFields, message: Constant<Text>) => void
} & {
  /** The same log with these fields on every line. */
  with(fields: Omit<Partial<LogFields>, 'event'>): Log
}

/** What layers below are handed, who know no fields by name: an event name and coded, countable fields; nothing else fits. */
export type CodedLog = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, string | number | boolean | null>>,
) => void

export interface LogOptions {
  readonly level?: LogLevel
  /** Takes whole lines, line break included; standard error by default. */
  readonly write?: (line: string) => void
  /** For people instead of programs; by default when standard error is a terminal. */
  readonly human?: boolean
}

const known: ReadonlySet<string> = new Set(logFields)
const valueMax = 200

export function createLog({
  level = 'info',
  write = writeToStderr,
  human = process.stderr.isTTY,
}: LogOptions = {}): Log {
  const destination = { write: human ? (line: string) => write(printLine(line)) : write }
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  function bound(always: Record<string, LogValue>): Log {
    const at =
      (name: LogLevel) =>
      (fields: LogFields, message: string): void =>
        logger[name]({ ...always, ...allowed(fields) }, message)
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => bound({ ...always, ...allowed(fields) }),
    }
  }
  return bound({})
}

// The types say so already; this holds where a cast or an untyped library got around them.
function allowed(fields: object): Record<string, LogValue> {
  const kept: Record<string, LogValue> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (!known.has(name)) continue
    if (typeof value === 'string') kept[name] = value.slice(0, valueMax)
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) kept[name] = value
  }
  return kept
}

function writeToStderr(line: string): void {
  process.stderr.write(line)
}
