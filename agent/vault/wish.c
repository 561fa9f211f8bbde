/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the engine, on its local socket, as `holdfast` asks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent/ipc/request.h"
#include "agent/vault/vault.h"
#include "common/answer_channel.h"
#include "common/cleanup.h"
#include "common/json.h"

/* 0, what the engine says in the end, or -ECONNREFUSED without one. */
static int ask(struct local_request *request, int passed_fd, struct answer_reading *reading)
{
	auto_close int fd = local_connect(vault_options.runtime_directory, 0);
	uint8_t buffer[LOCAL_REQUEST_MAX];
	struct bytes_writer frame;
	int r;

	if (fd < 0)
		return -ECONNREFUSED;
	local_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	if (r > 0)
		r = channel_packet(fd, buffer, frame.used, passed_fd);
	if (r == 0)
		r = answer_read(fd, reading);
	return r < 0 ? -ECONNREFUSED : reading->error;
}

struct search {
	const char *name;
	struct vault_wish wish;
	bool is_found;
};

static void on_line(struct json_object *object, const char *text, void *userdata)
{
	struct search *search = userdata;
	struct vault_wish *wish = &search->wish;

	(void)text; /* the object is that */
	if (strcmp(json_text(object, "vault"), search->name) != 0)
		return;
	search->is_found = (size_t)snprintf(wish->path, sizeof(wish->path), "%s",
				   json_text(object, "path")) < sizeof(wish->path) &&
			   (size_t)snprintf(wish->label, sizeof(wish->label), "%s",
				   json_text(object, "label")) < sizeof(wish->label) &&
			   uuid_parse(json_text(object, "label_id"), wish->label_id) == 0;
	wish->size_bytes = json_number(object, "size");
}

int wish_ask(const char *name, struct vault_wish *ret_wish)
{
	struct local_request request = {.type = LOCAL_VAULTS};
	struct search search = {.name = name};
	struct answer_reading reading = {.line = on_line, .userdata = &search};
	int r = ask(&request, -1, &reading);

	if (r < 0)
		return r;
	if (!search.is_found)
		return -ENOENT;
	*ret_wish = search.wish;
	return 0;
}

static void no_line(struct json_object *object, const char *text, void *userdata)
{
	(void)object; /* the words at the end say it */
	(void)text;
	(void)userdata;
}

int wish_mark(const char *path, const char *label)
{
	struct local_request request = {.type = LOCAL_LABEL_SET};
	struct answer_reading reading = {.line = no_line};
	const char *name = strrchr(path, '/');
	auto_close int fd = -EBADF;
	char above[PATH_MAX];

	if (!name || !name[1] || strlen(path) >= sizeof(above))
		return -EINVAL;
	(void)snprintf(above, sizeof(above), "%.*s", name == path ? 1 : (int)(name - path), path);
	fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if ((size_t)snprintf(request.name, sizeof(request.name), "%s", name + 1) >=
			sizeof(request.name) ||
		(size_t)snprintf(request.label, sizeof(request.label), "%s", label) >=
			sizeof(request.label) ||
		(size_t)snprintf(request.path, sizeof(request.path), "%s", path) >=
			sizeof(request.path))
		return -ENAMETOOLONG;
	return ask(&request, fd, &reading);
}

void wish_look_again(void)
{
	struct local_request request = {.type = LOCAL_RELOAD};
	struct answer_reading reading = {.line = no_line};

	(void)ask(&request, -1, &reading); /* the sensor watches these places itself, too */
}

void wish_tell(const struct record *record, enum local_vault_event what, const char *words)
{
	struct local_request request = {.type = LOCAL_VAULT_TELL, .event = what};
	struct answer_reading reading = {.line = no_line};

	(void)snprintf(request.vault, sizeof(request.vault), "%s", record ? record->name : "");
	(void)snprintf(request.path, sizeof(request.path), "%s", record ? record->path : "");
	(void)snprintf(request.reason, sizeof(request.reason), "%s", words);
	(void)ask(&request, -1, &reading); /* without an agent nobody keeps events */
}
