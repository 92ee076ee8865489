/** The settings of fields that are written beyond names: which field, and where its value comes from. */
import { z } from 'zod'
import { carrierFieldNames, fieldText, isTaken, type Origin, whatFits } from './carrier-fields.ts'

export const carrierTypes = ['employee', 'contractor', 'visitor'] as const

export const id = z.string().regex(/^[1-9]\d{0,18}$/, { error: 'expected the id as AEOS shows it: digits, in quotes' })

const facts = ['employeeNumber', 'email', 'department', 'title', 'preferredName', 'company'] as const

/** Where a field's value comes from. */
const origin = {
  fact: z
    .enum(facts)
    .optional()
    .meta({
      title: 'Fact',
      description: 'What of the person is written. Give one of fact, attr and value.',
      examples: ['title'],
    }),
  attr: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, { error: 'expected a name of letters, digits and _' })
    .optional()
    .meta({
      title: 'Attribute',
      description: 'Or the attribute of this name, as the mapping of a source declares it under attrs.',
      examples: ['phone'],
    }),
  value: z
    .string()
    .min(1)
    .max(250)
    .optional()
    .meta({ title: 'Value', description: 'Or the same text for everybody.', examples: ['en'] }),
}

function hasOneOrigin({ fact, attr, value }: Origin): boolean {
  return [fact, attr, value].filter((each) => each !== undefined).length === 1
}

const oneOrigin = { error: 'give one of fact, attr and value' }

export const freeField = z
  .strictObject({
    definition_id: id.meta({ title: 'Id', description: 'Id of its definition.', examples: ['12'] }),
    ...origin,
  })
  .refine(hasOneOrigin, oneOrigin)

export const carrierField = z
  .strictObject({
    field: z.enum(carrierFieldNames).meta({ title: 'Field', description: 'As AEOS calls it.', examples: ['PhoneNo'] }),
    ...origin,
  })
  .refine(hasOneOrigin, oneOrigin)
  .superRefine(({ field, value }, found) => {
    const text = value === undefined ? undefined : fieldText(field, value)
    if (value === undefined || (text !== undefined && text.length === value.length && isTaken(field, text))) return
    found.addIssue({ code: 'custom', message: `${field} holds ${whatFits(field)}`, path: ['value'] })
  })
