/** The sealed files that subscriptions write: what is in the folder, and what they hold once somebody who may has them opened. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SubscriptionView } from '../../src/api/acts/subscriptions.ts'
import type { House } from '../house.ts'

export interface OpenedFiles {
  readonly names: readonly string[]
  /** Of the sealed files on disk. */
  readonly bytes: number
  /** In clear, one for each file. */
  readonly texts: readonly string[]
  /** Of each event, or punch, that is in them: its source and its number there. */
  readonly entries: readonly string[]
}

/** Whether all that was kept is in the files of this subscription, or was not for it. */
export async function isWritten({ call }: House, subscription: string): Promise<boolean> {
  return (await call<SubscriptionView>(`/v1/subscriptions/${subscription}`)).waiting === 0
}

/** Opened by Gatehouse, with its keys. @throws RefusedCall for a file that is no sealed one of this subscription, or not whole. */
export async function openFiles({ archive, read }: House, subscription: string): Promise<OpenedFiles> {
  const names = (await readdir(archive)).filter((name) => name.startsWith(`${subscription}-`))
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(archive, name))).size))
  const texts: string[] = []
  for (const name of names)
    texts.push(
      await read(`/v1/subscriptions/${subscription}/files/${name}/open`, {
        reason: 'is everything in it, and sealed?',
      }),
    )
  return {
    names,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    texts,
    entries: texts.flatMap((text) => text.split('\n').flatMap(entryIn)),
  }
}

function entryIn(line: string): string[] {
  if (line === '') return []
  const { source, sequence } = JSON.parse(line) as { readonly source?: string; readonly sequence?: string }
  // The total at the end of a day that is over is neither.
  return source === undefined ? [] : [`${source} ${sequence}`]
}
