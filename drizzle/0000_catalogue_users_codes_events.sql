CREATE TABLE `admin_events` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`occurred_at` integer NOT NULL,
	`access_id` text NOT NULL,
	`action` text NOT NULL,
	`mode` text,
	`user_id` text,
	`target` text NOT NULL,
	`result` text NOT NULL,
	`source_ip` text NOT NULL,
	`request_id` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `api_keys` (
	`access_id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`public_jwk` text NOT NULL,
	`role` text NOT NULL,
	`description` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE INDEX `api_keys_by_tenant` ON `api_keys` (`tenant_id`);--> statement-breakpoint
CREATE TABLE `reset_codes` (
	`user_id` text NOT NULL,
	`mode` text NOT NULL,
	`tenant_id` text NOT NULL,
	`code_id` text NOT NULL,
	`digest` text NOT NULL,
	`pepper_id` text NOT NULL,
	`issued_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`ended_at` integer,
	`ended_as` text,
	PRIMARY KEY(`user_id`, `mode`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `tenant_hosts` (
	`hostname` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `tenant_hosts_by_tenant` ON `tenant_hosts` (`tenant_id`);--> statement-breakpoint
CREATE TABLE `tenants` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`policy` text NOT NULL,
	`database` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`email` text NOT NULL,
	`email_key` text NOT NULL,
	`user_name` text NOT NULL,
	`user_name_key` text NOT NULL,
	`status` text NOT NULL,
	`attributes` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_by_email` ON `users` (`tenant_id`,`email_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_by_user_name` ON `users` (`tenant_id`,`user_name_key`);