/* SPDX-License-Identifier: Apache-2.0 */
/* The policy library's source, from disk or from one archive file. */
#include "policy/host/policy_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/bytes.h"
#include "common/file.h"

#define ARCHIVE_MAGIC 0x31504648u /* "HFP1" */
#define ENTRY_FILE    1
#define ENTRY_PATTERN 2 /* text: the paths it stood for, each with its NUL */

struct entry {
	uint8_t kind;
	char *name;
	char *text;
	size_t size;
};

struct policy_files {
	struct entry entries[POLICY_FILES_MAX];
	size_t count;
	bool is_archive;
};

struct policy_files *policy_files_new(void)
{
	return calloc(1, sizeof(struct policy_files));
}

void policy_files_free(struct policy_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < files->count; i++) {
		free(files->entries[i].name);
		free(files->entries[i].text);
	}
	free(files);
}

const char *policy_files_root(const struct policy_files *files)
{
	return files->count ? files->entries[0].name : "";
}

bool policy_files_next(const struct policy_files *files, size_t *at, struct policy_file *ret_file)
{
	while (*at < files->count) {
		const struct entry *entry = &files->entries[(*at)++];

		if (entry->kind != ENTRY_FILE)
			continue;
		*ret_file = (struct policy_file){entry->name, entry->text, entry->size};
		return true;
	}
	return false;
}

static const struct entry *entry_find(
	const struct policy_files *files, uint8_t kind, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->entries[i].kind == kind && !strcmp(files->entries[i].name, name))
			return &files->entries[i];
	return NULL;
}

static int entry_add(
	struct policy_files *files, uint8_t kind, const char *name, const char *text, size_t size)
{
	struct entry entry = {.kind = kind, .size = size};

	if (entry_find(files, kind, name))
		return 0;
	if (files->count == POLICY_FILES_MAX)
		return -E2BIG;
	entry.name = strdup(name);
	entry.text = malloc(size + 1);
	if (!entry.name || !entry.text) {
		free(entry.name);
		free(entry.text);
		return -ENOMEM;
	}
	if (size)
		memcpy(entry.text, text, size);
	entry.text[size] = '\0';
	files->entries[files->count++] = entry;
	return 0;
}

static int file_read(const char *path, size_t size_max, char **ret_text, size_t *ret_size)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	auto_free char *text = NULL;
	struct stat status;
	size_t used = 0;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	if ((size_t)status.st_size > size_max)
		return -EFBIG;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (used < (size_t)status.st_size) {
		ssize_t got = read(fd, text + used, (size_t)status.st_size - used);

		if (got < 0)
			return -errno;
		if (got == 0)
			break; /* it shrank meanwhile */
		used += (size_t)got;
	}
	text[used] = '\0';
	*ret_size = used;
	*ret_text = take_ptr(text);
	return 0;
}

static int source_read(const char *path, char **ret_text, size_t *ret_size, void *userdata)
{
	struct policy_files *files = userdata;
	auto_free char *text = NULL;
	size_t size;
	int r;

	if (files->is_archive) {
		const struct entry *entry = entry_find(files, ENTRY_FILE, path);

		if (!entry)
			return -ENOENT;
		text = malloc(entry->size + 1);
		if (!text)
			return -ENOMEM;
		memcpy(text, entry->text, entry->size + 1);
		*ret_size = entry->size;
		*ret_text = take_ptr(text);
		return 0;
	}
	r = file_read(path, POLICY_FILE_SIZE_MAX, &text, &size);
	if (r < 0)
		return r;
	r = entry_add(files, ENTRY_FILE, path, text, size);
	if (r < 0)
		return r;
	*ret_size = size;
	*ret_text = take_ptr(text);
	return 0;
}

static void paths_free(char **paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
}

/* NUL-ended names in a row to an array of copies. */
static int paths_split(const char *text, size_t size, char ***ret_paths, size_t *ret_count)
{
	char **paths = calloc(POLICY_FILE_MAX + 1, sizeof(*paths));
	size_t count = 0;

	if (!paths)
		return -ENOMEM;
	for (size_t at = 0; at < size; at += strlen(text + at) + 1) {
		if (count > POLICY_FILE_MAX) {
			paths_free(paths, count);
			return -E2BIG;
		}
		paths[count] = strdup(text + at);
		if (!paths[count++]) {
			paths_free(paths, count);
			return -ENOMEM;
		}
	}
	*ret_paths = paths;
	*ret_count = count;
	return 0;
}

