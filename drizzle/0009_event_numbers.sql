CREATE TABLE `log_marks` (
	`tenant_id` text PRIMARY KEY NOT NULL,
	`closed_until` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `admin_events` ADD `seq` integer;--> statement-breakpoint
ALTER TABLE `admin_events` ADD `logged_at` integer;--> statement-breakpoint
CREATE INDEX `admin_events_by_seq` ON `admin_events` (`tenant_id`,`seq`) WHERE seq IS NOT NULL;--> statement-breakpoint
ALTER TABLE `user_events` ADD `seq` integer;--> statement-breakpoint
ALTER TABLE `user_events` ADD `logged_at` integer;--> statement-breakpoint
CREATE INDEX `user_events_by_seq` ON `user_events` (`tenant_id`,`seq`) WHERE seq IS NOT NULL;--> statement-breakpoint
CREATE INDEX `user_events_by_user` ON `user_events` (`tenant_id`,`user_id`,`seq`) WHERE seq IS NOT NULL;--> statement-breakpoint
UPDATE `admin_events` SET `seq` = `n`.`nth`, `logged_at` = `n`.`at` FROM (SELECT `tenant_id` AS `t`, `id` AS `i`, row_number() OVER (PARTITION BY `tenant_id` ORDER BY `occurred_at`, `id`) AS `nth`, `occurred_at` AS `at` FROM `admin_events`) AS `n` WHERE `tenant_id` = `n`.`t` AND `id` = `n`.`i`;--> statement-breakpoint
UPDATE `user_events` SET `seq` = `n`.`nth`, `logged_at` = `n`.`at` FROM (SELECT `tenant_id` AS `t`, `occurred_at` AS `o`, `id` AS `i`, row_number() OVER (PARTITION BY `tenant_id` ORDER BY `occurred_at`, `id`) AS `nth`, `occurred_at` AS `at` FROM `user_events` WHERE `occurred_at` % 3600000 <> 0) AS `n` WHERE `tenant_id` = `n`.`t` AND `occurred_at` = `n`.`o` AND `id` = `n`.`i`;--> statement-breakpoint
CREATE TRIGGER `admin_events_numbered` AFTER INSERT ON `admin_events` BEGIN UPDATE `admin_events` SET `seq` = coalesce((SELECT `seq` FROM `admin_events` INDEXED BY `admin_events_by_seq` WHERE `tenant_id` = NEW.`tenant_id` AND `seq` > 0 ORDER BY `seq` DESC LIMIT 1), 0) + 1, `logged_at` = max(CAST(unixepoch('subsec') * 1000 AS INTEGER), coalesce((SELECT `logged_at` FROM `admin_events` INDEXED BY `admin_events_by_seq` WHERE `tenant_id` = NEW.`tenant_id` AND `seq` > 0 ORDER BY `seq` DESC LIMIT 1), 0)) WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`id`; END;--> statement-breakpoint
CREATE TRIGGER `user_events_numbered` AFTER INSERT ON `user_events` WHEN NEW.`occurred_at` % 3600000 <> 0 BEGIN UPDATE `user_events` SET `seq` = coalesce((SELECT `seq` FROM `user_events` INDEXED BY `user_events_by_seq` WHERE `tenant_id` = NEW.`tenant_id` AND `seq` > 0 ORDER BY `seq` DESC LIMIT 1), 0) + 1, `logged_at` = max(CAST(unixepoch('subsec') * 1000 AS INTEGER), coalesce((SELECT `logged_at` FROM `user_events` INDEXED BY `user_events_by_seq` WHERE `tenant_id` = NEW.`tenant_id` AND `seq` > 0 ORDER BY `seq` DESC LIMIT 1), 0)) WHERE `tenant_id` = NEW.`tenant_id` AND `occurred_at` = NEW.`occurred_at` AND `id` = NEW.`id`; END;
