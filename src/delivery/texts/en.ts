import type { MailTexts } from './mail-texts.ts'

export const EN: MailTexts = {
  dir: 'ltr',
  codes: {
    asked: {
      subject: (tenant) => `Your password reset code for ${tenant}`,
      intro: (tenant) =>
        `Someone, hopefully you, asked ${tenant} to reset the password of your account. This is your code:`,
      closing:
        'If this was not you, do nothing: without the code, your password stays as it is. Do not give the code to anyone. We will never ask you for it.',
    },
    issued: {
      subject: (tenant) => `Your password reset code for ${tenant}`,
      intro: (tenant) =>
        `Your help desk at ${tenant} has sent you a code to reset your password. This is your code:`,
      closing:
        'If you did not ask your help desk for this code, tell them. Without the code, your password stays as it is. Do not give the code to anyone. We will never ask you for it.',
    },
    enrolment: {
      subject: (tenant) => `Your enrollment code for ${tenant}`,
      intro: (tenant) =>
        `Your help desk at ${tenant} has sent you a code to set up your sign-in. This is your code:`,
      closing:
        'If you did not expect this code, tell your help desk. Do not give the code to anyone. We will never ask you for it.',
    },
  },
  expiry: (duration) => `The code is valid for ${duration} and can be used once.`,
  button: 'Enter the code',
  enterHere: 'Enter it here:',
  noButton: 'If the button does not work, open this address:',
  noAccount: {
    subject: (tenant) => `No account at ${tenant} for this address`,
    intro: (tenant) =>
      `Someone, hopefully you, asked ${tenant} to reset a password with this e-mail address. There is no account for it. You may have registered with another address. If this was not you, do nothing.`,
  },
  notices: {
    redeemed: {
      subject: (tenant) => `Your password at ${tenant} has been reset`,
      intro: (tenant) =>
        `A password reset code for your account at ${tenant} has just been used. If this was not you, tell your help desk at once.`,
    },
    voided: {
      subject: (tenant) => `Your password reset code for ${tenant} has been canceled`,
      intro: (tenant) =>
        `Your help desk at ${tenant} has canceled the password reset code for your account. If you still need one, ask for a new code.`,
    },
    enrolmentVoided: {
      subject: (tenant) => `Your enrollment code for ${tenant} has been canceled`,
      intro: (tenant) =>
        `Your help desk at ${tenant} has canceled the enrollment code for your account. If you still need one, ask your help desk for a new code.`,
    },
    locked: {
      subject: (tenant) => `Your password reset code for ${tenant} has been locked`,
      intro: (tenant) =>
        `A wrong password reset code was entered too many times for your account at ${tenant}, so the code no longer works. Your password has not changed. If this was not you, tell your help desk.`,
    },
    shown: {
      subject: (tenant) => `A password reset code for your account at ${tenant} was shown to the help desk`,
      intro: (tenant) =>
        `Your help desk at ${tenant} has just created a password reset code for your account. The code was shown to the help desk and not sent to you. If you are not in contact with your help desk about this, tell them at once.`,
    },
    sentElsewhere: {
      subject: (tenant) => `A password reset code for your account at ${tenant} was sent to another address`,
      intro: (tenant) =>
        `Your help desk at ${tenant} has just created a password reset code for your account and sent it to another e-mail address. If you did not ask for this, tell your help desk at once.`,
    },
    enrolmentShown: {
      subject: (tenant) => `An enrollment code for your account at ${tenant} was shown to the help desk`,
      intro: (tenant) =>
        `Your help desk at ${tenant} has just created an enrollment code for your account. The code was shown to the help desk and not sent to you. If you are not in contact with your help desk about this, tell them at once.`,
    },
    enrolmentSentElsewhere: {
      subject: (tenant) => `An enrollment code for your account at ${tenant} was sent to another address`,
      intro: (tenant) =>
        `Your help desk at ${tenant} has just created an enrollment code for your account and sent it to another e-mail address. If you did not ask for this, tell your help desk at once.`,
    },
  },
}
