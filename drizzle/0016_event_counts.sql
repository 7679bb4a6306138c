CREATE TABLE `agent_counts` (
	`tenant_id` text NOT NULL,
	`day_at` integer NOT NULL,
	`access_id` text NOT NULL,
	`action` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `day_at`, `access_id`, `action`)
) WITHOUT ROWID;
--> statement-breakpoint
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
