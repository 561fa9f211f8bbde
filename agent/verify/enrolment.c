/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/verify/enrolment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

#define HEAD	  "holdfast-verify 1"
#define NAME_SIZE 16

static const char digits[] = "0123456789abcdef";

/* A word of hexadecimal, of any size up to most. Bytes, or -EBADMSG. */
static int hex_get(const char *word, uint8_t *ret_bytes, size_t most)
{
	size_t size = strlen(word);

	if (!size || size % 2 || size / 2 > most || strspn(word, digits) != size)
		return -EBADMSG;
	for (size_t i = 0; i < size / 2; i++)
		ret_bytes[i] = (uint8_t)((strchr(digits, word[2 * i]) - digits) << 4 |
					 (strchr(digits, word[2 * i + 1]) - digits));
	return (int)(size / 2);
}

static int number_get(const char *word, uint64_t most, uint64_t *ret_number)
{
	char *end;

	if (!word || strspn(word, "0123456789") != strlen(word) || !*word)
		return -EBADMSG;
	errno = 0;
	*ret_number = strtoull(word, &end, 10);
	return errno || *end || *ret_number > most ? -EBADMSG : 0;
}

static int totp_get(char **words, struct enrolment *enrolment)
{
	const char *key = strsep(words, " "), *step = strsep(words, " ");

	if (enrolment->has_totp || !key || !step || *words ||
		hex_get(key, enrolment->totp_key, TOTP_KEY_SIZE) != TOTP_KEY_SIZE)
		return -EBADMSG;
	enrolment->has_totp = true;
	return number_get(step, UINT64_MAX, &enrolment->totp_step);
}

static int key_get(char **words, struct enrolment *enrolment)
{
	const char *credential = strsep(words, " "), *public_key = strsep(words, " ");
	const char *counter = strsep(words, " "), *flags = strsep(words, " ");
	struct enrolment_key *key = &enrolment->keys[enrolment->key_count];
	uint64_t number;
	int r;

	if (enrolment->key_count == ENROLMENT_KEY_MAX || !flags || *words)
		return -EBADMSG;
	r = hex_get(credential, key->credential, sizeof(key->credential));
	if (r < 0)
		return r;
	key->credential_size = (uint16_t)r;
	if (hex_get(public_key, key->public_key, ASSERTION_KEY_SIZE) != ASSERTION_KEY_SIZE)
		return -EBADMSG;
	r = number_get(counter, UINT32_MAX, &number);
	if (r < 0)
		return r;
	key->counter = (uint32_t)number;
	r = number_get(flags, UINT8_MAX, &number);
	key->flags = (uint8_t)number;
	enrolment->key_count++;
	return r;
}

static int line_get(char *line, struct enrolment *enrolment)
{
	const char *kind = strsep(&line, " ");
	uint64_t number;
	int r;

	if (!strcmp(kind, "totp"))
		return totp_get(&line, enrolment);
	if (!strcmp(kind, "key"))
		return key_get(&line, enrolment);
	if (strcmp(kind, "failed"))
		return -EBADMSG;
	r = number_get(line, UINT32_MAX, &number);
	if (r == 0)
		enrolment->failed = (uint32_t)number;
	return r;
}

int enrolment_parse(char *text, struct enrolment *ret_enrolment)
{
	const char *head = strsep(&text, "\n");
	char *line;
	int r;

	*ret_enrolment = (struct enrolment){0};
	if (strcmp(head, HEAD) != 0)
		return -EBADMSG;
	while ((line = strsep(&text, "\n"))) {
		if (!*line && !text)
			return 0;
		r = line_get(line, ret_enrolment);
		if (r < 0)
			return r;
	}
	return -EBADMSG; /* the last line has no end */
}

struct text {
	char *at;
	size_t left;
	bool is_full;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *text, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text->at, text->left, format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= text->left) {
		text->is_full = true;
		return;
	}
	text->at += size;
	text->left -= (size_t)size;
}

static void put_hex(struct text *text, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put(text, "%02x", bytes[i]);
}

int enrolment_format(const struct enrolment *enrolment, char *ret_text, size_t size)
{
	struct text text = {.at = ret_text, .left = size};

	put(&text, HEAD "\nfailed %u\n", enrolment->failed);
	if (enrolment->has_totp) {
		put(&text, "totp ");
		put_hex(&text, enrolment->totp_key, TOTP_KEY_SIZE);
		put(&text, " %" PRIu64 "\n", enrolment->totp_step);
	}
	for (unsigned int i = 0; i < enrolment->key_count; i++) {
		const struct enrolment_key *key = &enrolment->keys[i];

		put(&text, "key ");
		put_hex(&text, key->credential, key->credential_size);
		put(&text, " ");
		put_hex(&text, key->public_key, ASSERTION_KEY_SIZE);
		put(&text, " %u %u\n", key->counter, key->flags);
	}
	return text.is_full ? -EMSGSIZE : (int)(size - text.left);
}

static void name_of(uint32_t uid, char ret_name[NAME_SIZE])
{
	(void)snprintf(ret_name, NAME_SIZE, "%u", uid);
}

int enrolment_read(int directory_fd, uint32_t uid, struct enrolment *ret_enrolment)
{
	auto_close int fd = -EBADF;
	auto_free char *text = NULL;
	char name[NAME_SIZE];
	size_t size = 0;
	int r;

	name_of(uid, name);
	fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		*ret_enrolment = (struct enrolment){0};
		return 0;
	}
	if (fd < 0)
		return -errno;
	r = file_read_all(fd, ENROLMENT_TEXT_MAX, &text, &size);
	if (r < 0)
		return r;
	r = strlen(text) == size ? enrolment_parse(text, ret_enrolment) : -EBADMSG;
	explicit_bzero(text, size);
	return r;
}

int enrolment_write(int directory_fd, uint32_t uid, const struct enrolment *enrolment)
{
	char text[ENROLMENT_TEXT_MAX], name[NAME_SIZE];
	struct file_content content = {.bytes = text, .mode = 0600, .group = FILE_GROUP_NONE};
	int r;

	name_of(uid, name);
	if (!enrolment->has_totp && !enrolment->key_count && !enrolment->failed)
		return unlinkat(directory_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	r = enrolment_format(enrolment, text, sizeof(text));
	if (r > 0) {
		content.size = (size_t)r;
		r = file_replace(directory_fd, name, &content);
	}
	explicit_bzero(text, sizeof(text));
	return r;
}

void enrolment_clear(struct enrolment *enrolment)
{
	explicit_bzero(enrolment, sizeof(*enrolment));
}
