// Made by `npm run types -w sdk` from openapi.json: what the client needs of it.

export interface paths {
    "/AdminInterface/restapi/v1/users/generateVerifyCode/enroll": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["generateEnrollmentCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["generateResetCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/AdminInterface/restapi/v1/users/voidVerifyCode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["voidCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/passwordmanagement/csrfToken": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getCsrfToken"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/passwordmanagement/redeemPasswordResetCode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["redeemPasswordResetCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/passwordmanagement/sendPasswordResetCode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["sendPasswordResetCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/passwordmanagement/validatePasswordResetCode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["validatePasswordResetCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/oauth/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["getAccessToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A request that was wrong in itself. */
        AdminError: {
            code: string;
            description: string;
        };
        Challenge: {
            /**
             * @description The code of the question.
             * @example com.soa.challenge.question.color
             */
            ChallengeCode: string;
            /** @description The question; not there where the tenant has taken it off its list. */
            ChallengeQuestion?: string;
            /**
             * @description The id of the user, with the tenant behind it.
             * @example 0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59.acme
             */
            UserID: string;
        };
        Fault: {
            /**
             * @description Whose fault it is.
             * @enum {string}
             */
            faultcode: "Client" | "Server";
            faultstring: string;
        };
        /** @description One user. Both spellings of a member mean the same. What is wrong with an entry is told in its own result. */
        GenerateEntry: {
            break_glass_reason?: string | null;
            breakGlassReason?: string | null;
            code_send_to?: string | null;
            code_validity?: (string | number) | null;
            codeSendTo?: string | null;
            codeValidity?: (string | number) | null;
            custom_email?: string | null;
            customEmail?: string | null;
            /**
             * @description The user: the only member that is needed.
             * @example jane.saoirse@example.com
             */
            email: string;
            validity_time_duration_unit?: string | null;
            validityTimeDurationUnit?: string | null;
        };
        GenerateResult: {
            /** @description Why there is no code. */
            errorMessage?: string;
            /** @description What became of this user: see docs/api.md, Per-user status. Open: more may come. */
            status: (1000 | 1001 | 1002 | 1003 | 1004 | 1005 | 1006) | number;
            /** @description The entry as it was understood. */
            userDetailsRequestForVerifyCodeGeneration: {
                code_send_to: string;
                code_validity: string;
                /** @description Only where one was asked for. */
                custom_email?: string;
                email: string;
                validity_time_duration_unit: string;
            };
            /** @description The tenant's `mail.resetUrl`. */
            verification_Link?: string;
            /**
             * @description The code, where it is shown.
             * @example K7QP-2XWM
             */
            verify_code?: string;
            /** @enum {string} */
            verify_code_generation_mode?: "PASSWORD_RESET" | "ENROLLMENT";
            /**
             * Format: date-time
             * @description When it expires.
             */
            verify_code_validity_time?: string;
        };
        OAuthError: {
            /** @description A code of RFC 6749 §5.2. Open: more may come. */
            error: ("invalid_request" | "invalid_client" | "invalid_scope" | "unsupported_grant_type" | "temporarily_unavailable" | "server_error") | string;
            error_description: string;
        };
        /** @description Any other refusal. */
        SpringError: {
            error: string;
            message: string;
            path: string;
            status: number;
            /** @description Epoch ms. */
            timestamp: number;
        };
        VoidAnswer: {
            results: {
                /** @description Why nothing was voided. */
                errorMessage?: string;
                /** @description What became of the code: see docs/api.md, Per-user status. Open: more may come. */
                status: (1016 | 1015 | 1002 | 1014 | 1013) | number;
                /** @description The address as it was sent. */
                user_email: string;
            }[];
        };
        /** @description Either spelling of both members. What is no address is answered as an unknown user. */
        VoidRequest: {
            code_generation_mode?: string | null;
            codeGenerationMode?: string | null;
            user_emails?: (string | unknown[]) | null;
            userEmails?: (string | unknown[]) | null;
        };
        WebhookDelivery: {
            attempts: number;
            /**
             * @description The `Webhook-Id`.
             * @example evt_acme_admin_4711
             */
            eventId: string;
            /** Format: date-time */
            lastAttemptAt?: string;
            /**
             * @description An HTTP status, or why there was none.
             * @example 503
             */
            lastStatus?: string;
            /** Format: date-time */
            nextAttemptAt?: string;
            /** Format: date-time */
            queuedAt: string;
            /** @description What has become of it. Open: more may come. */
            state: ("waiting" | "delivered" | "failed") | string;
            /** @description The type of the event. Open: more may come. */
            type: ("code.issued" | "code.voided" | "code.redeemed" | "code.locked" | "code.delivery_failed" | "user.created" | "user.disabled" | "user.enabled" | "user.deleted" | "user.restored" | "user.address_changed" | "user.reported" | "tenant.under_attack" | "tenant.codes_voided" | "key.quarantined" | "webhook.disabled") | string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    generateEnrollmentCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GenerateEntry"][] | components["schemas"]["GenerateEntry"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GenerateResult"][] | components["schemas"]["GenerateResult"];
                };
            };
        };
    };
    generateResetCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GenerateEntry"][] | components["schemas"]["GenerateEntry"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GenerateResult"][] | components["schemas"]["GenerateResult"];
                };
            };
        };
    };
    voidCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VoidRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoidAnswer"];
                };
            };
        };
    };
    getCsrfToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        csrfToken: string;
                        /** @description The header to send it in. */
                        headerName: string;
                    };
                };
            };
        };
    };
    redeemPasswordResetCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description The address that the code was sent to.
                     * @example jane.saoirse@example.com
                     */
                    Email?: string;
                    /**
                     * @description The address that the code was sent to.
                     * @example jane.saoirse@example.com
                     */
                    emailAddress?: string;
                    /**
                     * @description The code, with or without grouping.
                     * @example K7QP2XWM
                     */
                    passwordResetCode?: string;
                    /**
                     * @description The code, with or without grouping.
                     * @example K7QP2XWM
                     */
                    PasswordResetCode?: string;
                    /** @description What was asked, with `Answer`: `{UserID, ChallengeCode, Answer}`. Ignored where nothing is asked. */
                    UserIdentificationChallenge?: unknown;
                };
                "application/x-www-form-urlencoded": {
                    /**
                     * @description The address that the code was sent to.
                     * @example jane.saoirse@example.com
                     */
                    emailAddress?: string;
                    /**
                     * @description The code, with or without grouping.
                     * @example K7QP2XWM
                     */
                    passwordResetCode?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The stored address. */
                        emailAddress: string;
                        /** @description A JWT: whoever brings it may set the password of this user. */
                        resetGrant: string;
                        /**
                         * @description Only after a question: that it was answered right.
                         * @example user.password.reset.valid.answer
                         */
                        resetStatus?: string;
                        /** @description What the user signs in with. */
                        userName: string;
                    } | {
                        UserIdentificationChallenge: components["schemas"]["Challenge"];
                    };
                };
            };
        };
    };
    sendPasswordResetCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description The address that the code was sent to.
                     * @example jane.saoirse@example.com
                     */
                    Email?: string;
                    /**
                     * @description The address that the code was sent to.
                     * @example jane.saoirse@example.com
                     */
                    emailAddress?: string;
                };
                "application/x-www-form-urlencoded": {
                    /**
                     * @description The address that the code was sent to.
                     * @example jane.saoirse@example.com
                     */
                    emailAddress?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    validatePasswordResetCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description The address that the code was sent to.
                     * @example jane.saoirse@example.com
                     */
                    Email?: string;
                    /**
                     * @description The address that the code was sent to.
                     * @example jane.saoirse@example.com
                     */
                    emailAddress?: string;
                    /**
                     * @description The code, with or without grouping.
                     * @example K7QP2XWM
                     */
                    passwordResetCode?: string;
                    /**
                     * @description The code, with or without grouping.
                     * @example K7QP2XWM
                     */
                    PasswordResetCode?: string;
                    /** @description What was asked, with `Answer`: `{UserID, ChallengeCode, Answer}`. Ignored where nothing is asked. */
                    UserIdentificationChallenge?: unknown;
                };
                "application/x-www-form-urlencoded": {
                    /**
                     * @description The address that the code was sent to.
                     * @example jane.saoirse@example.com
                     */
                    emailAddress?: string;
                    /**
                     * @description The code, with or without grouping.
                     * @example K7QP2XWM
                     */
                    passwordResetCode?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The stored address. */
                        emailAddress: string;
                        /**
                         * @description Only after a question: that it was answered right.
                         * @example user.password.reset.valid.answer
                         */
                        resetStatus?: string;
                        /** @description What the user signs in with. */
                        userName: string;
                    } | {
                        UserIdentificationChallenge: components["schemas"]["Challenge"];
                    };
                };
            };
        };
    };
    getAccessToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @description The client's assertion, a JWT: each is good once. */
                    client_assertion: string;
                    /** @constant */
                    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                    /** @description The same as in the assertion. */
                    client_id?: string;
                    /** @constant */
                    grant_type: "client_credentials";
                    /**
                     * @description Scopes with blanks between; all that the client may have without it.
                     * @example rsa.user.read rsa.user.factor.manage
                     */
                    scope?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description A JWT (RFC 9068). */
                        access_token: string;
                        /** @description Seconds. */
                        expires_in: number;
                        /**
                         * @description What the token allows.
                         * @example rsa.user.read rsa.user.factor.manage
                         */
                        scope: string;
                        /** @constant */
                        token_type: "Bearer";
                    };
                };
            };
        };
    };
}
