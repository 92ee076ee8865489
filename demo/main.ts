/** `npm run demo`: plays the story from an HR file to a door in plain words, measures its claims, and exits non-zero when one failed. */
import { parseArgs } from 'node:util'
import { captureOutput } from './captured-output.ts'
import { openHouse } from './house.ts'
import { createNarrator, type Narrator } from './narrator.ts'
import { brokenFiles } from './scenes/broken-files.ts'
import { events } from './scenes/events.ts'
import { firstContact } from './scenes/first-contact.ts'
import { joiners } from './scenes/joiners.ts'
import { leaks } from './scenes/leaks.ts'
import { leavers } from './scenes/leavers.ts'
import { movers } from './scenes/movers.ts'
import { oddPerson } from './scenes/odd-person.ts'
import { operatorLock } from './scenes/operator-lock.ts'
import { outage } from './scenes/outage.ts'
import { protectedPerson } from './scenes/protected-person.ts'
import { rollingRestart } from './scenes/rolling-restart.ts'
import { silentSwap } from './scenes/silent-swap.ts'
import { suspectSource } from './scenes/suspect-source.ts'
import { wholeSite } from './scenes/whole-site.ts'
import { doorNames } from './site.ts'
import { beginStory, type Story } from './story.ts'
import { whatNext } from './what-next.ts'

const usage = `npm run demo -- [options]

Plays a story at a company of its own: 2,000 made-up workers, a simulated BioStar 2 at the head office and a simulated
AEOS at the plant, and a real gateway with a real PostgreSQL. It needs nothing installed, talks to this machine only, and leaves nothing behind. With REDIS_URL set,
the gateway uses that Redis.

  --once         play it and end; without it, everything keeps running for you to look around
  --json         print the claims as one line of JSON on standard output, the story on standard error
  --size <n>     people in the first HR export (2000; at least 1000)
  --help         this

Ends with 0 when every claim holds, with 1 when one failed, with 2 when it was called wrongly.
`

const sizeMin = 1000

interface Options {
  readonly once: boolean
  readonly json: boolean
  readonly size: number
}

function optionsOf(): Options {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        size: { type: 'string', default: '2000' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(usage)
      process.exit(0)
    }
    const size = Number(values.size)
    if (!Number.isInteger(size) || size < sizeMin)
      throw new RangeError(`--size needs a whole number, ${sizeMin} or more`)
    return { once: values.once, json: values.json, size }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(2)
  }
}

/** Resolves with the exit code of a shell for the signal that asked us to end. */
function untilSignalled(): Promise<number> {
  return new Promise((resolve) => {
    process.on('SIGINT', () => resolve(130))
    process.on('SIGTERM', () => resolve(143))
  })
}

async function play(story: Story, printed: readonly Uint8Array[]): Promise<void> {
  await joiners(story)
  await movers(story)
  await leavers(story)
  await oddPerson(story)
  await outage(story)
  await brokenFiles(story)
  await operatorLock(story)
  await protectedPerson(story)
  await events(story)
  await silentSwap(story)
  // Companies of their own. Meanwhile Gatehouse may look once more at what it wrote without hearing an answer.
  await suspectSource(story.narrator)
  await firstContact(story.narrator)
  await rollingRestart(story.narrator)
  await wholeSite(story)
  await leaks(story, printed)
}

/** A scene that could not go on is a claim that failed; what was claimed before still counts. */
async function playToItsEnd(story: Story, printed: readonly Uint8Array[]): Promise<void> {
  const { narrator } = story
  let why = ''
  try {
    await play(story, printed)
  } catch (error) {
    why = error instanceof Error ? error.message : String(error)
    narrator.say(`The story broke off: ${why}.`)
  }
  narrator.claims.exactly('times the story broke off', why === '' ? 0 : 1, 0, 'times')
}

async function run(options: Options, narrator: Narrator, printed: readonly Uint8Array[]): Promise<number> {
  const signalled = untilSignalled()
  narrator.say('Gatehouse stands between the systems that know who works here, and those that open the doors.')
  narrator.say(
    `The company of this story has two: at its head office a Suprema BioStar 2, at its plant a Nedap AEOS, both simulated, with ${doorNames.length} doors each. Everybody may enter both buildings, and the doors of their own department.`,
  )
  narrator.say('Gatehouse starts, with a PostgreSQL of its own and fresh keys.')
  // A tenth of all people, or more, leaves in this story within minutes; as a rule that would be a source that has gone mad.
  const opening = openHouse({ lockoutPercent: 30 })
  const ended = await Promise.race([signalled, opening.then(() => null)])
  await using house = await opening
  if (ended !== null) return ended
  const story = beginStory(house, narrator, options.size)
  const interrupted = await Promise.race([signalled, playToItsEnd(story, printed).then(() => null)])
  if (interrupted !== null) {
    narrator.say('Stopping, and removing everything.')
    narrator.mute()
    return interrupted
  }
  const { claims } = narrator
  if (options.json) process.stdout.write(`${JSON.stringify({ claims: claims.all })}\n`)
  else narrator.summary()
  if (!options.once) {
    await whatNext(story)
    await signalled
    narrator.say('Stopping, and removing everything.')
  }
  return claims.failed === 0 ? 0 : 1
}

const options = optionsOf()
const printed = captureOutput()
const narrator = createNarrator(options.json ? process.stderr : process.stdout)
const code = await run(options, narrator, printed).catch((error: unknown) => {
  process.stderr.write(`The demo could not go on: ${error instanceof Error ? error.message : String(error)}\n`)
  return 1
})
// A scene that was interrupted may still wait for something that will not come.
process.exit(code)
