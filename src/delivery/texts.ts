import type { Policy } from '../tenants/policy.ts'
import type { Notice } from './message.ts'

export type Language = Policy['mail']['language']

/** What mails say, in one language. `duration` is in words of that language, such as "10 minutes". */
export type Texts = {
  code: {
    subject: string
    intro: string
    expiry: (duration: string) => string
    link: string
    notYou: string
  }
  /** In place of the first two for a code that enrols a user. */
  enrolment: { subject: string; intro: string }
  noAccount: { subject: string; intro: string }
  notices: Record<Notice, { subject: string; intro: string }>
}

export const TEXTS: Record<Language, Texts> = {
  en: {
    code: {
      subject: 'Your password reset code',
      intro: 'Someone, hopefully you, asked to reset the password of your account. This is your code:',
      expiry: (duration) => `It is valid for ${duration} and can be used once.`,
      link: 'Enter it here:',
      notYou:
        'If this was not you, do nothing: without the code your password stays as it is. Nobody of ours will ever ask you for it.',
    },
    enrolment: {
      subject: 'Your enrollment code',
      intro: 'An administrator has sent you a code to set up your sign-in. This is your code:',
    },
    noAccount: {
      subject: 'There is no account for this address',
      intro:
        'Someone, hopefully you, asked to reset a password with this e-mail address. There is no account here for it. You may have registered with another address. If this was not you, do nothing.',
    },
    notices: {
      redeemed: {
        subject: 'Your password has been reset',
        intro:
          'A password reset code of your account has just been used. If this was not you, tell your help desk at once.',
      },
      voided: {
        subject: 'Your password reset code has been cancelled',
        intro:
          'Your help desk has cancelled the password reset code of your account. If you still need one, ask for a new code.',
      },
      locked: {
        subject: 'Your password reset code has been locked',
        intro:
          'A wrong password reset code was entered for your account too many times, so the code no longer works. Your password has not changed. If this was not you, tell your help desk.',
      },
    },
  },
  de: {
    code: {
      subject: 'Ihr Code zum Zurücksetzen des Passworts',
      intro: 'Jemand, hoffentlich Sie, möchte das Passwort Ihres Kontos zurücksetzen. Das ist Ihr Code:',
      expiry: (duration) => `Er gilt ${duration} und kann einmal verwendet werden.`,
      link: 'Geben Sie ihn hier ein:',
      notYou:
        'Wenn Sie das nicht waren, müssen Sie nichts tun: Ohne den Code bleibt Ihr Passwort, wie es ist. Niemand von uns wird Sie je danach fragen.',
    },
    enrolment: {
      subject: 'Ihr Registrierungscode',
      intro:
        'Ihr Helpdesk hat Ihnen einen Code geschickt, mit dem Sie Ihre Anmeldung einrichten. Das ist Ihr Code:',
    },
    noAccount: {
      subject: 'Zu dieser Adresse gibt es kein Konto',
      intro:
        'Jemand, hoffentlich Sie, möchte mit dieser E-Mail-Adresse ein Passwort zurücksetzen. Zu ihr gibt es hier kein Konto. Vielleicht haben Sie sich mit einer anderen Adresse angemeldet. Wenn Sie das nicht waren, müssen Sie nichts tun.',
    },
    notices: {
      redeemed: {
        subject: 'Ihr Passwort wurde zurückgesetzt',
        intro:
          'Ein Code zum Zurücksetzen Ihres Passworts wurde soeben verwendet. Wenn Sie das nicht waren, wenden Sie sich sofort an Ihren Helpdesk.',
      },
      voided: {
        subject: 'Ihr Code zum Zurücksetzen des Passworts wurde widerrufen',
        intro:
          'Ihr Helpdesk hat den Code zum Zurücksetzen Ihres Passworts widerrufen. Wenn Sie noch einen brauchen, fordern Sie einen neuen an.',
      },
      locked: {
        subject: 'Ihr Code zum Zurücksetzen des Passworts wurde gesperrt',
        intro:
          'Für Ihr Konto wurde zu oft ein falscher Code eingegeben, deshalb gilt der Code nicht mehr. Ihr Passwort wurde nicht geändert. Wenn Sie das nicht waren, wenden Sie sich an Ihren Helpdesk.',
      },
    },
  },
  fr: {
    code: {
      subject: 'Votre code de réinitialisation du mot de passe',
      intro:
        'Quelqu’un, vous nous l’espérons, a demandé à réinitialiser le mot de passe de votre compte. Voici votre code :',
      expiry: (duration) => `Il est valable ${duration} et ne sert qu’une fois.`,
      link: 'Saisissez-le ici :',
      notYou:
        'Si ce n’était pas vous, ne faites rien : sans le code, votre mot de passe reste inchangé. Aucun de nous ne vous le demandera jamais.',
    },
    enrolment: {
      subject: 'Votre code d’inscription',
      intro: 'Votre assistance vous a envoyé un code pour configurer votre connexion. Voici votre code :',
    },
    noAccount: {
      subject: 'Aucun compte pour cette adresse',
      intro:
        'Quelqu’un, vous nous l’espérons, a demandé à réinitialiser un mot de passe avec cette adresse. Elle n’a pas de compte ici. Peut-être vous êtes-vous inscrit avec une autre adresse. Si ce n’était pas vous, ne faites rien.',
    },
    notices: {
      redeemed: {
        subject: 'Votre mot de passe a été réinitialisé',
        intro:
          'Un code de réinitialisation de votre compte vient d’être utilisé. Si ce n’était pas vous, prévenez tout de suite votre assistance.',
      },
      voided: {
        subject: 'Votre code de réinitialisation a été annulé',
        intro:
          'Votre assistance a annulé le code de réinitialisation de votre compte. S’il vous en faut encore un, demandez un nouveau code.',
      },
      locked: {
        subject: 'Votre code de réinitialisation a été bloqué',
        intro:
          'Un code erroné a été saisi trop souvent pour votre compte : le code ne fonctionne plus. Votre mot de passe n’a pas changé. Si ce n’était pas vous, prévenez votre assistance.',
      },
    },
  },
  es: {
    code: {
      subject: 'Su código para restablecer la contraseña',
      intro:
        'Alguien, esperamos que usted, ha pedido restablecer la contraseña de su cuenta. Este es su código:',
      expiry: (duration) => `Es válido durante ${duration} y sirve una sola vez.`,
      link: 'Introdúzcalo aquí:',
      notYou:
        'Si no ha sido usted, no haga nada: sin el código, su contraseña no cambia. Nadie de nuestro equipo se lo pedirá nunca.',
    },
    enrolment: {
      subject: 'Su código de registro',
      intro:
        'Su servicio de asistencia le ha enviado un código para configurar su acceso. Este es su código:',
    },
    noAccount: {
      subject: 'No hay ninguna cuenta con esta dirección',
      intro:
        'Alguien, esperamos que usted, ha pedido restablecer una contraseña con esta dirección. Aquí no hay ninguna cuenta con ella. Quizá se registró con otra dirección. Si no ha sido usted, no haga nada.',
    },
    notices: {
      redeemed: {
        subject: 'Su contraseña se ha restablecido',
        intro:
          'Se acaba de usar un código de restablecimiento de su cuenta. Si no ha sido usted, avise de inmediato a su servicio de asistencia.',
      },
      voided: {
        subject: 'Su código de restablecimiento se ha anulado',
        intro:
          'Su servicio de asistencia ha anulado el código de restablecimiento de su cuenta. Si aún lo necesita, pida uno nuevo.',
      },
      locked: {
        subject: 'Su código de restablecimiento se ha bloqueado',
        intro:
          'Se ha introducido demasiadas veces un código erróneo en su cuenta y el código ya no funciona. Su contraseña no ha cambiado. Si no ha sido usted, avise a su servicio de asistencia.',
      },
    },
  },
  ja: {
    code: {
      subject: 'パスワード再設定コード',
      intro:
        'お客様のアカウントのパスワード再設定が申し込まれました。お客様ご本人によるものでしたら、次のコードをお使いください。',
      expiry: (duration) => `このコードは${duration}有効で、一度だけ使えます。`,
      link: 'こちらで入力してください：',
      notYou:
        'お心当たりがない場合は、何もする必要はありません。コードがなければパスワードは変わりません。当方の担当者がコードをお尋ねすることはありません。',
    },
    enrolment: {
      subject: '登録コード',
      intro:
        'ヘルプデスクから、サインインを設定するためのコードが発行されました。次のコードをお使いください。',
    },
    noAccount: {
      subject: 'このアドレスのアカウントはありません',
      intro:
        'このメールアドレスでパスワードの再設定が申し込まれましたが、該当するアカウントはありません。別のアドレスで登録されている可能性があります。お心当たりがない場合は、何もする必要はありません。',
    },
    notices: {
      redeemed: {
        subject: 'パスワードが再設定されました',
        intro:
          'お客様のアカウントの再設定コードが使用されました。お心当たりがない場合は、直ちにヘルプデスクへご連絡ください。',
      },
      voided: {
        subject: '再設定コードが取り消されました',
        intro:
          'ヘルプデスクがお客様のアカウントの再設定コードを取り消しました。引き続き必要な場合は、新しいコードをお申し込みください。',
      },
      locked: {
        subject: '再設定コードがロックされました',
        intro:
          'お客様のアカウントで誤ったコードが何度も入力されたため、コードは使えなくなりました。パスワードは変わっていません。お心当たりがない場合は、ヘルプデスクへご連絡ください。',
      },
    },
  },
}
