import type { MailTexts } from './mail-texts.ts'

export const ES: MailTexts = {
  dir: 'ltr',
  codes: {
    asked: {
      subject: (tenant) => `Su código de ${tenant} para restablecer la contraseña`,
      intro: (tenant) =>
        `Alguien (esperamos que usted) ha solicitado a ${tenant} restablecer la contraseña de su cuenta. Este es su código:`,
      closing:
        'Si no ha sido usted, no haga nada: sin el código, su contraseña no cambiará. No comparta el código con nadie. Nosotros nunca se lo pediremos.',
    },
    issued: {
      subject: (tenant) => `Su código de ${tenant} para restablecer la contraseña`,
      intro: (tenant) =>
        `El servicio de asistencia de ${tenant} le ha enviado un código para restablecer su contraseña. Este es su código:`,
      closing:
        'Si usted no ha pedido este código, avise a su servicio de asistencia. Sin el código, su contraseña no cambiará. No comparta el código con nadie. Nosotros nunca se lo pediremos.',
    },
    enrolment: {
      subject: (tenant) => `Su código de registro en ${tenant}`,
      intro: (tenant) =>
        `El servicio de asistencia de ${tenant} le ha enviado un código para configurar su acceso. Este es su código:`,
      closing:
        'Si no esperaba este código, avise a su servicio de asistencia. No comparta el código con nadie. Nosotros nunca se lo pediremos.',
    },
  },
  expiry: (duration) => `El código es válido durante ${duration} y se puede usar una sola vez.`,
  button: 'Introducir el código',
  enterHere: 'Introdúzcalo aquí:',
  noButton: 'Si el botón no funciona, abra esta dirección:',
  noAccount: {
    subject: (tenant) => `No hay ninguna cuenta de ${tenant} con esta dirección`,
    intro: (tenant) =>
      `Alguien (esperamos que usted) ha solicitado a ${tenant} restablecer una contraseña con esta dirección de correo. No hay ninguna cuenta asociada a ella. Quizá se registró con otra dirección. Si la solicitud no es suya, no haga nada.`,
  },
  notices: {
    redeemed: {
      subject: (tenant) => `Su contraseña de ${tenant} se ha restablecido`,
      intro: (tenant) =>
        `En su cuenta de ${tenant} se acaba de usar un código para restablecer la contraseña. Si no ha sido usted, avise de inmediato a su servicio de asistencia.`,
    },
    voided: {
      subject: (tenant) => `Su código de ${tenant} para restablecer la contraseña se ha anulado`,
      intro: (tenant) =>
        `El servicio de asistencia de ${tenant} ha anulado el código para restablecer la contraseña de su cuenta. Si todavía necesita uno, solicite un código nuevo.`,
    },
    enrolmentVoided: {
      subject: (tenant) => `Su código de registro en ${tenant} se ha anulado`,
      intro: (tenant) =>
        `El servicio de asistencia de ${tenant} ha anulado el código de registro de su cuenta. Si todavía necesita uno, pida un código nuevo a su servicio de asistencia.`,
    },
    locked: {
      subject: (tenant) => `Su código de ${tenant} para restablecer la contraseña se ha bloqueado`,
      intro: (tenant) =>
        `En su cuenta de ${tenant} se ha introducido demasiadas veces un código erróneo, por lo que el código ya no funciona. Su contraseña no ha cambiado. Si no ha sido usted, avise a su servicio de asistencia.`,
    },
    shown: {
      subject: (tenant) =>
        `El servicio de asistencia de ${tenant} ha visto un código para restablecer su contraseña`,
      intro: (tenant) =>
        `El servicio de asistencia de ${tenant} acaba de generar un código para restablecer la contraseña de su cuenta. El código se ha mostrado al servicio de asistencia y no se le ha enviado a usted. Si no está en contacto con él por este motivo, avise de inmediato a su servicio de asistencia.`,
    },
    sentElsewhere: {
      subject: (tenant) =>
        `Su código de ${tenant} para restablecer la contraseña se ha enviado a otra dirección`,
      intro: (tenant) =>
        `El servicio de asistencia de ${tenant} acaba de generar un código para restablecer la contraseña de su cuenta y lo ha enviado a otra dirección de correo. Si usted no lo ha pedido, avise de inmediato a su servicio de asistencia.`,
    },
    enrolmentShown: {
      subject: (tenant) =>
        `El servicio de asistencia de ${tenant} ha visto un código de registro de su cuenta`,
      intro: (tenant) =>
        `El servicio de asistencia de ${tenant} acaba de generar un código de registro para su cuenta. El código se ha mostrado al servicio de asistencia y no se le ha enviado a usted. Si no está en contacto con él por este motivo, avise de inmediato a su servicio de asistencia.`,
    },
    enrolmentSentElsewhere: {
      subject: (tenant) => `Su código de registro en ${tenant} se ha enviado a otra dirección`,
      intro: (tenant) =>
        `El servicio de asistencia de ${tenant} acaba de generar un código de registro para su cuenta y lo ha enviado a otra dirección de correo. Si usted no lo ha pedido, avise de inmediato a su servicio de asistencia.`,
    },
  },
}
