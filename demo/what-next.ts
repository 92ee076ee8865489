/** What a reader can try while the demo's site keeps running, each as a line to copy. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DoorSystem } from './door-system.ts'
import { opens } from './doors.ts'
import { cardNumberOf, userIdOf } from './expectation.ts'
import { deltaOf, type Story } from './story.ts'
import { leavers } from './workforce/changes.ts'
import { everybody } from './workforce/gateway-config.ts'
import { knownValues } from './workforce/known-values.ts'
import type { WorkerRow } from './workforce/worker-row.ts'

export async function whatNext(story: Story): Promise<void> {
  const { house, narrator } = story
  const { systems } = house
  const [first] = systems
  const row = somebody(story)
  const leaving = leavers(story.workforce, [row.personId], { how: 'terminated-now' })
  const file = join(house.directory, 'somebody-leaves.csv')
  await writeFile(file, deltaOf(leaving.workforce, [row.personId]), { mode: 0o600 })

  narrator.scene('Now it is yours', '')
  narrator.say(
    `The gateway and the two simulated door systems keep running until you press Ctrl-C; then everything is removed. In another terminal, in this folder:`,
  )
  const lines = [
    '',
    `export GATEHOUSE_URL=${house.url} GATEHOUSE_DATA=${house.dataPath}`,
    'bin/gatehouse status                           # everything on one screen',
    'bin/gatehouse plan list                        # what was planned, held and released',
    `bin/gatehouse person show ${userIdOf(row)}            # somebody made up, with all accounts`,
    `bin/gatehouse person explain ${userIdOf(row)}         # why they may open what they may open`,
    'bin/gatehouse audit verify                     # is the trail whole?',
    '',
    "# hold this person's card to a reader of each building, have HR say that they left, and try again",
    ...systems.map((system) => swipe(system, row)),
    `mv ${file} ${join(house.folder, 'changes-by-you.csv')} && sleep 2`,
    ...systems.map((system) => swipe(system, row)),
    '',
    `# ${first?.name} goes away for 30 seconds; somebody is locked out meanwhile, and is out there when it is back`,
    `curl -s ${first?.sideDoorUrl}/faults -d '{"kind":"down","forMs":30000}'`,
    `bin/gatehouse person lock ${userIdOf(row)} --reason "seen in two places at once"`,
    'sleep 10; bin/gatehouse status',
  ]
  for (const line of lines) narrator.line(line)
  narrator.line('')
  const rows = [
    [house.one.name, `admin, token in ${house.one.tokenPath}`],
    [house.two.name, `operator, token in ${house.two.tokenPath}`],
    ['Configuration', house.config],
    ['HR drops files into', house.folder],
    ...systems.map(({ name, sideDoorUrl }) => [`Side door of ${name}`, sideDoorUrl]),
  ]
  for (const [name = '', value = ''] of rows) narrator.line(`${name.padEnd(24)} ${value}`)
}

function swipe({ sideDoorUrl, swipeCall }: DoorSystem, row: WorkerRow): string {
  const { path, body } = swipeCall(cardNumberOf(row), everybody)
  return `curl -s ${sideDoorUrl}${path} -d '${JSON.stringify(body)}' | cut -d, -f1`
}

/** Somebody whose card opens the door of each building now; none of those whose values the stores were searched for. */
function somebody({ house, workforce, beginning }: Story): WorkerRow {
  const searched = new Set(knownValues(beginning, Math.min(40, beginning.rows.length)).map(({ personId }) => personId))
  const trapped = new Set(Object.values(workforce.traps).flat())
  const row = workforce.rows.find(
    (candidate) =>
      !searched.has(candidate.personId) &&
      !trapped.has(candidate.personId) &&
      house.systems.every((system) => opens(system, candidate, everybody)),
  )
  if (row === undefined) throw new Error('nobody is left whose card opens a door')
  return row
}
