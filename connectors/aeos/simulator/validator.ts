/** Checks requests against the schema of a snapshot with libxml2. */
import { XmlDocument, type XmlElement, XmlValidateError, XsdValidator } from 'libxml2-wasm'
import type { Snapshot } from './snapshots.ts'
import { schemaOf } from './xsd.ts'

// Compiled once for the life of the process: there are four, and what they hold is not memory that the engine would give back.
const compiled = new Map<Snapshot, XsdValidator>()

function validatorOf(snapshot: Snapshot): XsdValidator {
  const found = compiled.get(snapshot)
  if (found !== undefined) return found
  // The validator points into the document, which therefore is not disposed of.
  const validator = XsdValidator.fromDoc(XmlDocument.fromString(schemaOf(snapshot)))
  compiled.set(snapshot, validator)
  return validator
}

/** What is wrong with the element and everything in it, in the validator's words; null when nothing is. */
export function schemaError(element: XmlElement, snapshot: Snapshot): string | null {
  try {
    validatorOf(snapshot).validate(element)
    return null
  } catch (error) {
    if (error instanceof XmlValidateError) return error.message.trim()
    throw error
  }
}
