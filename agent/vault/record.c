/* SPDX-License-Identifier: Apache-2.0 */
/* Lines "word value", each word once; a file that says less or more is refused, not guessed at. */
#include "agent/vault/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/hex.h"

#define SUFFIX	 ".vault"
#define TEXT_MAX 8192

enum word {
	WORD_PATH,
	WORD_LABEL,
	WORD_LABEL_ID,
	WORD_GENERATION,
	WORD_KEY,
	WORD_WAY,
	WORD_PHASE,
	WORD_HELD,
	WORD_INODE,
	WORD_SETTLED,
	WORD_SIZE,
	WORD_MAX,
};

static const char *const words[WORD_MAX] = {"path", "label", "label-id", "generation", "key", "way",
	"phase", "held", "inode", "settled", "size"};
static const char *const ways[] = {"direct", "image", NULL};
static const char *const phases[] = {"copying", "changing", "discarding", "ready", NULL};
static const char *const answers[] = {"no", "yes", NULL};

int record_directory(const char *path)
{
	int fd;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static int file_name(const char *name, char ret_name[NAME_MAX + 1])
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (!size || name[size] || size >= RECORD_NAME_SIZE)
		return -EINVAL;
	(void)snprintf(ret_name, NAME_MAX + 1, "%s" SUFFIX, name);
	return 0;
}

static bool text_take(const char *value, char *ret_text, size_t size)
{
	return *value && (size_t)snprintf(ret_text, size, "%s", value) < size;
}

static bool number_take(const char *value, uint64_t most, uint64_t *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoull(value, &end, 10);
	return *value >= '0' && *value <= '9' && !*end && !errno && *ret_number <= most;
}

static bool choice_take(const char *value, const char *const *choices, unsigned int *ret_choice)
{
	for (*ret_choice = 0; choices[*ret_choice]; (*ret_choice)++)
		if (!strcmp(choices[*ret_choice], value))
			return true;
	return false;
}

static bool value_take(enum word word, const char *value, struct record *record)
{
	unsigned int choice = 0;
	uint64_t number = 0;
	bool is_good = false;

	switch (word) {
	case WORD_PATH:
		return *value == '/' && text_take(value, record->path, sizeof(record->path));
	case WORD_LABEL:
		return text_take(value, record->label, sizeof(record->label));
	case WORD_LABEL_ID:
		return uuid_parse(value, record->label_id) == 0;
	case WORD_GENERATION:
		is_good = number_take(value, UINT32_MAX, &number);
		record->generation = (uint32_t)number;
		return is_good;
	case WORD_KEY:
		return hex_read(value, record->identifier, sizeof(record->identifier));
	case WORD_WAY:
		is_good = choice_take(value, ways, &choice);
		record->way = (enum record_way)choice;
		return is_good;
	case WORD_PHASE:
		is_good = choice_take(value, phases, &choice);
		record->phase = (enum record_phase)choice;
		return is_good;
	case WORD_HELD:
		is_good = choice_take(value, answers, &choice);
		record->is_held = choice == 1U;
		return is_good;
	case WORD_INODE:
		return number_take(value, UINT64_MAX, &record->old_inode);
	case WORD_SETTLED:
		return number_take(value, UINT64_MAX, &record->settled_ns);
	case WORD_SIZE:
		return number_take(value, UINT64_MAX, &record->size_bytes);
	case WORD_MAX:
		break;
	}
	return false;
}

int record_parse(const char *text, struct record *ret_record)
{
	auto_free char *copy = strdup(text);
	struct record record = {0};
	unsigned int seen = 0;
	char *next = copy;

	if (!copy)
		return -ENOMEM;
	while (next && *next) {
		char *line = strsep(&next, "\n"), *value = strchr(line, ' ');
		unsigned int word;

		if (!value || !next) /* the last line has its end, too */
			return -EBADMSG;
		*value++ = '\0';
		for (word = 0; word < WORD_MAX && strcmp(words[word], line) != 0;)
			word++;
		if (word == WORD_MAX || (seen & 1U << word) ||
			!value_take((enum word)word, value, &record))
			return -EBADMSG;
		seen |= 1U << word;
	}
	if (seen != (1U << WORD_MAX) - 1)
		return -EBADMSG;
	*ret_record = record;
	return 0;
}

int record_read(int directory_fd, const char *name, struct record *ret_record)
{
	auto_close int fd = -EBADF;
	auto_free char *text = NULL;
	char file[NAME_MAX + 1];
	size_t size;
	int r;

	r = file_name(name, file);
	if (r < 0)
		return r;
	fd = openat(directory_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	r = file_read_all(fd, TEXT_MAX, &text, &size);
	if (r < 0)
		return r;
	if (strlen(text) != size)
		return -EBADMSG;
	r = record_parse(text, ret_record);
	if (r == 0)
		(void)snprintf(ret_record->name, sizeof(ret_record->name), "%s", name);
	return r;
}

int record_write(int directory_fd, const struct record *record)
{
	char file[NAME_MAX + 1], id[UUID_TEXT_SIZE], key[2 * CIPHER_IDENTIFIER_SIZE + 1];
	struct file_content content = {.mode = 0644, .group = FILE_GROUP_NONE};
	auto_free char *text = NULL;
	int r;

	r = file_name(record->name, file);
	if (r < 0)
		return r;
	if (strchr(record->path, '\n'))
		return -EINVAL;
	uuid_format(record->label_id, id);
	hex_write(record->identifier, CIPHER_IDENTIFIER_SIZE, key);
	r = asprintf(&text,
		"path %s\nlabel %s\nlabel-id %s\ngeneration %" PRIu32 "\nkey %s\nway %s\nphase %s\n"
		"held %s\ninode %" PRIu64 "\nsettled %" PRIu64 "\nsize %" PRIu64 "\n",
		record->path, record->label, id, record->generation, key, ways[record->way],
		phases[record->phase], answers[record->is_held], record->old_inode,
		record->settled_ns, record->size_bytes);
	if (r < 0)
		return -ENOMEM;
	content.bytes = text;
	content.size = (size_t)r;
	return file_replace(directory_fd, file, &content);
}

int record_remove(int directory_fd, const char *name)
{
	char file[NAME_MAX + 1];
	int r = file_name(name, file);

	if (r < 0)
		return r;
	if (unlinkat(directory_fd, file, 0) < 0 || fsync(directory_fd) < 0)
		return -errno;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int record_list(int directory_fd, char ret_names[RECORD_MAX][RECORD_NAME_SIZE])
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			(void)close(fd); /* only read */
		return -errno;
	}
	while ((entry = readdir(directory)) && count < RECORD_MAX) {
		size_t size = strlen(entry->d_name);
		char file[NAME_MAX + 1];

		if (size <= strlen(SUFFIX) || size - strlen(SUFFIX) >= RECORD_NAME_SIZE ||
			strcmp(entry->d_name + size - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		(void)snprintf(ret_names[count], RECORD_NAME_SIZE, "%.*s",
			(int)(size - strlen(SUFFIX)), entry->d_name);
		if (file_name(ret_names[count], file) == 0)
			count++;
	}
	(void)closedir(directory); /* only read */
	qsort(ret_names, (size_t)count, RECORD_NAME_SIZE, by_name);
	return count;
}

int record_beside(const struct record *record, const char *suffix, char ret_name[NAME_MAX + 1])
{
	int size = snprintf(ret_name, NAME_MAX + 1, ".holdfast-vault-%s%s", record->name, suffix);

	return size > NAME_MAX ? -ENAMETOOLONG : 0;
}
