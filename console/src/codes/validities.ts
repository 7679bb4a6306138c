/** How long a code may live, in minutes; by default as long as the policy says. */
export const VALIDITIES = [
  ['', 'As long as usual'],
  ['10', '10 minutes'],
  ['30', '30 minutes'],
  ['60', '1 hour'],
  ['480', '8 hours'],
  ['1440', '24 hours'],
] as const
