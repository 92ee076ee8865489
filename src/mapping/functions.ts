/** The functions that mappings may call on cell texts; each refuses rather than guesses, and names a code, never the text. */
import { EvaluationError } from '@marcbachmann/cel-js'

/** Result of `hidden()`: the source may know the value, but does not show it to us. */
export const HIDDEN: unique symbol = Symbol('hidden')

export const dateFormats = ['dd.MM.yyyy', 'dd/MM/yyyy', 'MM/dd/yyyy', 'yyyy-MM-dd', 'yyyyMMdd', 'excel'] as const

/** Where year, month and day start, and what the text looks like; all years have four digits. */
const layouts: Readonly<Record<string, { pattern: RegExp; year: number; month: number; day: number }>> = {
  'dd.MM.yyyy': { pattern: /^\d\d\.\d\d\.\d{4}$/, year: 6, month: 3, day: 0 },
  'dd/MM/yyyy': { pattern: /^\d\d\/\d\d\/\d{4}$/, year: 6, month: 3, day: 0 },
  'MM/dd/yyyy': { pattern: /^\d\d\/\d\d\/\d{4}$/, year: 6, month: 0, day: 3 },
  'yyyy-MM-dd': { pattern: /^\d{4}-\d\d-\d\d$/, year: 0, month: 5, day: 8 },
  yyyyMMdd: { pattern: /^\d{8}$/, year: 0, month: 4, day: 6 },
}

/**
 * A plain date (`YYYY-MM-DD`) from text, or null when there is none: null, blank, all zeros, and the 'for ever' of many
 * systems, 31 December 9999.
 * @throws EvaluationError `mapping.date` for everything else that is not a date of that format.
 */
export function date(text: unknown, format: unknown): string | null {
  if (text === null) return null
  if (typeof text !== 'string') throw refusal('mapping.type')
  const trimmed = text.trim()
  if (trimmed === '') return null
  if (format === 'excel') return excelDate(trimmed)
  const layout = typeof format === 'string' && Object.hasOwn(layouts, format) ? layouts[format] : undefined
  if (!layout?.pattern.test(trimmed)) throw refusal('mapping.date')
  const year = trimmed.slice(layout.year, layout.year + 4)
  const month = trimmed.slice(layout.month, layout.month + 2)
  const day = trimmed.slice(layout.day, layout.day + 2)
  if (year === '0000' && month === '00' && day === '00') return null
  const plain = `${year}-${month}-${day}`
  if (plain === '9999-12-31') return null
  if (!isPlainDate(plain)) throw refusal('mapping.date')
  return plain
}

/** Days from 1 January 1970 back to 30 December 1899, day 0 of the serials from 61 on. */
const EXCEL_EPOCH_DAYS = 25_569
const EXCEL_LAST_SERIAL = 2_958_465

/**
 * Serials of Excel's 1900 date system, where 1 is 1 January 1900. Excel counts a 29 February 1900 that never was (serial 60):
 * below it the count is one less, and 60 itself is refused. Source: Microsoft, 'Excel incorrectly assumes that the year
 * 1900 is a leap year', and 'Date systems in Excel'.
 */
function excelDate(text: string): string | null {
  if (!/^\d{1,7}$/.test(text)) throw refusal('mapping.date')
  const serial = Number(text)
  if (serial === 0 || serial === EXCEL_LAST_SERIAL) return null
  if (serial === 60 || serial > EXCEL_LAST_SERIAL) throw refusal('mapping.date')
  const days = serial - EXCEL_EPOCH_DAYS + (serial < 60 ? 1 : 0)
  return new Date(days * 86_400_000).toISOString().slice(0, 10)
}

/** Up to 15 digits: spreadsheets keep no more, and fill up with zeros. */
const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/

/**
 * A number from text that was written as one. Leading zeros are refused (the text is an identifier and would lose them), so
 * is scientific notation (`1.23E+11` has lost its digits already), and so are more than 15 digits.
 * @throws EvaluationError `mapping.number`
 */
export function number(text: unknown): number | null {
  if (text === null) return null
  if (typeof text === 'number') return text
  if (typeof text === 'bigint') return Number(text)
  if (typeof text !== 'string') throw refusal('mapping.type')
  const trimmed = text.trim()
  if (trimmed === '') return null
  if (!plainNumber.test(trimmed) || trimmed.replace(/\D/g, '').length > 15) throw refusal('mapping.number')
  return Number(trimmed)
}

/** Without white space at both ends, no-break spaces included. */
export function trim(text: unknown): string | null {
  if (text === null) return null
  if (typeof text !== 'string') throw refusal('mapping.type')
  return text.trim()
}

/** In lower case, by Unicode's rules that know no language. */
export function lower(text: unknown): string | null {
  if (text === null) return null
  if (typeof text !== 'string') throw refusal('mapping.type')
  return text.toLowerCase()
}

/**
 * The parts of a text between separators, each without white space at its ends; blank ones are left out, and of null there are none.
 * Without a separator each line is one.
 */
export function list(text: unknown, separator: unknown = '\n'): readonly string[] {
  if (text === null) return []
  if (typeof text !== 'string' || typeof separator !== 'string' || separator === '') throw refusal('mapping.type')
  return text.split(separator).flatMap((part) => part.trim() || [])
}

const daysIn = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Whether `text` is a day of the calendar as `YYYY-MM-DD`: the same answer as the model's `plainDate`, without its cost. */
export function isPlainDate(text: string): boolean {
  if (text.length !== 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return false
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  if (year < 0 || month < 1 || month > 12 || day < 1) return false
  if (month === 2 && day === 29) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (daysIn[month - 1] as number)
}

function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

function refusal(code: string): EvaluationError {
  return new EvaluationError({ code, message: code })
}
