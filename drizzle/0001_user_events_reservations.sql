CREATE TABLE `user_events` (
	`tenant_id` text NOT NULL,
	`occurred_at` integer NOT NULL,
	`id` text NOT NULL,
	`user_id` text,
	`action` text NOT NULL,
	`reason` text NOT NULL,
	`count` integer DEFAULT 1 NOT NULL,
	`last_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `occurred_at`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `voided_at` integer;--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `reservation_id` text;--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `reserved_until` integer;