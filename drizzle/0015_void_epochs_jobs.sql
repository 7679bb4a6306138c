CREATE TABLE `quarantines` (
	`tenant_id` text NOT NULL,
	`access_id` text NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `access_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `void_epochs` (
	`tenant_id` text NOT NULL,
	`mode` text NOT NULL,
	`epoch` integer NOT NULL,
	`asked_until` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `mode`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `void_jobs` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`request` text NOT NULL,
	`is_dry_run` integer NOT NULL,
	`issued_by` text,
	`mode` text,
	`until` integer NOT NULL,
	`access_id` text NOT NULL,
	`source_ip` text NOT NULL,
	`request_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`admin_seq` integer NOT NULL,
	`admin_end` integer NOT NULL,
	`user_seq` integer NOT NULL,
	`user_end` integer NOT NULL,
	`total` integer NOT NULL,
	`voided` integer DEFAULT 0 NOT NULL,
	`in_use` integer DEFAULT 0 NOT NULL,
	`worked_at` integer NOT NULL,
	`ended_at` integer,
	PRIMARY KEY(`tenant_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `void_jobs_open` ON `void_jobs` (`tenant_id`,`worked_at`) WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX `void_jobs_by_time` ON `void_jobs` (`created_at`);--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `epoch` integer DEFAULT 0 NOT NULL;