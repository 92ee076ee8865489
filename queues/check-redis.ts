/** Looks at a Redis before a gateway trusts it with wake-ups, and says in words what is wrong; never repeats the password. */
import { Redis } from 'ioredis'
import { failureCode, within } from './failure.ts'

export interface RedisFacts {
  /** Scheme, host and port; never user, password or query. */
  readonly address: string
  readonly tls: boolean
  /** Whether the URL carries a password. */
  readonly password: boolean
  /** `redis`, or `valkey` where the server says so. */
  readonly server?: string
  readonly version?: string
  readonly evictionPolicy?: string
  /** 0: no limit is set. */
  readonly memoryMaxBytes?: number
  readonly role?: string
  readonly roundTripMs?: number
}

export interface RedisCheck {
  /** Each is a reason not to start. */
  readonly problems: string[]
  /** Each is worth an operator's thought. */
  readonly hints: string[]
  readonly facts: RedisFacts
}

/** BullMQ recommends it, and XTRIM MINID needs it (https://redis.io/docs/latest/commands/xtrim/). */
const versionMin = [6, 2] as const

const meaning: Partial<Record<string, string>> = {
  'queue.store-unreachable': 'it does not answer; check address, port, firewall and, for rediss:, its certificate',
  'queue.store-refused':
    'it refuses the login or a command; check user and password, and allow the user ~gatehouse:* with +@all -@admin +info',
  'queue.store-full': 'it takes no more connections or writes',
  'queue.store-failed': 'it answered with an error; is it a Redis at all?',
}

/** Takes 5 s at most. Rejects never: whatever fails is a problem in the answer. */
export async function checkRedis(redisUrl: string): Promise<RedisCheck> {
  const problems: string[] = []
  const hints: string[] = []
  const url = URL.canParse(redisUrl) ? new URL(redisUrl) : undefined
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    problems.push('REDIS_URL is not a redis://host:port or rediss://host:port address')
    return { problems, hints, facts: { address: 'unreadable', tls: false, password: false } }
  }
  const address = `${url.protocol}//${url.hostname}:${url.port === '' ? '6379' : url.port}`
  const facts: RedisFacts = { address, tls: url.protocol === 'rediss:', password: url.password !== '' }
  adviseOnAddress(facts, url.hostname, hints)

  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 3_000,
    retryStrategy: () => null,
  })
  // A failed connect tells its cause only here; the promise then says "Connection is closed".
  let cause: unknown
  redis.on('error', (error) => {
    cause ??= error
  })
  try {
    await within(5_000, redis.connect())
    const asked = performance.now()
    const info = parseInfo(await within(2_000, redis.info()))
    const measured: RedisFacts = {
      ...facts,
      ...factsOf(info),
      roundTripMs: Math.round((performance.now() - asked) * 10) / 10,
    }
    judge(measured, info, problems, hints)
    return { problems, hints, facts: measured }
  } catch (error) {
    problems.push(`Redis at ${address}: ${meaning[failureCode(cause ?? error)] ?? 'it could not be asked'}`)
    return { problems, hints, facts }
  } finally {
    redis.disconnect()
  }
}

function adviseOnAddress(facts: RedisFacts, host: string, hints: string[]): void {
  const local = host === 'localhost' || host === '[::1]' || host.startsWith('127.')
  if (!facts.tls && !local)
    hints.push(`${facts.address} is not encrypted: whoever is on the line reads the password. Use rediss:`)
  if (!facts.password) {
    hints.push(
      'no password is set. Give the gateway a user of its own: ACL SETUSER gatehouse on ><password> ~gatehouse:* +@all -@admin +info',
    )
  }
}

function judge(facts: RedisFacts, info: ReadonlyMap<string, string>, problems: string[], hints: string[]): void {
  const [major = 0, minor = 0] = (facts.version ?? '').split('.').map(Number)
  if (major < versionMin[0] || (major === versionMin[0] && minor < versionMin[1])) {
    problems.push(`Redis ${facts.version ?? 'of unknown version'} is too old: ${versionMin.join('.')} is needed`)
  }
  if (facts.evictionPolicy !== 'noeviction') {
    problems.push(
      `maxmemory-policy is ${facts.evictionPolicy ?? 'unknown'}: Redis would drop wake-ups without a word. Set it to noeviction`,
    )
  }
  if (facts.role !== undefined && facts.role !== 'master')
    problems.push('this Redis is a replica and takes no writes; name its primary')
  if (info.get('cluster_enabled') === '1')
    problems.push('this Redis is a cluster node; wake-ups need a single Redis (or Sentinel behind one address)')
  if (info.get('loading') === '1') hints.push('Redis is still loading its data')
}

function factsOf(info: ReadonlyMap<string, string>): Partial<RedisFacts> {
  const valkey = info.get('valkey_version')
  const version = valkey ?? info.get('redis_version')
  const evictionPolicy = info.get('maxmemory_policy')
  const role = info.get('role')
  const memoryMax = info.get('maxmemory')
  return {
    server: valkey === undefined ? 'redis' : 'valkey',
    ...(version === undefined ? {} : { version }),
    ...(evictionPolicy === undefined ? {} : { evictionPolicy }),
    ...(role === undefined ? {} : { role }),
    ...(memoryMax === undefined ? {} : { memoryMaxBytes: Number(memoryMax) }),
  }
}

/** INFO is lines of `field:value` under headings (https://redis.io/docs/latest/commands/info/). */
function parseInfo(text: string): ReadonlyMap<string, string> {
  const info = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0 && !line.startsWith('#')) info.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return info
}
