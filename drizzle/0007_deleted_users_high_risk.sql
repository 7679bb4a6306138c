CREATE TABLE `deleted_users` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`email` text NOT NULL,
	`email_key` text NOT NULL,
	`user_name` text NOT NULL,
	`user_name_key` text NOT NULL,
	`status` text NOT NULL,
	`attributes` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`high_risk_at` integer,
	`deleted_at` integer NOT NULL,
	`deleted_by` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `deleted_users_by_tenant` ON `deleted_users` (`tenant_id`);--> statement-breakpoint
CREATE INDEX `deleted_users_by_time` ON `deleted_users` (`deleted_at`);--> statement-breakpoint
CREATE TABLE `spent_budgets` (
	`tenant_id` text NOT NULL,
	`digest` text NOT NULL,
	`failures` integer NOT NULL,
	`client_failures` text NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `digest`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `spent_budgets_by_time` ON `spent_budgets` (`expires_at`);--> statement-breakpoint
ALTER TABLE `users` ADD `high_risk_at` integer;--> statement-breakpoint
CREATE INDEX `users_at_high_risk` ON `users` (`tenant_id`,`id`) WHERE high_risk_at IS NOT NULL;