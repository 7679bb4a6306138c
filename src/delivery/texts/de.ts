import type { MailTexts } from './mail-texts.ts'

export const DE: MailTexts = {
  dir: 'ltr',
  codes: {
    asked: {
      subject: (tenant) => `Ihr Code zum Zurücksetzen des Passworts bei ${tenant}`,
      intro: (tenant) =>
        `Jemand, hoffentlich Sie, möchte das Passwort Ihres Kontos bei ${tenant} zurücksetzen. Ihr Code lautet:`,
      closing:
        'Wenn Sie das nicht waren, müssen Sie nichts tun: Ohne den Code bleibt Ihr Passwort, wie es ist. Geben Sie den Code nicht weiter. Wir werden Sie niemals danach fragen.',
    },
    issued: {
      subject: (tenant) => `Ihr Code zum Zurücksetzen des Passworts bei ${tenant}`,
      intro: (tenant) =>
        `Ihr Helpdesk bei ${tenant} hat Ihnen einen Code geschickt, mit dem Sie Ihr Passwort zurücksetzen können. Ihr Code lautet:`,
      closing:
        'Wenn Sie Ihren Helpdesk nicht um diesen Code gebeten haben, sagen Sie dort Bescheid. Ohne den Code bleibt Ihr Passwort, wie es ist. Geben Sie den Code nicht weiter. Wir werden Sie niemals danach fragen.',
    },
    enrolment: {
      subject: (tenant) => `Ihr Registrierungscode für ${tenant}`,
      intro: (tenant) =>
        `Ihr Helpdesk bei ${tenant} hat Ihnen einen Code geschickt, mit dem Sie Ihre Anmeldung einrichten können. Ihr Code lautet:`,
      closing:
        'Wenn Sie diesen Code nicht erwartet haben, wenden Sie sich an Ihren Helpdesk. Geben Sie den Code nicht weiter. Wir werden Sie niemals danach fragen.',
    },
  },
  expiry: (duration) => `Der Code ist ${duration} gültig und kann nur einmal verwendet werden.`,
  button: 'Code eingeben',
  enterHere: 'Geben Sie ihn hier ein:',
  noButton: 'Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:',
  noAccount: {
    subject: (tenant) => `Bei ${tenant} gibt es kein Konto zu dieser Adresse`,
    intro: (tenant) =>
      `Jemand, hoffentlich Sie, möchte bei ${tenant} mit dieser E-Mail-Adresse ein Passwort zurücksetzen. Zu dieser Adresse gibt es kein Konto. Vielleicht haben Sie sich mit einer anderen Adresse registriert. Wenn die Anfrage nicht von Ihnen kam, müssen Sie nichts tun.`,
  },
  notices: {
    redeemed: {
      subject: (tenant) => `Ihr Passwort bei ${tenant} wurde zurückgesetzt`,
      intro: (tenant) =>
        `Ein Code zum Zurücksetzen Ihres Passworts bei ${tenant} wurde soeben verwendet. Wenn Sie das nicht waren, wenden Sie sich sofort an Ihren Helpdesk.`,
    },
    voided: {
      subject: (tenant) => `Ihr Code zum Zurücksetzen des Passworts bei ${tenant} wurde widerrufen`,
      intro: (tenant) =>
        `Ihr Helpdesk bei ${tenant} hat den Code zum Zurücksetzen Ihres Passworts widerrufen. Wenn Sie noch einen brauchen, fordern Sie einen neuen an.`,
    },
    enrolmentVoided: {
      subject: (tenant) => `Ihr Registrierungscode für ${tenant} wurde widerrufen`,
      intro: (tenant) =>
        `Ihr Helpdesk bei ${tenant} hat den Registrierungscode für Ihr Konto widerrufen. Wenn Sie noch einen brauchen, wenden Sie sich an Ihren Helpdesk.`,
    },
    locked: {
      subject: (tenant) => `Ihr Code zum Zurücksetzen des Passworts bei ${tenant} wurde gesperrt`,
      intro: (tenant) =>
        `Für Ihr Konto bei ${tenant} wurde zu oft ein falscher Code eingegeben, deshalb gilt der Code nicht mehr. Ihr Passwort wurde nicht geändert. Wenn Sie das nicht waren, wenden Sie sich an Ihren Helpdesk.`,
    },
    shown: {
      subject: (tenant) =>
        `Ein Code zum Zurücksetzen Ihres Passworts bei ${tenant} wurde dem Helpdesk angezeigt`,
      intro: (tenant) =>
        `Ihr Helpdesk bei ${tenant} hat soeben einen Code erstellt, mit dem sich Ihr Passwort zurücksetzen lässt. Der Code wurde dem Helpdesk angezeigt und nicht an Sie geschickt. Wenn Sie deswegen nicht mit Ihrem Helpdesk in Kontakt stehen, melden Sie sich sofort dort.`,
    },
    sentElsewhere: {
      subject: (tenant) =>
        `Ein Code zum Zurücksetzen Ihres Passworts bei ${tenant} ging an eine andere Adresse`,
      intro: (tenant) =>
        `Ihr Helpdesk bei ${tenant} hat soeben einen Code erstellt, mit dem sich Ihr Passwort zurücksetzen lässt, und ihn an eine andere E-Mail-Adresse geschickt. Wenn Sie nicht darum gebeten haben, wenden Sie sich sofort an Ihren Helpdesk.`,
    },
    enrolmentShown: {
      subject: (tenant) => `Ein Registrierungscode für Ihr Konto bei ${tenant} wurde dem Helpdesk angezeigt`,
      intro: (tenant) =>
        `Ihr Helpdesk bei ${tenant} hat soeben einen Registrierungscode für Ihr Konto erstellt. Der Code wurde dem Helpdesk angezeigt und nicht an Sie geschickt. Wenn Sie deswegen nicht mit Ihrem Helpdesk in Kontakt stehen, melden Sie sich sofort dort.`,
    },
    enrolmentSentElsewhere: {
      subject: (tenant) => `Ein Registrierungscode für Ihr Konto bei ${tenant} ging an eine andere Adresse`,
      intro: (tenant) =>
        `Ihr Helpdesk bei ${tenant} hat soeben einen Registrierungscode für Ihr Konto erstellt und ihn an eine andere E-Mail-Adresse geschickt. Wenn Sie nicht darum gebeten haben, wenden Sie sich sofort an Ihren Helpdesk.`,
    },
  },
}
