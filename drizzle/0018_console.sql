CREATE TABLE `agent_counts` (
	`tenant_id` text NOT NULL,
	`day_at` integer NOT NULL,
	`access_id` text NOT NULL,
	`action` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `day_at`, `access_id`, `action`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `console_persons` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`email` text,
	`first_seen_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `console_sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`digest` text NOT NULL,
	`person_id` text NOT NULL,
	`name` text NOT NULL,
	`email` text,
	`issuer` text NOT NULL,
	`role_value` text NOT NULL,
	`provider_session` text,
	`authenticated_at` integer,
	`browser` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `console_sessions_by_person` ON `console_sessions` (`tenant_id`,`person_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `console_sessions_by_time` ON `console_sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `event_count_marks` (
	`tenant_id` text PRIMARY KEY NOT NULL,
	`admin_seq` integer NOT NULL,
	`user_seq` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `event_counts` (
	`tenant_id` text NOT NULL,
	`hour_at` integer NOT NULL,
	`log` text NOT NULL,
	`action` text NOT NULL,
	`detail` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `hour_at`, `log`, `action`, `detail`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `users_by_first_name` ON `users` (`tenant_id`,lower(CASE WHEN attributes ->> '$.name.givenName' IS NULL THEN attributes ->> '$.displayName' ELSE attributes ->> '$.name.givenName' END)) WHERE CASE WHEN attributes ->> '$.name.givenName' IS NULL THEN attributes ->> '$.displayName' ELSE attributes ->> '$.name.givenName' END IS NOT NULL;--> statement-breakpoint
CREATE INDEX `users_by_last_name` ON `users` (`tenant_id`,lower(attributes ->> '$.name.familyName')) WHERE attributes ->> '$.name.familyName' IS NOT NULL;