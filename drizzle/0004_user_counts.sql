CREATE TABLE `user_counts` (
	`tenant_id` text NOT NULL,
	`block` text NOT NULL,
	`users` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `block`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `users_by_id` ON `users` (`tenant_id`,`id`);--> statement-breakpoint
INSERT INTO `user_counts` SELECT `tenant_id`, substr(`id`, 1, 2), count(*) FROM `users` GROUP BY 1, 2;--> statement-breakpoint
CREATE TRIGGER `users_counted_in` AFTER INSERT ON `users` BEGIN INSERT INTO `user_counts` VALUES (NEW.`tenant_id`, substr(NEW.`id`, 1, 2), 1) ON CONFLICT (`tenant_id`, `block`) DO UPDATE SET `users` = `users` + 1; END;--> statement-breakpoint
CREATE TRIGGER `users_counted_out` AFTER DELETE ON `users` BEGIN UPDATE `user_counts` SET `users` = `users` - 1 WHERE `tenant_id` = OLD.`tenant_id` AND `block` = substr(OLD.`id`, 1, 2); END;
