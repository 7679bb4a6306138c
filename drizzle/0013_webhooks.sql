CREATE TABLE `webhook_deliveries` (
	`tenant_id` text NOT NULL,
	`webhook_id` text NOT NULL,
	`log` text NOT NULL,
	`seq` integer NOT NULL,
	`type` text NOT NULL,
	`queued_at` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`last_at` integer,
	`last_status` text,
	`next_at` integer,
	`ended_as` text,
	PRIMARY KEY(`tenant_id`, `webhook_id`, `log`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `webhook_deliveries_due` ON `webhook_deliveries` (`tenant_id`,`webhook_id`,`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `webhook_deliveries_by_time` ON `webhook_deliveries` (`tenant_id`,`webhook_id`,`queued_at`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`url` text NOT NULL,
	`events` text,
	`description` text NOT NULL,
	`secret` text NOT NULL,
	`old_secret` text,
	`old_secret_until` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`disabled_at` integer,
	`disabled_as` text,
	`admin_seq` integer NOT NULL,
	`user_seq` integer NOT NULL,
	`admin_until` integer NOT NULL,
	`user_until` integer NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`failing_since` integer,
	`paused_until` integer DEFAULT 0 NOT NULL,
	`slow_until` integer DEFAULT 0 NOT NULL,
	`wake_at` integer,
	`lease_id` text,
	`leased_until` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `tenants` ADD `has_webhooks` integer DEFAULT false NOT NULL;