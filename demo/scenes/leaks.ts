/** The stores, the logs and all that was printed are searched byte by byte for values of people that are known: none may be there. */
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { figure } from '../claims.ts'
import { userIdOf } from '../expectation.ts'
import type { House } from '../house.ts'
import type { Sought } from '../leaks/forms.ts'
import { knownTimes } from '../leaks/known-times.ts'
import { memory, type Place, redis, tree } from '../leaks/places.ts'
import { isWritten } from '../leaks/sealed-files.ts'
import { type Searched, searchPlace } from '../leaks/search.ts'
import { doorNamed, doorNames, sealedNames } from '../site.ts'
import { type Story, until } from '../story.ts'
import { type KnownValue, knownValues } from '../workforce/known-values.ts'
import { openedFiles } from './opened-files.ts'

const count = 40
/** Of so many people, when they were at a door is known as well. */
const timesCount = 20

/** `printed`: all that this process has written to standard output and error. */
export async function leaks(story: Story, printed: readonly Uint8Array[]): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.scene('A thief takes the stores', 'leak search')
  const ofPeople = knownValues(story.beginning, Math.min(count, story.beginning.rows.length))
  const times = await timesOf(story, ofPeople)
  const known = [...ofPeople, ...ofDoors(story), ...times]
  narrator.say(
    `All that a thief could carry off is searched for ${known.length} values that we know: family names, mail addresses, employee numbers, cards, names of doors, the door system's own names of events, when somebody was at a door, and when payroll says that they came; as UTF-8 and UTF-16, in hex and in base64. In each place a made-up value is planted first, which the same search must find.`,
  )
  for (const subscription of Object.values(sealedNames))
    await until(story, 'the files to hold all that happened', () => isWritten(house, subscription))
  // 128 bits of chance: nowhere but where it was put.
  const canary = `Planted-${randomBytes(16).toString('hex')}`
  const searched: Searched[] = []
  const search = async (place: Place, plant: Plant): Promise<void> => {
    await using _ = await plant(canary)
    narrator.progress(`searching ${place.name}`)
    const result = await searchPlace(place, known, canary)
    searched.push(result)
    narrator.line(`${place.name.padEnd(40)} ${figure(Math.ceil(result.bytes / 1e3)).padStart(9)} KB`)
  }
  await search(tree("PostgreSQL's data and write-ahead log", house.storePath), inTable(house))
  await search(tree("Gatehouse's folder: keys and tokens", house.dataPath, house.storePath), inFile(house.dataPath))
  await search(
    memory("Gatehouse's log, from debug up", () => [...house.log, canary]),
    already,
  )
  await search(
    memory('all that this demo printed', () => [...printed, Buffer.from(canary)]),
    already,
  )
  await search(tree('sealed files: who came, and who worked', house.archive), inFile(house.archive))
  const { redisUrl } = house
  if (redisUrl !== undefined) await search(redis('Redis: every key and value', redisUrl), inRedis(redisUrl))

  const found = searched.flatMap(({ place, leaks: names }) => names.map((name) => `${name} in ${place}`))
  for (const leak of found) narrator.say(`Found: ${leak}.`)
  claims.exactly(
    `values found, of ${known.length} known of people, doors, events and punches`,
    found.length,
    0,
    'values',
  )
  claims.exactly(
    'places in which the search found what was planted',
    searched.filter(({ foundPlanted }) => foundPlanted).length,
    searched.length,
    'places',
  )
  const bytes = searched.reduce((sum, result) => sum + result.bytes, 0)
  narrator.say(`${figure(bytes / 1e6)} MB were read.`)
  await openedFiles(story, { ofPeople, times, ofDoors: doorNames.map(ofDoor) }, canary)
}

/** When those of them were at a door who come first. */
function timesOf({ house, beginning }: Story, ofPeople: readonly KnownValue[]): Promise<readonly Sought[]> {
  const people = ofPeople.slice(0, timesCount).map(({ personId }) => {
    const row = beginning.rows.find((each) => each.personId === personId)
    if (row === undefined) throw new RangeError('a known value of nobody')
    return { personId, number: userIdOf(row) }
  })
  return knownTimes(house, people)
}

/** Doors by name, and some of the events that were read, by the name that the door system gave each. */
function ofDoors({ house }: Story): Sought[] {
  const keys = house.systems.flatMap((system) => system.eventKeys())
  const some = keys.filter((_, at) => at % Math.ceil(keys.length / count) === 0)
  return [...doorNames.map(ofDoor), ...some.map((value) => ({ kind: 'event' as const, personId: 'somebody', value }))]
}

function ofDoor(name: string): Sought {
  return { kind: 'door', personId: `level ${doorNames.indexOf(name) + 1}`, value: doorNamed(name) }
}

/** Puts the canary into a place, until disposed of. */
type Plant = (canary: string) => Promise<AsyncDisposable>

/** Through PostgreSQL itself: found only if the search reads what the server really wrote. */
function inTable({ store }: House): Plant {
  return async (canary) => {
    await store.query('create table public.canary (value text not null)')
    await store.query('insert into public.canary values ($1)', [canary])
    // Everything from memory into the files that are searched.
    await store.query('checkpoint')
    return {
      async [Symbol.asyncDispose]() {
        await store.query('drop table public.canary')
      },
    }
  }
}

function inFile(folder: string): Plant {
  return async (canary) => {
    const path = join(folder, 'planted')
    await writeFile(path, canary)
    return { [Symbol.asyncDispose]: () => rm(path) }
  }
}

function inRedis(url: string): Plant {
  return async (canary) => {
    const client = new Redis(url, { maxRetriesPerRequest: 1 })
    client.on('error', () => undefined)
    const key = `gatehouse-demo-${process.pid}`
    await client.hset(key, 'planted', canary)
    return {
      async [Symbol.asyncDispose]() {
        await client.del(key)
        client.disconnect()
      },
    }
  }
}

/** What lies in memory is given the canary where it is read. */
const already: Plant = async () => ({ [Symbol.asyncDispose]: async () => undefined })
