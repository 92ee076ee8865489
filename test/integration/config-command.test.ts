/** `gatehouse config` as an operator has it: what was edited and would follow on one screen, and a decision that is bound to what was shown. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { pageOf } from '../../src/api/route.ts'
import { configView, decidedConfig } from '../../src/api/schemas/configuration.ts'
import { planView } from '../../src/api/schemas/plans.ts'
import { countedProposal } from '../support/configuration.ts'
import { type Finished, runInProcess } from '../support/gateway-process.ts'
import { firstImport, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite } from '../support/site.ts'

const because = ['--reason', 'checked by phone']

test('an edit of the configuration is shown with what it would change, listed as a plan, refused by name, and released', {
  timeout: 60_000,
}, async () => {
  await using site = await openSite()
  const gateway = await site.start()
  await firstImport(site, gateway, workers(4))
  const cliAs = (token: string, ...args: readonly string[]): Promise<Finished> =>
    runInProcess(args, { GATEHOUSE_URL: gateway.url, GATEHOUSE_TOKEN: token })
  const cli = (...args: readonly string[]) => cliAs(site.token, ...args)
  /** What a person sees: it ended well, and no line overflows. */
  const table = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli(...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([])
    return stdout
  }
  const asJson = async <Schema extends z.ZodType>(schema: Schema, ...args: readonly string[]) =>
    schema.parse(JSON.parse((await cli(...args, '--json')).stdout))
  const refused = async (code: number, words: RegExp, finished: Promise<Finished>): Promise<void> => {
    expect(await finished).toEqual({ code, stdout: '', stderr: expect.stringMatching(words) })
  }

  expect(await table('config', 'show')).toMatch(
    /^In force: version 1 \([0-9a-f]{12}\), released \S+ \S+ as the first one, by itself\nNothing else is proposed\.\n$/,
  )
  expect(await table('config', 'propose')).toBe('the file says what is in force\n')
  await site.configure(({ policy }) => {
    policy[0]?.grant.push('hq/Legal doors')
    for (const rule of policy.slice(1)) rule.to = rule.to.replace('"Research"', '"Reserch"')
  })
  expect(await table('config', 'propose')).toBe('proposed; see: gatehouse config show\n')
  const { digest, version } = await countedProposal(gateway, site.token)
  const screen = await table('config', 'show')
  expect(screen).toContain('policy[0].grant[1]\n  + "hq/Legal doors"\n')
  expect(screen).toMatch(/^grant +hq +\d+$/m)
  expect(screen.replaceAll('\n', ' ')).toMatch(
    /Note: nobody who is known now is given anything by policy\[[^:]*\(hq\/Research doors\)[^:]*: where somebody should/,
  )
  expect(screen).toContain(`  gatehouse config release ${digest.slice(0, 12)} --reason "..."\n`)
  const { proposed } = await asJson(configView, 'config', 'show')
  const plans = await asJson(pageOf(planView), 'plan', 'list', '--state', 'held')
  const plan = plans.rows.find(({ origin }) => origin === 'configuration')
  expect(plan).toMatchObject({ hash: digest, total: proposed?.effect?.accounts })
  expect(await table('plan', 'show', plan?.id ?? '')).toContain('gatehouse config show')
  await refused(3, /\[plan\.is-configuration\]/, cli('plan', 'release', plan?.id ?? '', ...because))
  const { stdout: bystander } = await cli('token', 'create', '--name', 'Test Bystander', '--role', 'operator')
  await refused(3, /needs the role admin/, cliAs(bystander.trim(), 'config', 'release', digest, ...because))
  await refused(3, /\[config\.not-proposed\]/, cli('config', 'release', '0123456789ab', ...because))
  await refused(2, /digest/, cli('config', 'release', 'latest', ...because))
  expect(await table('config', 'reject', digest.slice(0, 12), ...because)).toBe(`version ${version} rejected\n`)
  await refused(3, /\[config\.not-proposed\]/, cli('config', 'release', digest, ...because))

  await site.configure(({ policy }) => {
    policy[0]?.grant.pop()
    for (const rule of policy.slice(1)) rule.to = rule.to.replace('"Reserch"', '"Research"')
  })
  await site.configure((config) => Object.assign(config, { joiner: { lead: '2d' } }))
  await table('config', 'propose')
  const next = await countedProposal(gateway, site.token)
  expect(await table('config', 'show')).toContain('Nobody known now would gain or lose anything.\n')
  const released = await asJson(
    decidedConfig.extend({ state: z.string() }),
    'config',
    'release',
    next.digest,
    ...because,
  )
  expect(released).toEqual({ version: next.version, state: 'released' })
  await until(
    'it is in force',
    async () => (await asJson(configView, 'config', 'show')).released.version === next.version,
  )
})
