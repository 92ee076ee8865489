/** What a reader can try while the demo's site keeps running, each as a line to copy. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { usersOf } from './door-system.ts'
import { opens } from './doors.ts'
import { cardNumberOf, userIdOf } from './expectation.ts'
import { deltaOf, type Story } from './story.ts'
import { leavers } from './workforce/changes.ts'
import { everybody } from './workforce/gateway-config.ts'
import { knownValues } from './workforce/known-values.ts'
import type { WorkerRow } from './workforce/worker-row.ts'

export async function whatNext(story: Story): Promise<void> {
  const { house, narrator } = story
  const row = somebody(story)
  const leaving = leavers(story.workforce, [row.personId], { how: 'terminated-now' })
  const file = join(house.directory, 'somebody-leaves.csv')
  await writeFile(file, deltaOf(leaving.workforce, [row.personId]), { mode: 0o600 })

  narrator.scene('Now it is yours', '')
  narrator.say(
    `The gateway and the simulated door system keep running until you press Ctrl-C; then everything is removed. In another terminal, in this folder:`,
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
    "# hold this person's card to a reader, have HR say that they left, and try again",
    swipe(story, row),
    `mv ${file} ${join(house.folder, 'changes-by-you.csv')} && sleep 2`,
    swipe(story, row),
    '',
    '# the door system goes away for 30 seconds; somebody is locked out meanwhile, and is out when it is back',
    `curl -s ${house.simulator.sideDoorUrl}/faults -d '{"kind":"down","forMs":30000}'`,
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
    ["Simulator's side door", house.simulator.sideDoorUrl],
  ] as const
  for (const [name, value] of rows) narrator.line(`${name.padEnd(22)} ${value}`)
}

function swipe({ house }: Story, row: WorkerRow): string {
  const body = JSON.stringify({ card_id: cardNumberOf(row), door: everybody })
  return `curl -s ${house.simulator.sideDoorUrl}/swipe -d '${body}' | cut -d, -f1`
}

/** Somebody whose card opens the door now; none of those whose values the stores were searched for. */
function somebody({ house, workforce, beginning }: Story): WorkerRow {
  const searched = new Set(knownValues(beginning, Math.min(40, beginning.rows.length)).map(({ personId }) => personId))
  const trapped = new Set(Object.values(workforce.traps).flat())
  const users = usersOf(house.simulator)
  const row = workforce.rows.find(
    (candidate) =>
      !searched.has(candidate.personId) &&
      !trapped.has(candidate.personId) &&
      users.has(userIdOf(candidate)) &&
      opens(house.simulator, candidate, everybody),
  )
  if (row === undefined) throw new Error('nobody is left whose card opens a door')
  return row
}