static int expand_on_disk(struct policy_files *files, const char *pattern)
{
	auto_free char *text = NULL;
	glob_t found = {0};
	size_t size = 0;
	int r = glob(pattern, GLOB_NOESCAPE, NULL, &found);

	if (r != 0 && r != GLOB_NOMATCH) {
		globfree(&found);
		return r == GLOB_NOSPACE ? -ENOMEM : -EIO;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		size += strlen(found.gl_pathv[i]) + 1;
	text = malloc(size + 1);
	size = 0;
	for (size_t i = 0; text && i < found.gl_pathc; i++) {
		memcpy(text + size, found.gl_pathv[i], strlen(found.gl_pathv[i]) + 1);
		size += strlen(found.gl_pathv[i]) + 1;
	}
	globfree(&found);
	return text ? entry_add(files, ENTRY_PATTERN, pattern, text, size) : -ENOMEM;
}

static int source_expand(const char *pattern, char ***ret_paths, size_t *ret_count, void *userdata)
{
	struct policy_files *files = userdata;
	const struct entry *entry;
	int r;

	if (!files->is_archive) {
		r = expand_on_disk(files, pattern);
		if (r < 0)
			return r;
	}
	entry = entry_find(files, ENTRY_PATTERN, pattern);
	if (!entry)
		return -ENOENT;
	return paths_split(entry->text, entry->size, ret_paths, ret_count);
}

void policy_files_source(struct policy_files *files, struct policy_source *ret_source)
{
	*ret_source = (struct policy_source){
		.read = source_read, .expand = source_expand, .userdata = files};
}

int policy_files_pack(const struct policy_files *files, uint8_t **ret_bytes, size_t *ret_size)
{
	auto_free uint8_t *bytes = malloc(POLICY_ARCHIVE_MAX);
	struct bytes_writer writer;

	if (!bytes)
		return -ENOMEM;
	bytes_writer_init(&writer, bytes, POLICY_ARCHIVE_MAX);
	bytes_put_u32(&writer, ARCHIVE_MAGIC);
	bytes_put_u32(&writer, (uint32_t)files->count);
	for (size_t i = 0; i < files->count; i++) {
		bytes_put_u8(&writer, files->entries[i].kind);
		bytes_put_string(&writer, files->entries[i].name);
		bytes_put_u32(&writer, (uint32_t)files->entries[i].size);
		bytes_put_blob(&writer, files->entries[i].text, files->entries[i].size);
	}
	if (writer.is_full)
		return -EFBIG;
	*ret_size = writer.used;
	*ret_bytes = take_ptr(bytes);
	return 0;
}

int policy_files_store(const struct policy_files *files, const char *path)
{
	struct file_content content = {.mode = 0600, .group = FILE_GROUP_NONE};
	const char *slash = strrchr(path, '/');
	auto_free char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	auto_free uint8_t *bytes = NULL;
	auto_close int fd = -EBADF;
	int r;

	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = policy_files_pack(files, &bytes, &content.size);
	if (r < 0)
		return r;
	content.bytes = bytes;
	return file_replace(fd, slash ? slash + 1 : path, &content);
}

static int entry_load(struct policy_files *files, struct bytes_reader *reader)
{
	uint8_t kind = bytes_get_u8(reader);
	char name[PATH_MAX];
	uint32_t size;
	int r;

	bytes_get_string(reader, name, sizeof(name));
	size = bytes_get_u32(reader);
	if (reader->is_bad || size > reader->left || (kind != ENTRY_FILE && kind != ENTRY_PATTERN))
		return -EBADMSG;
	if (kind == ENTRY_PATTERN && size && reader->at[size - 1] != '\0')
		return -EBADMSG;
	r = entry_add(files, kind, name, (const char *)reader->at, size);
	if (r < 0)
		return r;
	reader->at += size;
	reader->left -= size;
	return 0;
}

int policy_files_unpack(struct policy_files *files, const void *bytes, size_t size)
{
	struct bytes_reader reader;
	uint32_t magic, count;
	int r;

	bytes_reader_init(&reader, bytes, size);
	magic = bytes_get_u32(&reader);
	count = bytes_get_u32(&reader);
	if (reader.is_bad || magic != ARCHIVE_MAGIC || !count || count > POLICY_FILES_MAX)
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		r = entry_load(files, &reader);
		if (r < 0)
			return r;
	}
	if (!bytes_is_done(&reader) || files->entries[0].kind != ENTRY_FILE)
		return -EBADMSG;
	files->is_archive = true;
	return 0;
}

int policy_files_load(struct policy_files *files, const char *path)
{
	auto_free char *text = NULL;
	size_t size;
	int r;

	r = file_read(path, POLICY_ARCHIVE_MAX, &text, &size);
	if (r < 0)
		return r;
	return policy_files_unpack(files, text, size);
}
