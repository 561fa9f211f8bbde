/* SPDX-License-Identifier: Apache-2.0 */
/* What is written down of a vault comes back, and anything else is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/vault/record.h"

#define WHOLE                                                               \
	"path /srv/books and more\nlabel finance\n"                         \
	"label-id 3f2b8c1e-52d4-4c7a-9a10-6f0e5d4c3b2a\ngeneration 3\n"     \
	"key 000102030405060708090a0b0c0d0e0f\nway image\nphase changing\n" \
	"held yes\ninode 4711\nsettled 1796052550710265762\nsize 65536\n"

static char directory[] = "/tmp/vault-record-XXXXXX";

static int place(void)
{
	int fd;

	cr_assert(mkdtemp(directory));
	fd = record_directory(directory);
	cr_assert_geq(fd, 0);
	return fd;
}

Test(vault_record, comes_back)
{
	int fd = place();
	struct record record, again;
	char names[RECORD_MAX][RECORD_NAME_SIZE];

	cr_assert_eq(record_parse(WHOLE, &record), 0);
	cr_expect_str_eq(record.path, "/srv/books and more");
	cr_expect_eq(record.generation, 3);
	cr_expect_eq(record.identifier[15], 15);
	cr_expect_eq(record.way, RECORD_WAY_IMAGE);
	cr_expect_eq(record.phase, RECORD_CHANGING);
	cr_expect(record.is_held);
	(void)snprintf(record.name, sizeof(record.name), "books");
	cr_assert_eq(record_write(fd, &record), 0);
	memset(&again, 0xa5, sizeof(again));
	cr_assert_eq(record_read(fd, "books", &again), 0);
	cr_expect_str_eq(again.name, "books");
	cr_expect_str_eq(again.path, record.path);
	cr_expect_str_eq(again.label, "finance");
	cr_expect_arr_eq(again.label_id, record.label_id, sizeof(record.label_id));
	cr_expect_arr_eq(again.identifier, record.identifier, sizeof(record.identifier));
	cr_expect_eq(again.old_inode, 4711);
	cr_expect_eq(again.settled_ns, UINT64_C(1796052550710265762));
	cr_expect_eq(again.size_bytes, 65536);
	cr_assert_eq(record_list(fd, names), 1);
	cr_expect_str_eq(names[0], "books");
	cr_assert_eq(record_remove(fd, "books"), 0);
	cr_expect_eq(record_read(fd, "books", &again), -ENOENT);
	(void)close(fd);
	(void)rmdir(directory);
}

Test(vault_record, names_lead_nowhere_else)
{
	int fd = place();
	struct record record;

	cr_assert_eq(record_parse(WHOLE, &record), 0);
	cr_expect_eq(record_read(fd, "../books", &record), -EINVAL);
	cr_expect_eq(record_read(fd, "", &record), -EINVAL);
	cr_expect_eq(record_read(fd, "abcdefghijklmnopqrstuvwxyzabcdefghi", &record), -EINVAL);
	(void)snprintf(record.name, sizeof(record.name), "a/b");
	cr_expect_eq(record_write(fd, &record), -EINVAL);
	(void)snprintf(record.name, sizeof(record.name), "books");
	(void)snprintf(record.path, sizeof(record.path), "/srv/a\nphase ready");
	cr_expect_eq(record_write(fd, &record), -EINVAL, "a path that would be another line");
	(void)close(fd);
	(void)rmdir(directory);
}

/* Each line left out, twice, or cut: never half a record. */
Test(vault_record, less_or_more_is_refused)
{
	struct record record, before;
	char text[sizeof(WHOLE) + 128];

	memset(&record, 0x5a, sizeof(record));
	before = record;
	for (size_t size = 0; size + 1 < sizeof(WHOLE) - 1; size++) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)size, WHOLE);
		cr_expect_eq(record_parse(text, &record), -EBADMSG, "%zu bytes", size);
	}
	for (const char *line = WHOLE; *line; line = strchr(line, '\n') + 1) {
		const char *next = strchr(line, '\n') + 1;

		(void)snprintf(text, sizeof(text), "%.*s%s", (int)(line - WHOLE), WHOLE, next);
		cr_expect_eq(record_parse(text, &record), -EBADMSG, "without %.10s", line);
		(void)snprintf(text, sizeof(text), "%s%.*s", WHOLE, (int)(next - line), line);
		cr_expect_eq(record_parse(text, &record), -EBADMSG, "twice %.10s", line);
	}
	cr_expect_eq(record_parse(WHOLE "more 1\n", &record), -EBADMSG);
	cr_expect_arr_eq(&record, &before, sizeof(record), "untouched");
}

Test(vault_record, bad_values_are_refused)
{
	static const char *const changes[][2] = {{"path /srv", "path srv"},
		{"way image", "way out"}, {"phase changing", "phase two"},
		{"held yes", "held maybe"}, {"inode 4711", "inode -1"},
		{"inode 4711", "inode 18446744073709551616"},
		{"generation 3", "generation 4294967296"}, {"key 0001", "key 000"},
		{"key 0001", "key zz01"}, {"key 0001", "key 00010"},
		{"label-id 3f2b8c1e-", "label-id 3f2b8c1e"}, {"size 65536", "size "}};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *at = strstr(WHOLE, changes[i][0]);
		char text[sizeof(WHOLE) + 64];
		struct record record;

		cr_assert(at, "%s", changes[i][0]);
		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - WHOLE), WHOLE,
			changes[i][1], at + strlen(changes[i][0]));
		cr_expect_eq(record_parse(text, &record), -EBADMSG, "%s", changes[i][1]);
	}
}
