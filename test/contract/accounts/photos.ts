/** A picture is put, replaced and taken away alone, shown to whoever asks for it by its digest, and no lock-out has to do with it. */
import { hash } from 'node:crypto'
import { expect } from 'vitest'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson } from '../made-up.ts'
import type { Target } from '../target.ts'

const person = madeUpPerson(1)

/** A JPEG by its first bytes. */
const picture = (of: string) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(of)])
const [first, second] = [picture('first'), picture('second')]
const sha256 = (bytes: Buffer) => hash('sha256', bytes, 'hex')

const shown = async (target: Target) => (await target.read(person, { photo: true }))?.photo
const inside = (target: Target) => target.inside(person)?.photos.map((photo) => Buffer.from(photo, 'base64'))

export function photos(test: AccountsTest): void {
  test('the picture of a new account and of one that is there is shown by its digest', async (target) => {
    expect(target.accounts.takesPhotos).toBe(true)
    expect(await target.put(person, { photo: first })).toMatchObject({ lock: 'applied', photo: 'applied' })
    expect([await shown(target), inside(target)]).toEqual([sha256(first), [first]])
    expect(await target.put(person, { photo: second })).toMatchObject({ lock: 'unchanged', photo: 'applied' })
    expect([await shown(target), inside(target)]).toEqual([sha256(second), [second]])
  })

  test('one that is ordered again is there once', async (target) => {
    for (let times = 0; times < 3; times += 1) await target.put(person, { photo: first })
    expect(inside(target)).toEqual([first])
  })

  test('none is taken away, and what is not ordered stays', async (target) => {
    await target.put(person, { photo: first })
    expect(await target.put(person)).not.toHaveProperty('photo')
    expect(inside(target)).toEqual([first])
    await target.put(person, { photo: null })
    expect([await shown(target), inside(target)]).toEqual([null, []])
    await target.put(person, { photo: null })
    expect(inside(target)).toEqual([])
  })

  test('nobody is told of it who does not ask, by a read as by a list', async (target) => {
    await target.put(person, { photo: first })
    expect(await target.read(person)).not.toHaveProperty('photo')
    const listed = (await Array.fromAsync(target.accounts.list(new AbortController().signal))).flat()
    for (const account of listed) expect(account).not.toHaveProperty('photo')
  })

  test('a lock-out neither asks for it nor touches it', async (target) => {
    await target.put(person, { photo: first })
    const known = await target.read(person)
    target.simulator.photosAsked()
    await target.lock(person, known)
    await target.read(person)
    expect([target.simulator.photosAsked(), inside(target)]).toEqual([0, [first]])
  })

  test('where the system makes a file of its own of it, that one is shown', async (target) => {
    target.simulator.remakePhotos()
    await target.put(person, { photo: first })
    const photo = await shown(target)
    expect(photo).toMatch(/^[0-9a-f]{64}$/)
    expect([photo === sha256(first), inside(target)?.length]).toEqual([false, 1])
    await target.put(person, { photo: second })
    expect(inside(target)).toHaveLength(1)
    expect(await shown(target)).not.toBe(photo)
  })
}
