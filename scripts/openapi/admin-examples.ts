/** Requests of the admin API and what it has answered to them. */

export const NOW = Date.parse('2026-11-26T10:00:00.000Z')
const LATER = '2026-11-26T10:10:00.000Z'

export const GENERATE_REQUESTS = {
  two: [
    { email: 'jane.saoirse@example.com' },
    {
      email: 'user1@example.com',
      code_validity: '1',
      validity_time_duration_unit: 'HOUR',
      code_send_to: 'EMAIL',
    },
  ],
  one: { email: 'jane.saoirse@example.com', code_send_to: 'EMAIL', custom_email: 'jane@partner.example' },
}

const echoed = (email: string, sendTo: string, validity = '10', unit = 'MIN') => ({
  email,
  code_validity: validity,
  validity_time_duration_unit: unit,
  code_send_to: sendTo,
})

export function generated(mode: string) {
  const about = { verify_code_validity_time: LATER, verify_code_generation_mode: mode }
  return {
    two: [
      {
        status: 1000,
        verify_code: 'K7QP2XWM',
        ...about,
        userDetailsRequestForVerifyCodeGeneration: echoed('jane.saoirse@example.com', 'DISPLAY'),
      },
      {
        status: 1002,
        errorMessage: 'User not found.',
        userDetailsRequestForVerifyCodeGeneration: echoed('user1@example.com', 'EMAIL', '1', 'HOUR'),
      },
    ],
    one: {
      status: 1001,
      ...about,
      verification_Link: 'https://example.com/reset',
      userDetailsRequestForVerifyCodeGeneration: {
        ...echoed('jane.saoirse@example.com', 'EMAIL'),
        custom_email: 'jane@partner.example',
      },
    },
  }
}

export const VOID_REQUEST = {
  code_generation_mode: 'PASSWORD_RESET',
  user_emails: ['user1@example.com', 'user2@example.com', 'nobody@example.com'],
}

export const VOIDED = {
  results: [
    { status: 1016, user_email: 'user1@example.com' },
    {
      status: 1015,
      errorMessage:
        'No password reset code found to void. Password reset code may have expired or has been used already. The code has expired.',
      user_email: 'user2@example.com',
    },
    { status: 1002, errorMessage: 'User not found.', user_email: 'nobody@example.com' },
  ],
}

export const USER = {
  id: '0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59',
  emailAddress: 'jane.saoirse@example.com',
  principalUsername: 'jane.saoirse@example.com',
  firstName: 'Jane',
  lastName: 'Saoirse',
  creationDate: '2026-11-26T10:00:00.000Z',
  identitySource: 'Rescind',
  userStatus: 'Enabled',
  markDeleted: false,
  markDeletedAt: null,
  markDeletedBy: null,
  highRiskUser: false,
  smsNumber: null,
  voiceNumber: null,
  lastSyncTime: null,
}

const ONE_PAGE = { totalPages: 1, totalElements: 1, pageSize: 10, currentPage: 0 }

export const USER_PAGE = { ...ONE_PAGE, elements: [USER] }

export const HIGH_RISK = {
  users: [
    {
      id: USER.id,
      email: USER.emailAddress,
      primaryUsername: USER.principalUsername,
      alternateUsername: null,
    },
  ],
}

export const ADMIN_LOG = {
  ...ONE_PAGE,
  elements: [
    {
      eventId: '42',
      eventLogDate: '2026-11-26T10:00:00.000Z',
      eventType: 'ADMIN',
      adminUserName: '018f5f0c-2c51-7f0e-8a3c-9a610c1f5a3b',
      adminUserRole: null,
      activityKey: 'VOID_PASSWORD_RESET_CODE',
      activityCode: 90003,
      result: 'SUCCESS',
      reasonKey: 'voided',
      message:
        'Admin 018f5f0c-2c51-7f0e-8a3c-9a610c1f5a3b voided the password reset code for j***@example.com: voided.',
      sourceIPAddress: '203.0.113.7',
      targetObject1Id: USER.id,
      targetObject1Name: 'j***@example.com',
      targetObject1Type: 'USER',
      targetObject2Id: null,
      targetObject2Name: null,
      targetObject2Type: null,
    },
  ],
}

export const USER_EVENT = {
  eventId: '7',
  eventLogDate: '2026-11-26T10:00:00.000Z',
  eventType: 'USER',
  eventLevel: 'INFO',
  eventCategory: 'PASSWORD_RESET',
  serverIPAddress: null,
  tenantId: 'demo',
  customerName: 'Demo',
  userId: USER.id,
  sourceIPAddress: null,
  eventCode: '91002',
  eventDescription: 'Code mailed.',
  application: 'Rescind',
  method: 'EMAIL',
  deviceName: null,
  deviceId: null,
  policyId: null,
  policyName: null,
  authenticationDetails: 'j***@example.com',
  assuranceLevel: null,
  verboseFlag: 'false',
  userActivityId: '5f0c2c51-6f0e-4a3c-9a61-0c1f5a3b7d42',
  transactionId: '5f0c2c51-6f0e-4a3c-9a61-0c1f5a3b7d42',
}

export const USER_LOG = { ...ONE_PAGE, userEventLogExportEntries: [USER_EVENT] }
