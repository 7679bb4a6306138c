import type { MailTexts } from './mail-texts.ts'

export const JA: MailTexts = {
  dir: 'ltr',
  codes: {
    asked: {
      subject: (tenant) => `【${tenant}】パスワード再設定コード`,
      intro: (tenant) =>
        `${tenant}のアカウントについて、パスワード再設定のリクエストを受け付けました。お客様ご本人によるものでしたら、次のコードをお使いください。`,
      closing:
        'お心当たりがない場合は、何もする必要はありません。コードがなければパスワードは変わりません。コードは誰にも教えないでください。担当者がコードをお尋ねすることはありません。',
    },
    issued: {
      subject: (tenant) => `【${tenant}】パスワード再設定コード`,
      intro: (tenant) =>
        `${tenant}のヘルプデスクから、パスワードを再設定するためのコードが発行されました。次のコードをお使いください。`,
      closing:
        'お心当たりがない場合は、ヘルプデスクへご連絡ください。コードがなければパスワードは変わりません。コードは誰にも教えないでください。担当者がコードをお尋ねすることはありません。',
    },
    enrolment: {
      subject: (tenant) => `【${tenant}】登録コード`,
      intro: (tenant) =>
        `${tenant}のヘルプデスクから、サインインを設定するためのコードが発行されました。次のコードをお使いください。`,
      closing:
        'お心当たりがない場合は、ヘルプデスクへご連絡ください。コードは誰にも教えないでください。担当者がコードをお尋ねすることはありません。',
    },
  },
  // Intl writes `24 時間`; Japanese sets no space between a number and its unit.
  expiry: (duration) =>
    `このコードの有効期間は${duration.replace(/\s/g, '')}で、一度だけお使いいただけます。`,
  button: 'コードを入力する',
  enterHere: 'こちらで入力してください：',
  noButton: 'ボタンが機能しない場合は、次のアドレスを開いてください：',
  noAccount: {
    subject: (tenant) => `【${tenant}】このメールアドレスのアカウントはありません`,
    intro: (tenant) =>
      `このメールアドレスで${tenant}のパスワード再設定のリクエストを受け付けましたが、該当するアカウントはありません。別のアドレスで登録されている可能性があります。お心当たりがない場合は、何もする必要はありません。`,
  },
  notices: {
    redeemed: {
      subject: (tenant) => `【${tenant}】パスワードが再設定されました`,
      intro: (tenant) =>
        `${tenant}のアカウントのパスワード再設定コードが使用されました。お心当たりがない場合は、直ちにヘルプデスクへご連絡ください。`,
    },
    voided: {
      subject: (tenant) => `【${tenant}】パスワード再設定コードが取り消されました`,
      intro: (tenant) =>
        `${tenant}のヘルプデスクが、お客様のアカウントのパスワード再設定コードを取り消しました。引き続き必要な場合は、新しいコードをリクエストしてください。`,
    },
    enrolmentVoided: {
      subject: (tenant) => `【${tenant}】登録コードが取り消されました`,
      intro: (tenant) =>
        `${tenant}のヘルプデスクが、お客様のアカウントの登録コードを取り消しました。引き続き必要な場合は、ヘルプデスクに新しいコードをご依頼ください。`,
    },
    locked: {
      subject: (tenant) => `【${tenant}】パスワード再設定コードがロックされました`,
      intro: (tenant) =>
        `${tenant}のアカウントで誤ったコードが何度も入力されたため、コードは使えなくなりました。パスワードは変わっていません。お心当たりがない場合は、ヘルプデスクへご連絡ください。`,
    },
  },
}
