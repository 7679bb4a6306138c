import type { ErrorRenderer } from '../../http/errors.ts'

/** What a person sees whom no step can answer: a fault of ours, or of whatever sent the request. */
export const pageErrors: ErrorRenderer = {
  mediaType: 'text/html; charset=utf-8',
  render: ({ status, message }) =>
    '<!doctype html><html lang="en"><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">' +
    // Ours, but no message may ever become markup.
    `<title>${status}</title><p>${message.replace(/[<&]/g, (sign) => `&#${sign.charCodeAt(0)};`)}</p></html>`,
}
