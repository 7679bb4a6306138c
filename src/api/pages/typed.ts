/** Digits and letters as keyboards of other scripts make them. Spaces and hyphens are the code's to drop. */
export function asTyped(code: string): string {
  return code
    .normalize('NFKC')
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf))
    .trim()
}
