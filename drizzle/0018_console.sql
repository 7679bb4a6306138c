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
CREATE INDEX `console_sessions_by_time` ON `console_sessions` (`expires_at`);