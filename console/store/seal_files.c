/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/seal_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "console/store/seal_list.h"
#include "console/store/service.h"

#define NAME_SIZE 64
#define PREFIX	  "seal-"
#define SUFFIX	  ".key"

static void name_of(const uint8_t id[HPKE_KEY_ID_SIZE], char ret_name[NAME_SIZE])
{
	char text[SEAL_ID_TEXT];

	seal_key_id_format(id, text);
	(void)snprintf(ret_name, NAME_SIZE, PREFIX "%s" SUFFIX, text);
}

static bool is_earlier(const char *name)
{
	size_t size = strlen(name);

	return size == strlen(PREFIX SUFFIX) + SEAL_ID_TEXT - 1 &&
	       !strncmp(name, PREFIX, strlen(PREFIX)) &&
	       !strcmp(name + size - strlen(SUFFIX), SUFFIX);
}

static int open_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int read_key(int directory, const char *name, uint8_t ret_key[HPKE_KEY_SIZE])
{
	auto_close int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint8_t bytes[HPKE_KEY_SIZE + 1];
	ssize_t size;

	if (fd < 0)
		return -errno;
	size = read(fd, bytes, sizeof(bytes));
	if (size == HPKE_KEY_SIZE)
		memcpy(ret_key, bytes, HPKE_KEY_SIZE);
	explicit_bzero(bytes, sizeof(bytes));
	return size == HPKE_KEY_SIZE ? 0 : size < 0 ? -errno : -EBADMSG;
}

static int write_key(int directory, const char *name, const uint8_t key[HPKE_KEY_SIZE])
{
	const struct file_content content = {
		.bytes = key, .size = HPKE_KEY_SIZE, .mode = 0600, .group = FILE_GROUP_NONE};

	return file_replace(directory, name, &content);
}

static int copy_key(int directory, const char *from, const char *to)
{
	uint8_t key[HPKE_KEY_SIZE];
	int r = read_key(directory, from, key);

	if (r == 0)
		r = write_key(directory, to, key);
	explicit_bzero(key, sizeof(key));
	return r;
}

int seal_file_current(const char *directory, uint8_t ret_key[HPKE_KEY_SIZE])
{
	auto_close int fd = open_directory(directory);

	return fd < 0 ? fd : read_key(fd, SERVICE_SEAL_KEY, ret_key);
}

int seal_file_earlier(
	const char *directory, const uint8_t id[HPKE_KEY_ID_SIZE], uint8_t ret_key[HPKE_KEY_SIZE])
{
	auto_close int fd = open_directory(directory);
	char name[NAME_SIZE];

	name_of(id, name);
	return fd < 0 ? fd : read_key(fd, name, ret_key);
}

int seal_files_earlier(const char *directory,
	int (*take)(const uint8_t key[HPKE_KEY_SIZE], void *userdata), void *userdata)
{
	DIR *entries = opendir(directory);
	uint8_t key[HPKE_KEY_SIZE];
	struct dirent *entry;
	int r = 0;

	if (!entries)
		return -errno;
	while (r == 0 && (entry = readdir(entries)) != NULL) {
		if (!is_earlier(entry->d_name))
			continue;
		r = read_key(dirfd(entries), entry->d_name, key);
		if (r == 0)
			r = take(key, userdata);
		explicit_bzero(key, sizeof(key));
	}
	(void)closedir(entries); /* was read only */
	return r;
}

/* Files first: a key of which nothing else knows does no harm, one that nobody has would. */
int seal_file_rotate(const char *directory, const uint8_t current[HPKE_KEY_ID_SIZE],
	const uint8_t next[HPKE_KEY_SIZE])
{
	auto_close int fd = open_directory(directory);
	char name[NAME_SIZE];
	int r;

	if (fd < 0)
		return fd;
	name_of(current, name);
	r = copy_key(fd, SERVICE_SEAL_KEY, name);
	return r < 0 ? r : write_key(fd, SERVICE_SEAL_KEY, next);
}

int seal_file_put_back(const char *directory, const uint8_t id[HPKE_KEY_ID_SIZE])
{
	auto_close int fd = open_directory(directory);
	char name[NAME_SIZE];

	name_of(id, name);
	return fd < 0 ? fd : copy_key(fd, name, SERVICE_SEAL_KEY);
}

int seal_file_remove(const char *directory, const uint8_t id[HPKE_KEY_ID_SIZE])
{
	static const uint8_t zeros[HPKE_KEY_SIZE];
	auto_close int directory_fd = open_directory(directory);
	auto_close int fd = -EBADF;
	char name[NAME_SIZE];

	if (directory_fd < 0)
		return directory_fd;
	name_of(id, name);
	fd = openat(directory_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (pwrite(fd, zeros, sizeof(zeros), 0) < 0 || fsync(fd) < 0 ||
		unlinkat(directory_fd, name, 0) < 0 || fsync(directory_fd) < 0)
		return -errno;
	return 0;
}
