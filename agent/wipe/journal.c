/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/wipe/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent/ipc/wipe.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/signed_text.h"

static const char *const phases[JOURNAL_PHASE_MAX] = {[JOURNAL_KEYS] = "keys",
	[JOURNAL_FILES] = "files",
	[JOURNAL_VAULTS] = "vaults",
	[JOURNAL_LINEAGE] = "lineage",
	[JOURNAL_RECEIPT] = "receipt",
	[JOURNAL_DELIVERY] = "delivery",
	[JOURNAL_DONE] = "done"};

int journal_format(const struct journal *journal, char ret_text[JOURNAL_MAX])
{
	int head = snprintf(ret_text, JOURNAL_MAX, "phase %s\ncounted %s\n", phases[journal->phase],
		journal->is_counted ? "yes" : "no");
	char text[WIPE_RECEIPT_TEXT];
	int size = wipe_receipt_write(&journal->receipt, text);

	if (size < 0)
		return size;
	memcpy(ret_text + head, text, (size_t)size + 1); /* fits: JOURNAL_MAX */
	return head + size;
}

int journal_parse(const char *text, size_t size, struct journal *ret_journal)
{
	struct signing_reader reader = {text, size};
	struct journal journal = {0};
	char phase[16], counted[8];
	size_t read_size;

	if (signing_line(&reader, "phase", phase, sizeof(phase)) < 0 ||
		signing_line(&reader, "counted", counted, sizeof(counted)) < 0 ||
		wipe_receipt_parse(reader.at, reader.left, false, &journal.receipt, &read_size) < 0)
		return -EBADMSG;
	for (unsigned int i = JOURNAL_KEYS; i < JOURNAL_PHASE_MAX; i++)
		if (!strcmp(phases[i], phase))
			journal.phase = (enum journal_phase)i;
	journal.is_counted = !strcmp(counted, "yes");
	if (!journal.phase || (!journal.is_counted && strcmp(counted, "no") != 0))
		return -EBADMSG;
	*ret_journal = journal;
	return 0;
}

int journal_read(int directory_fd, struct journal *ret_journal)
{
	auto_close int fd = openat(
		directory_fd, WIPE_JOURNAL, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	auto_free char *text = NULL;
	size_t size;
	int r;

	if (fd < 0)
		return -errno;
	r = file_read_all(fd, JOURNAL_MAX, &text, &size);
	return r < 0 ? r : journal_parse(text, size, ret_journal);
}

int journal_write(int directory_fd, const struct journal *journal)
{
	char text[JOURNAL_MAX];
	struct file_content content = {.bytes = text, .mode = 0644, .group = FILE_GROUP_NONE};
	int size = journal_format(journal, text);

	if (size < 0)
		return size;
	content.size = (size_t)size;
	return file_replace(directory_fd, WIPE_JOURNAL, &content);
}
