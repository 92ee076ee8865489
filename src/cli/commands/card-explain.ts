/** `gatehouse card explain`: every card that a number can mean, how each system writes it, and who has it. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { CardUse } from '../../api/acts/cards.ts'
import { cardUse } from '../../api/schemas/cards.ts'
import { CardError } from '../../model/cards/coding.ts'
import { type Misfit, readingsOf } from '../../model/cards/readings.ts'
import { type CardReading, explainReading } from '../card-readings.ts'
import { type CallOptions, type Context, describeCall, givenOrRead, show, withClient } from '../command.ts'
import { CliError, exitCodes } from '../exit.ts'
import { counted, plain, wrapped } from '../plain.ts'
import { paint } from '../table.ts'

interface Explained {
  readonly readings: readonly CardReading[]
  readonly misfits: readonly Misfit[]
  /** Null when the gateway was not asked, or did not answer. */
  readonly uses: readonly CardUse[] | null
}

export function explainCommand(context: Context): Command {
  return describeCall('explain', 'Show every card that a number can mean, how each system writes it, and who has it', [
    'gatehouse card explain 10058400',
    'gatehouse card explain 104.22155 --offline',
    'gatehouse card explain 04:A1:B2:C3:D4:E5:80',
    'echo H10304:12345:345678 | gatehouse card explain - --json',
  ])
    .argument(
      '<number>',
      'as it is printed, typed or read: decimal, facility and number, hex, bits, or a card by its format; - to read it from standard input',
    )
    .option('--offline', 'do not ask the gateway who has the card')
    .action(async (given: string, options: CallOptions & { offline?: boolean }) => {
      const text = await givenOrRead(context, given)
      const { readings, misfits } = explain(text)
      const uses = options.offline === true || readings.length === 0 ? null : await askUses(context, options, readings)
      show(context, options, { readings, misfits, uses } satisfies Explained, (found) =>
        formatExplained(found, context.terminal.colours),
      )
      if (readings.length === 0) context.finish(exitCodes.usage)
    })
}

function explain(text: string): Pick<Explained, 'readings' | 'misfits'> {
  try {
    const { readings, misfits } = readingsOf(text)
    return { readings: readings.map(explainReading), misfits }
  } catch (error) {
    throw error instanceof CardError ? new CliError(exitCodes.usage, error.message) : error
  }
}

/** What a number can mean is worth knowing without a gateway, too: then the exit code says that it is half the answer. */
async function askUses(
  context: Context,
  options: CallOptions,
  readings: readonly CardReading[],
): Promise<readonly CardUse[] | null> {
  try {
    let uses: readonly CardUse[] = []
    await withClient(context, options, async (client) => {
      const answer = await client.post(
        '/v1/cards/uses',
        { cards: readings.map(({ card }) => card) },
        z.object({ uses: z.array(cardUse) }),
      )
      uses = answer.uses
    })
    return uses
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    context.terminal.err(`error: who has the card is not known: ${error.message}\n`)
    context.finish(error.exitCode)
    return null
  }
}

/** So many are shown one below the other; more of them as a table. */
const blocksMax = 3

function formatExplained({ readings, misfits, uses }: Explained, colours: boolean): string {
  const ruledOut = misfits.map(({ format, why }) => `Not ${plain(format)}: ${plain(why)}.\n`).join('')
  if (readings.length === 0) return `This number is no card of a format that is known here.\n${ruledOut}`
  if (readings.length <= blocksMax) {
    const blocks = readings.map((reading) => formatReading(reading, uses, colours)).join('\n')
    const head = readings.length === 1 ? '' : `${askWhich(readings.length)}\n`
    return `${head}${ruledOut}${blocks}`
  }
  // Whatever somebody here has is most likely what was meant.
  const isHeld = (reading: CardReading) => Number(usesOf(reading, uses ?? []).length > 0)
  const sorted = readings.toSorted((one, other) => isHeld(other) - isHeld(one))
  const entries = sorted.map((reading) => formatEntry(reading, uses, colours)).join('')
  const more = `More about one of these (reversed bytes, parity, types of badges):\n  gatehouse card explain ${plain(sorted[0]?.card ?? '')}\n`
  return `${askWhich(readings.length)}${ruledOut}\n${entries}\n${more}`
}

