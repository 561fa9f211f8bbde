/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of what is being destroyed: read as it was written, and nothing that nobody here wrote. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/wipe/journal.h"

static const struct journal sample = {
	.phase = JOURNAL_FILES,
	.is_counted = true,
	.receipt = {.tenant = "11111111-2222-4333-8444-555555555555",
		.device = {1, 2},
		.order = 7,
		.what = LEASE_ORDER_WIPE,
		.begun_s = 10,
		.ended_s = 10,
		.removed = 64},
};

Test(wipe_journal, is_read_as_it_was_written)
{
	char directory[] = "/tmp/hf-journal-XXXXXX", path[64];
	struct journal journal = sample, read;
	int fd;

	cr_assert(mkdtemp(directory));
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_expect_eq(journal_read(fd, &read), -ENOENT);
	for (unsigned int phase = JOURNAL_KEYS; phase < JOURNAL_PHASE_MAX; phase++) {
		journal.phase = (enum journal_phase)phase;
		journal.is_counted = phase % 2;
		cr_assert_eq(journal_write(fd, &journal), 0);
		cr_assert_eq(journal_read(fd, &read), 0);
		cr_expect_eq(memcmp(&read, &journal, sizeof(read)), 0, "%u", phase);
	}
	(void)snprintf(path, sizeof(path), "%s/journal", directory);
	cr_expect_eq(unlink(path), 0);
	cr_expect_eq(rmdir(directory), 0, "nothing else is left there");
	(void)close(fd);
}

Test(wipe_journal, what_nobody_here_wrote_is_none)
{
	static const char *const changes[][2] = {{"phase files", "phase fire"},
		{"phase files", "phase done "}, {"counted yes", "counted maybe"},
		{"counted yes\n", ""}, {"removed 64", "removed 064"}, {"removed 64", "removed -1"},
		{"what wipe", "what nothing"},
		{"holdfast-wipe-receipt 1", "holdfast-wipe-receipt 2"}};
	char text[JOURNAL_MAX], changed[JOURNAL_MAX + 16];
	struct journal read;
	int size = journal_format(&sample, text);

	cr_assert(size > 0, "%d", size);
	cr_assert_eq(journal_parse(text, (size_t)size, &read), 0, "control");
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char *at = strstr(text, changes[i][0]);
		int length;

		cr_assert(at, "%s", changes[i][0]);
		length = snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text,
			changes[i][1], at + strlen(changes[i][0]));
		cr_expect_eq(journal_parse(changed, (size_t)length, &read), -EBADMSG, "%s",
			changes[i][1]);
	}
	for (int i = 0; i < size; i++)
		cr_expect_eq(journal_parse(text, (size_t)i, &read), -EBADMSG, "cut off at %d", i);
}
