/** Every way in which a whole file or folder can fail, by code, with what to do about it; no text here holds a cell's value. */
import { ConnectorError, type ConnectorFailure } from '../../src/connector/errors.ts'

const failures = {
  'csv.folder-missing': {
    kind: 'transient',
    hint: 'the folder can not be read; is the share mounted, may we list it?',
  },
  'csv.file-unreadable': { kind: 'transient', hint: 'the file can not be opened; may our service account read it?' },
  'csv.photo-unreadable': {
    kind: 'transient',
    hint: 'the file of a picture can not be opened; may our service account read it?',
  },
  'csv.settle-failed': {
    kind: 'transient',
    hint: 'the file can not be removed or renamed; allow writing to the folder, or set after: keep',
  },
  'csv.file-too-large': { kind: 'rejected', hint: 'the file is larger than limits.max_file_bytes' },
  'csv.encoding': { kind: 'rejected', hint: 'the bytes do not fit the encoding; ask the sender, or set encoding' },
  'csv.header': { kind: 'rejected', hint: 'the first line is no readable header' },
  'csv.empty': { kind: 'rejected', hint: 'the file holds no header; an empty file never means that everybody left' },
  'csv.too-many-columns': { kind: 'rejected', hint: 'the header is wider than limits.max_columns' },
  'csv.missing-column': { kind: 'rejected', hint: 'a required column is missing' },
  'csv.doubled-column': { kind: 'rejected', hint: 'two columns have the same name' },
  'csv.control-total': {
    kind: 'rejected',
    hint: 'the control total is wrong or missing; let the sender deliver again',
  },
  'csv.older-than-taken': { kind: 'rejected', hint: 'a file with a newer date in its name was taken before' },
} as const satisfies Record<string, Pick<ConnectorFailure, 'kind' | 'hint'>>

export type CsvFailureCode = keyof typeof failures

/** Makes the error of one code; `detail` says more (names of columns, counts) and must hold no cell's value. */
export function csvError(code: CsvFailureCode, detail?: string, cause?: unknown): ConnectorError {
  const { kind, hint } = failures[code]
  return new ConnectorError({ kind, code, hint: detail === undefined ? hint : `${hint}: ${detail}`, cause })
}

/** The system's own code of a file error (`ENOENT`), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