function formatEntry(reading: CardReading, uses: Explained['uses'], colours: boolean): string {
  const { card, how, hex, biostar2, aeos } = reading
  const forms = [
    `hex ${hex}`,
    ...(biostar2.asRead === null ? [] : [`BioStar 2 ${biostar2.asRead}`]),
    ...(aeos.badges[0] === undefined ? [] : [`AEOS ${aeos.badges[0]}`]),
  ]
  const here = uses === null ? [] : usesOf(reading, uses).map(oneUse)
  const lines = [`if it is ${how.join('; or ')}`, forms.join(', '), ...here]
  return `${paint('bold', plain(card), colours)}\n${lines.map((line) => `${wrapped(line, '    ')}\n`).join('')}`
}

function askWhich(count: number): string {
  return `This number can be ${counted(count, 'card')}: ask which format the site has.\n`
}

function formatReading(reading: CardReading, uses: Explained['uses'], colours: boolean): string {
  const { how, facility, number, bits, hex, osdp, unguarded, sameBits, warnings } = reading
  const lines: (readonly [string, string])[] = [
    ['if it is', how.join('; or ')],
    ['number', facility === null ? number : `${number}, facility ${facility}`],
    ['bits', `${bits}: ${hex} in hex, ${osdp} from the left (OSDP)`],
    ['misread', misread(bits, unguarded)],
    ...(sameBits.length === 0 ? [] : [['same bits', `${sameBits.join(', ')}: a reader can not tell which`] as const]),
    ['BioStar 2', biostarText(reading)],
    ['AEOS', aeosText(reading)],
    ...warnings.map((warning) => ['warning', warning] as const),
    ...(uses === null ? [] : usesOrNone(reading, uses).map((use) => ['in use', use] as const)),
  ]
  const indent = ' '.repeat(13)
  const text = lines.map(([name, value]) => `  ${name}`.padEnd(indent.length) + wrapped(value, indent).trimStart())
  return `${paint('bold', plain(reading.card), colours)}\n${text.join('\n')}\n`
}

function misread(bits: number, unguarded: number): string {
  if (unguarded === 0) return 'one flipped bit is always noticed'
  return unguarded === bits
    ? 'no parity: one flipped bit makes another card'
    : `one flipped bit of ${unguarded} makes another card`
}

function biostarText({ biostar2: { asRead, reversed, wiegandFormat }, format }: CardReading): string {
  if (wiegandFormat !== null) return `card_id ${asRead}, Wiegand format ${wiegandFormat}`
  if (format !== 'CSN') return 'has no such format, unless one is set up there'
  const said = (number: string | null) => number ?? 'can not keep it'
  return `card_id ${said(asRead)} as read, ${said(reversed)} with bytes reversed`
}

function aeosText({ aeos: { identifierType, badges } }: CardReading): string {
  const numbers = badges.length === 0 ? 'too long for a badge number' : `badge number ${badges.join(' or ')}`
  return `${numbers}, of an identifier type for ${identifierType}`
}

function usesOrNone(reading: CardReading, uses: readonly CardUse[]): readonly string[] {
  const here = usesOf(reading, uses)
  return here.length === 0 ? ['nobody has it, or has had it'] : here.map(oneUse)
}

function usesOf({ card }: Pick<CardReading, 'card'>, uses: readonly CardUse[]): readonly CardUse[] {
  return uses.filter(({ asked }) => asked === card)
}

function oneUse({ asked, card, person, state, waits, accounts }: CardUse): string {
  const where = accounts.map(({ target, actual }) => `${target} ${actual ?? 'not there'}`)
  const held = card === null || card === asked ? '' : ` as ${card}`
  return `person ${person}: ${[`${state}${held}`, ...(waits ? ['waits'] : []), ...where].join(', ')}`
}
