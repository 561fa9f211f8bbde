/* SPDX-License-Identifier: Apache-2.0 */
/* Local requests lineage and taint: the kernel names the file and the readers, the store the rest. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "agent/engine/server.h"

static void send_line(struct json_object *line, void *userdata)
{
	client_line(userdata, line);
}

static void draw(struct engine *engine, struct client *client, const struct hf_inode_key *key)
{
	const struct lineage_question question = {.key = key,
		.path = client->request.path,
		.policy = engine->policy,
		.line = send_line,
		.userdata = client};
	int r = lineage_draw(engine->lineage, &question);

	if (r == -ENOENT)
		client_end(client, r, "nothing is known of where %s came from or went to",
			client->request.path);
	else if (r == -ENODEV)
		client_end(client, r,
			"there is no store of what came from where: see holdfast doctor");
	else if (r < 0)
		client_end(client, r, "%s: %s", client->request.path, strerror(-r));
	else
		client_end(client, 0, "%s", "");
}

/* By what the kernel calls the file, when it is there and the sensor can say; else by its name. */
void verb_lineage(struct engine *engine, struct client *client, int fd)
{
	static struct message_request request; /* too large for the stack */

	if (fd < 0 || !client->request.name[0] || !engine->has_hello) {
		draw(engine, client, NULL);
		return;
	}
	memset(&request, 0, sizeof(request));
	request.kind = REQUEST_LABELS;
	request.uid = client->uid;
	memcpy(request.name, client->request.name, sizeof(request.name));
	memcpy(request.path, client->request.path, sizeof(request.path));
	client_ask(engine, client, &request, fd);
}

void verb_lineage_on_answer(
	struct engine *engine, struct client *client, const struct message_answer *answer)
{
	draw(engine, client, answer->error == 0 ? &answer->key : NULL);
}

void verb_taint(struct engine *engine, struct client *client, int fd)
{
	struct message_request request = {
		.kind = REQUEST_READERS, .uid = client->uid, .pid = client->request.pid};

	(void)fd; /* none is asked for */
	client->lines = 0;
	(void)lineage_write(engine->lineage, true); /* failing, the tick tells */
	client_ask(engine, client, &request, -1);
}

void verb_on_readers(
	struct engine *engine, struct client *client, const struct message_readers *readers)
{
	for (unsigned int i = 0; i < readers->count; i++) {
		const struct hf_reader *reader = &readers->readers[i];
		struct json_object *line;

		if (client->uid != 0 && reader->uid != client->uid)
			continue;
		line = lineage_reader(engine->lineage, engine->policy, reader, client->uid);
		if (!line)
			continue;
		client_line(client, line);
		client->lines++;
	}
}

void verb_taint_on_answer(struct client *client, const struct message_answer *answer)
{
	if (answer->error < 0)
		client_end(client, answer->error, "the kernel part can't be asked: %s",
			strerror(-answer->error));
	else if (!client->lines && client->request.pid)
		client_end(client, -ESRCH, "process %u%s carries no label", client->request.pid,
			client->uid == 0 ? "" : ", if it is yours,");
	else if (answer->unsent)
		client_end(client, 0, "and %u more", answer->unsent);
	else
		client_end(client, 0, "%s", client->lines ? "" : "no process carries a label");
}
