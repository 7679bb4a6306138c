/** A setting of the Worker that is missing or malformed. */
export class SettingError extends Error {
  /** Carries the setting, because the name is all that the log tells of an unexpected error. */
  override readonly name: string
  readonly setting: string

  /** @param problem what the setting must be, without its value. */
  constructor(setting: string, problem: string) {
    super(`${setting} ${problem}`)
    this.name = `SettingError ${setting}`
    this.setting = setting
  }
}
