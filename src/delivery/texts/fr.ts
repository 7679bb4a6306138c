import type { MailTexts } from './mail-texts.ts'

/**
 * French sets a no-break space (U+00A0) before a colon, and a narrow one (U+202F) before a question
 * mark, an exclamation mark and a semicolon. They are written as escapes, since nobody sees them.
 */
export const FR: MailTexts = {
  dir: 'ltr',
  codes: {
    asked: {
      subject: (tenant) => `Votre code de réinitialisation du mot de passe ${tenant}`,
      intro: (tenant) =>
        `Quelqu’un (vous, nous l’espérons) a demandé à ${tenant} de réinitialiser le mot de passe de votre compte. Voici votre code\u00a0:`,
      closing:
        'Si ce n’était pas vous, ne faites rien\u00a0: sans le code, votre mot de passe reste inchangé. Ne communiquez ce code à personne. Nous ne vous le demanderons jamais.',
    },
    issued: {
      subject: (tenant) => `Votre code de réinitialisation du mot de passe ${tenant}`,
      intro: (tenant) =>
        `Votre service d’assistance ${tenant} vous a envoyé un code pour réinitialiser votre mot de passe. Voici votre code\u00a0:`,
      closing:
        'Si vous n’avez pas demandé ce code à votre service d’assistance, prévenez-le. Sans le code, votre mot de passe reste inchangé. Ne communiquez ce code à personne. Nous ne vous le demanderons jamais.',
    },
    enrolment: {
      subject: (tenant) => `Votre code d’inscription ${tenant}`,
      intro: (tenant) =>
        `Votre service d’assistance ${tenant} vous a envoyé un code pour configurer votre connexion. Voici votre code\u00a0:`,
      closing:
        'Si vous n’attendiez pas ce code, prévenez votre service d’assistance. Ne communiquez ce code à personne. Nous ne vous le demanderons jamais.',
    },
  },
  expiry: (duration) => `Ce code est valable ${duration} et ne peut servir qu’une seule fois.`,
  button: 'Saisir le code',
  enterHere: 'Saisissez-le ici\u00a0:',
  noButton: 'Si le bouton ne fonctionne pas, ouvrez cette adresse\u00a0:',
  noAccount: {
    subject: (tenant) => `Aucun compte ${tenant} pour cette adresse`,
    intro: (tenant) =>
      `Quelqu’un (vous, nous l’espérons) a demandé à ${tenant} de réinitialiser un mot de passe avec cette adresse e-mail. Aucun compte n’y est associé. Vous avez peut-être utilisé une autre adresse pour vous inscrire. Si cette demande ne vient pas de vous, ne faites rien.`,
  },
  notices: {
    redeemed: {
      subject: (tenant) => `Votre mot de passe ${tenant} a été réinitialisé`,
      intro: (tenant) =>
        `Un code de réinitialisation du mot de passe de votre compte ${tenant} vient d’être utilisé. Si ce n’était pas vous, prévenez immédiatement votre service d’assistance.`,
    },
    voided: {
      subject: (tenant) => `Votre code de réinitialisation du mot de passe ${tenant} a été annulé`,
      intro: (tenant) =>
        `Votre service d’assistance ${tenant} a annulé le code de réinitialisation du mot de passe de votre compte. S’il vous en faut encore un, demandez un nouveau code.`,
    },
    enrolmentVoided: {
      subject: (tenant) => `Votre code d’inscription ${tenant} a été annulé`,
      intro: (tenant) =>
        `Votre service d’assistance ${tenant} a annulé le code d’inscription de votre compte. S’il vous en faut encore un, demandez un nouveau code à votre service d’assistance.`,
    },
    locked: {
      subject: (tenant) => `Votre code de réinitialisation du mot de passe ${tenant} a été bloqué`,
      intro: (tenant) =>
        `Un code erroné a été saisi trop de fois pour votre compte ${tenant}\u00a0: le code ne fonctionne plus. Votre mot de passe n’a pas changé. Si ce n’était pas vous, prévenez votre service d’assistance.`,
    },
    shown: {
      subject: (tenant) =>
        `Un code de réinitialisation du mot de passe ${tenant} a été affiché au service d’assistance`,
      intro: (tenant) =>
        `Votre service d’assistance ${tenant} vient de créer un code de réinitialisation du mot de passe de votre compte. Ce code a été affiché au service d’assistance et ne vous a pas été envoyé. Si vous n’êtes pas en contact avec votre service d’assistance à ce sujet, prévenez-le immédiatement.`,
    },
    sentElsewhere: {
      subject: (tenant) =>
        `Un code de réinitialisation du mot de passe ${tenant} a été envoyé à une autre adresse`,
      intro: (tenant) =>
        `Votre service d’assistance ${tenant} vient de créer un code de réinitialisation du mot de passe de votre compte et de l’envoyer à une autre adresse e-mail. Si vous n’avez rien demandé, prévenez immédiatement votre service d’assistance.`,
    },
    enrolmentShown: {
      subject: (tenant) =>
        `Un code d’inscription pour votre compte ${tenant} a été affiché au service d’assistance`,
      intro: (tenant) =>
        `Votre service d’assistance ${tenant} vient de créer un code d’inscription pour votre compte. Ce code a été affiché au service d’assistance et ne vous a pas été envoyé. Si vous n’êtes pas en contact avec votre service d’assistance à ce sujet, prévenez-le immédiatement.`,
    },
    enrolmentSentElsewhere: {
      subject: (tenant) =>
        `Un code d’inscription pour votre compte ${tenant} a été envoyé à une autre adresse`,
      intro: (tenant) =>
        `Votre service d’assistance ${tenant} vient de créer un code d’inscription pour votre compte et de l’envoyer à une autre adresse e-mail. Si vous n’avez rien demandé, prévenez immédiatement votre service d’assistance.`,
    },
  },
}
