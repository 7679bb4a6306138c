/** One thing that the gate holds the repository to. */
export type Step = {
  name: string
  run(): Promise<StepResult>
}

export type StepResult = {
  passed: number
  failed: number
  /** Tests that this machine cannot run. */
  skipped?: number
  /** What to read where it failed, or what was measured. */
  report: string
}

/** The result of a step that counts as one. */
export function oneResult(isPassed: boolean, report: string): StepResult {
  return { passed: isPassed ? 1 : 0, failed: isPassed ? 0 : 1, report }
}
