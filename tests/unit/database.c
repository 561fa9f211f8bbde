/* SPDX-License-Identifier: Apache-2.0 */
/* index.db: bits and numbers stay what they were; marks come back after a reopening. */
#include "agent/engine/database.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static char path[64];

static void begin(void)
{
	(void)snprintf(path, sizeof(path), "/tmp/holdfast-db-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	(void)strcat(path, "/index.db");
}

static void end(void)
{
	char command[128];

	*strrchr(path, '/') = '\0';
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", path);
	(void)!system(command); /* /tmp is cleaned anyway */
}

TestSuite(database, .init = begin, .fini = end);

static struct database *open_it(void)
{
	struct database *database = NULL;

	cr_assert_eq(database_open(path, &database), 0);
	return database;
}

static int bit_of(struct database *database, unsigned int number)
{
	uint8_t uuid[16] = {(uint8_t)number, 1};
	char name[16];

	(void)snprintf(name, sizeof(name), "label-%u", number);
	return database_label_bit(database, uuid, name);
}

static struct message_marked mark_of(uint64_t ino, uint64_t labels)
{
	struct message_marked marked = {
		.key = {.ino = ino, .generation = 3}, .mark = {.labels = labels}};

	(void)snprintf(marked.volume, sizeof(marked.volume), "uuid:x");
	(void)snprintf(marked.path, sizeof(marked.path), "/srv/%lu", (unsigned long)ino);
	return marked;
}

Test(database, bits_are_for_good)
{
	struct database *database = open_it();
	int first = bit_of(database, 1), second = bit_of(database, 2);

	cr_expect_neq(first, second);
	cr_expect_eq(bit_of(database, 1), first);
	database_free(database);
	database = open_it();
	cr_expect_eq(bit_of(database, 2), second);
	cr_expect_eq(bit_of(database, 1), first);
	database_free(database);
}

Test(database, sixty_four_and_no_more_unless_one_is_dead)
{
	struct database *database = open_it();
	struct message_marked marked;

	database_labels_begin(database);
	for (unsigned int i = 0; i < HF_LABEL_MAX; i++)
		cr_assert_geq(bit_of(database, i), 0);
	cr_expect_eq(bit_of(database, 100), -ENOSPC, "all are asked for");
	for (unsigned int i = 1; i < HF_LABEL_MAX; i++) {
		marked = mark_of(i, UINT64_C(1) << bit_of(database, i));
		cr_assert_eq(database_mark(database, &marked), 0);
	}
	database_labels_begin(database);
	cr_expect_eq(bit_of(database, 100), 0, "the one that no file carries");
	cr_expect_eq(bit_of(database, 101), -ENOSPC, "files carry all others");
	database_free(database);
}

Test(database, marks_come_back)
{
	struct database *database = open_it();
	struct message_marked marked = mark_of(UINT64_MAX, UINT64_C(1) << 63);
	struct database_mark marks[8];
	int64_t cursor = 0;

	cr_assert_eq(database_mark(database, &marked), 0);
	marked = mark_of(5, 2);
	cr_assert_eq(database_mark(database, &marked), 0);
	marked.mark.labels = 3;
	cr_assert_eq(database_mark(database, &marked), 0);
	marked = mark_of(6, 1);
	cr_assert_eq(database_mark(database, &marked), 0);
	marked.mark.labels = 0;
	cr_assert_eq(database_mark(database, &marked), 0);
	database_free(database);
	database = open_it();
	cr_assert_eq(database_marks_of(database, "uuid:x", &cursor, marks, 8), 2);
	cr_expect_eq(marks[0].key.ino, UINT64_MAX);
	cr_expect_eq(marks[0].mark.labels, UINT64_C(1) << 63);
	cr_expect_eq(marks[1].mark.labels, 3);
	cr_expect_eq(marks[1].key.generation, 3);
	cr_expect_eq(database_marks_of(database, "uuid:x", &cursor, marks, 8), 0);
	cursor = 0;
	cr_expect_eq(database_marks_of(database, "uuid:y", &cursor, marks, 8), 0);
	cr_expect_eq(database_mark_count(database), 2);
	database_free(database);
}

Test(database, application_numbers)
{
	struct database *database = open_it();
	int vim, less;

	database_apps_begin(database);
	vim = database_app_number(database, "vim");
	less = database_app_number(database, "less");
	cr_expect_geq(vim, 1);
	cr_expect_neq(vim, less);
	cr_expect_eq(database_app_number(database, "vim"), vim);
	database_free(database);
}

Test(database, not_a_database)
{
	struct database *database = NULL;
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file);
	for (int i = 0; i < 1000; i++)
		(void)fputs("no database ", file);
	cr_assert_eq(fclose(file), 0);
	cr_expect_eq(database_open(path, &database), -EBADMSG);
	cr_expect_null(database);
}
