/** Prints `N passed, N failed` (and `, N skipped` if any were) from the JSON report of the tests: one line for whoever reads only the last. */
import { readFileSync } from 'node:fs'
import process from 'node:process'

const path = process.argv[2] ?? 'coverage/tests.json'
const report = JSON.parse(readFileSync(path, 'utf8'))
const passed = report.numPassedTests
const skipped = report.numPendingTests + report.numTodoTests

// A file that could not be loaded has no tests to count, and an error outside of all tests belongs to none.
const unloaded = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length
const counted = report.numFailedTests + unloaded
const failed = counted === 0 && !report.success ? 1 : counted

process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
process.exitCode = failed > 0 ? 1 : 0
