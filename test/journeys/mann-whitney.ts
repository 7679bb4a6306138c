/**
 * Two-sided p of the Mann-Whitney U test: how likely two samples of one distribution differ as much in
 * rank. Normal approximation with correction for ties and continuity, good from some 20 values each.
 */
export function mannWhitneyP(a: readonly number[], b: readonly number[]): number {
  const values = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))]
  values.sort((x, y) => x.value - y.value)
  let rankSum = 0
  let ties = 0
  for (let start = 0; start < values.length;) {
    let end = start
    while (values[end]?.value === values[start]?.value && end < values.length) end += 1
    const count = end - start
    // Equal values share the mean of their ranks, which count from 1.
    rankSum += values.slice(start, end).filter(({ isA }) => isA).length * ((start + 1 + end) / 2)
    ties += count ** 3 - count
    start = end
  }
  const n = values.length
  const u = rankSum - (a.length * (a.length + 1)) / 2
  const mean = (a.length * b.length) / 2
  const deviation = Math.sqrt(((a.length * b.length) / 12) * (n + 1 - ties / (n * (n - 1))))
  return Math.min(1, 2 * upperTail((Math.abs(u - mean) - 0.5) / deviation))
}

/** Probability that a standard normal value is over z (Abramowitz and Stegun 26.2.17, error under 7.5e-8). */
function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z)
  const t = 1 / (1 + 0.2316419 * z)
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial
}
