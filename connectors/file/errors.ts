/** Every way in which a file can fail, by code, with what to do about it; no text here holds a line or a path. */
import { ConnectorError, type ConnectorFailure } from '../../src/connector/errors.ts'

const failures = {
  'file.folder': {
    kind: 'transient',
    hint: 'the folder can not be listed or written to: is the share mounted, and may our service account write to it?',
  },
  'file.disk': { kind: 'transient', hint: 'the file could not be written: is the disk full?' },
  'file.changed': {
    kind: 'unauthenticated',
    hint: 'the file of an open day is not what was written: somebody changed it, or the keys are others. Move it away, and a new one is begun',
  },
} as const satisfies Record<string, Pick<ConnectorFailure, 'kind' | 'hint'>>

export function fileError(code: keyof typeof failures, cause?: unknown): ConnectorError {
  // The system's own error names the path: of it only the code goes on.
  const system = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  const { kind, hint } = failures[code]
  return new ConnectorError({ kind, code, hint: `${hint}${system}` })
}
