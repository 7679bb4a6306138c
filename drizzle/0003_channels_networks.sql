ALTER TABLE `admin_events` ADD `channel` text;--> statement-breakpoint
ALTER TABLE `admin_events` ADD `destination` text;--> statement-breakpoint
ALTER TABLE `user_events` ADD `networks` text;--> statement-breakpoint
ALTER TABLE `user_events` ADD `channel` text;--> statement-breakpoint
ALTER TABLE `user_events` ADD `destination` text;