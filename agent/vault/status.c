/* SPDX-License-Identifier: Apache-2.0 */
/* What there is, and how it stands, as the kernel says. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/vault/cipher.h"
#include "agent/vault/image.h"
#include "agent/vault/vault.h"
#include "common/cleanup.h"
#include "common/print.h"

static const char *const phases[] = {"moving in: being copied", "moving in: changing places",
	"moving in: the folder is being wiped", NULL};

/* A word for programs, and for people. */
static const char *state_of(const struct record *record, enum print_style *ret_style)
{
	auto_close int fd = -EBADF;
	enum cipher_key key;
	int r;

	*ret_style = PRINT_WARN;
	/* To look does not mount what is not mounted. */
	if (record->way == RECORD_WAY_IMAGE && image_is_mounted(record->name) == 0) {
		*ret_style = PRINT_DIM;
		return "locked";
	}
	fd = place_anchor(record);
	r = fd < 0 ? fd : cipher_key(fd, record->identifier, &key);
	if (r < 0) {
		*ret_style = PRINT_BAD;
		return r == -ENOENT ? "missing" : "unknown";
	}
	switch (key) {
	case CIPHER_KEY_THERE:
		*ret_style = PRINT_GOOD;
		return "unlocked";
	case CIPHER_KEY_LEAVING:
		return "held";
	case CIPHER_KEY_GONE:
		break;
	}
	*ret_style = PRINT_DIM;
	return "locked";
}

static void print_one(const struct record *record)
{
	enum print_style style;
	const char *state = state_of(record, &style);
	struct json_object *line;

	if (vault_options.is_json) {
		line = json_object_new_object();
		(void)json_object_object_add(line, "vault", json_object_new_string(record->name));
		(void)json_object_object_add(line, "path", json_object_new_string(record->path));
		(void)json_object_object_add(line, "label", json_object_new_string(record->label));
		(void)json_object_object_add(
			line, "generation", json_object_new_uint64(record->generation));
		(void)json_object_object_add(line, "way",
			json_object_new_string(
				record->way == RECORD_WAY_DIRECT ? "direct" : "image"));
		(void)json_object_object_add(line, "state", json_object_new_string(state));
		(void)json_object_object_add(
			line, "is_moving", json_object_new_boolean(record->phase != RECORD_READY));
		(void)json_object_object_add(
			line, "is_held_locked", json_object_new_boolean(record->is_held));
		(void)puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN));
		(void)json_object_put(line); /* freed */
		return;
	}
	print_clean(record->name);
	(void)fputs("  ", stdout);
	print_styled(style, "%s", state);
	(void)fputs("  ", stdout);
	print_clean(record->path);
	(void)printf("  (label %s, key generation %u%s%s%s%s)\n", record->label, record->generation,
		record->way == RECORD_WAY_IMAGE ? ", in an image" : "",
		record->is_held ? ", locked by hand" : "",
		record->phase != RECORD_READY ? ", " : "",
		record->phase != RECORD_READY ? phases[record->phase] : "");
}

int vault_status(const char *name)
{
	/* To look makes nothing: who may not make the directory may ask, too. */
	auto_close int state_fd = open(
		vault_options.state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	bool is_none = state_fd < 0 && errno == ENOENT;
	char names[RECORD_MAX][RECORD_NAME_SIZE];
	int count = state_fd < 0 ? -errno : record_list(state_fd, names);
	int status = VAULT_DONE, r;
	struct record record;

	if (is_none)
		count = 0;
	if (count < 0) {
		(void)fprintf(stderr, "holdfast: '%s': %s\n", vault_options.state_directory,
			strerror(-count));
		return VAULT_REFUSED;
	}
	if (name) {
		(void)snprintf(names[0], sizeof(names[0]), "%s", name);
		count = 1;
	}
	for (int i = 0; i < count; i++) {
		r = is_none ? -ENOENT : record_read(state_fd, names[i], &record);
		if (r == 0)
			print_one(&record);
		else
			status = vault_complain(
				names[i], "%s", r == -ENOENT ? "there is none here" : strerror(-r));
	}
	if (!count && !vault_options.is_json)
		(void)puts("There is no vault on this device.");
	return status;
}
