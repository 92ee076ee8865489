/** Which site an event belongs to, in CEL over the door and the reader that its system names. */
import type { AccessEvent } from '../model/events/event.ts'
import { celEnvironment, compileExpression, type Expression, ExpressionError, isCelFault } from './cel.ts'

export type SiteOf = (event: Pick<AccessEvent, 'door' | 'reader'>) => string | null

const environment = celEnvironment().registerVariable('door', 'dyn').registerVariable('reader', 'dyn')

/** Of a target that names none. */
export const noSite: SiteOf = () => null

const nowhere = { id: null, name: null }

/**
 * `door.id`, `door.name`, `reader.id` and `reader.name` are texts or null. What gives no text, or an empty one, or fails, is no site.
 * @throws ExpressionError for what can't be compiled, or never gives a text.
 */
export function compileSite(text: string): SiteOf {
  const expression = compileExpression(environment, 'site', text)
  if (expression.type !== 'string' && expression.type !== 'dyn')
    throw new ExpressionError('site', 'site.not-text', { line: 1, column: 1 })
  return ({ door, reader }) => textOf(expression, { door: door ?? nowhere, reader: reader ?? nowhere })
}

function textOf(expression: Expression, variables: Readonly<Record<string, unknown>>): string | null {
  try {
    const value = expression.run(variables)
    return typeof value === 'string' && value !== '' ? value : null
  } catch (error) {
    if (!isCelFault(error)) throw error
    return null
  }
}
