/** Tells each failure as it comes, so that nobody has to wait for the rest. */
export default class FailuresReporter {
  onTestCaseResult(_test, { status, fullName }) {
    if (status === 'failed') console.log(`failed: ${fullName}`);
  }

  onTestFileResult({ path }, { testExecError }) {
    // A suite that cannot even be loaded proves nothing.
    if (testExecError)
      console.log(`broken: ${path}: ${String(testExecError.message).split('\n')[0]}`);
  }

  onRunComplete(_contexts, { numPassedTests }) {
    console.log(`passed: ${numPassedTests}`);
  }
}
