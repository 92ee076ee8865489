/** How the tests run: every file in a process of its own, and what must be covered. */
import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Whole campaigns, which `npm run chaos` plays, have a process each. Tenths of them share one. */
const otherCampaigns = process.env.GATEHOUSE_CHAOS === 'whole' ? 'test/chaos/tenths.test.ts' : 'test/chaos/whole/**'

/** Campaigns and histories take minutes: begun last, they would run alone while the other process has nothing to do. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => /\/test\/chaos\/|\/histories\.prop\./.test(moduleId)
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    include: ['{src,connectors,queues,config,demo,bench,test}/**/*.test.ts'],
    exclude: [...configDefaults.exclude, otherCampaigns],
    // Processes, not threads: tests start servers, send signals and change their working directory.
    pool: 'forks',
    globalSetup: 'test/support/run-folder.ts',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The JSON is what scripts/closing-line.mjs counts.
    reporters: ['default', 'json'],
    outputFile: { json: 'coverage/tests.json' },
    coverage: {
      provider: 'v8',
      include: ['src/{vault,sync,audit}/**/*.ts'],
      exclude: ['**/*.{test,fixture}.ts', '**/test-*.ts', '**/testing.ts'],
      reporter: [['text', { skipFull: true }], 'json', 'html'],
      // What decides who gets in, and what proves it: an untested branch there is a door that nobody tried.
      thresholds: {
        'src/vault/**': { branches: 95 },
        'src/audit/**': { branches: 95 },
        'src/sync/**': { branches: 95 },
      },
    },
  },
})
