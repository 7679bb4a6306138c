/** A sentence that names the tenant. It never ends with the name, which may end with a full stop itself. */
export type NamingText = (tenant: string) => string

/** Why a code is mailed: its user asked for it, the help desk made it, or it enrols its user. */
export type CodeOccasion = 'asked' | 'issued' | 'enrolment'

/** What a user is told about their codes, apart from the codes themselves. */
export type NoticeSubject =
  | 'redeemed'
  | 'voided'
  | 'enrolmentVoided'
  | 'locked'
  | 'shown'
  | 'sentElsewhere'
  | 'enrolmentShown'
  | 'enrolmentSentElsewhere'

type Opening = { subject: NamingText; intro: NamingText }

/** What mails say, in one language. */
export type MailTexts = {
  /** The direction in which the language is written. */
  dir: 'ltr' | 'rtl'
  codes: Record<CodeOccasion, Opening & { closing: string }>
  /** How long a code is good for: `duration` is in words of the language, such as "10 minutes". */
  expiry: (duration: string) => string
  /** What the button does, as a verb phrase: it leads to the page where a code is entered. */
  button: string
  /** Above the page's address, for those who see no button. */
  enterHere: string
  /** Above the page's address, for those whose button does nothing. */
  noButton: string
  noAccount: Opening
  notices: Record<NoticeSubject, Opening>
}
