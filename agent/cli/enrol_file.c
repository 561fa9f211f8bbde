/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate of many lines is written indented below 'ca =', as inih continues values. */
#include "agent/cli/enrol_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

struct reading {
	struct enrol_file file;
	const char *path, *rest; /* of the text */
	char error[ENROL_FILE_ERROR_SIZE];
	int line;
};

static int complain(struct reading *reading, int line, const char *what, const char *which)
{
	if (!reading->error[0])
		(void)snprintf(reading->error, sizeof(reading->error), "%.100s:%d: %s%.60s",
			reading->path, line, what, which);
	return 0;
}

/* inih does not tell its handler the line, and takes what is behind its bound for another one. */
static char *on_line(char *text, int size, void *userdata)
{
	struct reading *reading = userdata;
	size_t length = strcspn(reading->rest, "\n");

	if (!*reading->rest)
		return NULL;
	reading->line++;
	length += reading->rest[length] == '\n';
	if (length >= (size_t)size) {
		(void)complain(reading, reading->line, "too long a line", "");
		return NULL;
	}
	memcpy(text, reading->rest, length);
	text[length] = '\0';
	reading->rest += length;
	return text;
}

/* One value a key, but for the lines of a certificate. */
static int set_text(
	struct reading *reading, char *ret_text, size_t size, const char *key, const char *value)
{
	if (ret_text[0])
		return complain(reading, reading->line, "given twice: ", key);
	if (!*value)
		return complain(reading, reading->line, "without a value: ", key);
	if (strlen(value) >= size)
		return complain(reading, reading->line, "too long: ", key);
	(void)snprintf(ret_text, size, "%s", value);
	return 1;
}

static int add_ca(struct reading *reading, const char *value)
{
	size_t used = strlen(reading->file.ca);

	if (used + strlen(value) + 2 > sizeof(reading->file.ca))
		return complain(reading, reading->line, "too long: ", "ca");
	if (*value)
		(void)snprintf(
			reading->file.ca + used, sizeof(reading->file.ca) - used, "%s\n", value);
	return 1;
}

static int on_pair(void *userdata, const char *section, const char *key, const char *value)
{
	struct reading *reading = userdata;
	struct enrol_file *file = &reading->file;
	const struct {
		const char *key;
		char *text;
		size_t size;
	} texts[] = {
		{"console", file->consoles, sizeof(file->consoles)},
		{"ca-file", file->ca_path, sizeof(file->ca_path)},
		{"token", file->token, sizeof(file->token)},
		{"token-file", file->token_path, sizeof(file->token_path)},
		{"name", file->name, sizeof(file->name)},
		{"proxy", file->proxy, sizeof(file->proxy)},
		{"key", file->key, sizeof(file->key)},
	};

	if (strcmp(section, "enrol") != 0)
		return complain(reading, reading->line, "no such section: ", section);
	if (!strcmp(key, "ca"))
		return add_ca(reading, value);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(key, texts[i].key))
			return set_text(reading, texts[i].text, texts[i].size, key, value);
	/* Which one is not said: a token without its key would be one. */
	return complain(reading, reading->line, "no such key", "");
}

static void check_whole(struct reading *reading)
{
	const struct enrol_file *file = &reading->file;
	const char *key = file->key;

	if (!file->consoles[0])
		(void)complain(reading, 0, "missing: ", "console");
	if (!file->ca[0] == !file->ca_path[0])
		(void)complain(reading, 0, "wanted is one of two: ", "ca, ca-file");
	if (!file->token[0] == !file->token_path[0])
		(void)complain(reading, 0, "wanted is one of two: ", "token, token-file");
	if (key[0] && strcmp(key, "auto") != 0 && strcmp(key, "tpm") != 0 &&
		strcmp(key, "file") != 0)
		(void)complain(reading, 0, "neither auto, tpm nor file: ", "key");
}

int enrol_file_parse(const char *path, const char *text, struct enrol_file *ret_file,
	char ret_error[ENROL_FILE_ERROR_SIZE])
{
	static struct reading reading; /* too large for the stack */
	int line, r = 0;

	reading = (struct reading){.path = path, .rest = text};
	ret_error[0] = '\0';
	line = ini_parse_stream(on_line, &reading, on_pair, &reading);
	if (line != 0)
		(void)complain(&reading, line > 0 ? line : 0, "not understood", "");
	else
		check_whole(&reading);
	if (reading.error[0]) {
		(void)snprintf(ret_error, ENROL_FILE_ERROR_SIZE, "%s", reading.error);
		r = -EINVAL;
	} else {
		*ret_file = reading.file;
	}
	explicit_bzero(&reading, sizeof(reading));
	return r;
}

static int say(char ret_error[ENROL_FILE_ERROR_SIZE], const char *path, const char *what, int error)
{
	(void)snprintf(ret_error, ENROL_FILE_ERROR_SIZE, "%.150s: %.90s", path, what);
	return error;
}

int enrol_file_read(
	const char *path, struct enrol_file *ret_file, char ret_error[ENROL_FILE_ERROR_SIZE])
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	char *text = NULL;
	size_t size;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0) {
		r = -errno;
		return say(ret_error, path, strerror(-r), r);
	}
	if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & 077))
		return say(ret_error, path,
			"must be a file of root's that nobody else may read (chmod 600)", -EINVAL);
	r = file_read_all(fd, ENROL_FILE_MAX, &text, &size);
	if (r < 0)
		return say(ret_error, path, strerror(-r), r);
	if (strlen(text) != size)
		r = say(ret_error, path, "has a zero byte in it", -EINVAL);
	else
		r = enrol_file_parse(path, text, ret_file, ret_error);
	explicit_bzero(text, size);
	free(text);
	return r;
}

int enrol_file_erase(const char *path)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	char copy[PATH_MAX];
	auto_close int directory_fd = -EBADF;
	int r;

	if (fd < 0)
		return -errno;
	r = file_overwrite(fd);
	if (r < 0)
		return r;
	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -ENAMETOOLONG;
	directory_fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd < 0 || unlink(path) < 0 || fsync(directory_fd) < 0)
		return -errno;
	return 0;
}
