/* SPDX-License-Identifier: Apache-2.0 */
/* What a local request does: a table of who may and what runs. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/login.h"
#include "agent/engine/maintenance.h"
#include "agent/engine/overlays.h"
#include "agent/engine/server.h"
#include "agent/engine/ticket.h"
#include "agent/engine/verify.h"
#include "common/clock.h"
#include "policy/words.h"

#define JUSTIFY_MINUTES_MAX	480
#define JUSTIFY_MINUTES_DEFAULT 15
#define JUSTIFY_SINCE_MS	(UINT64_C(30) * 60 * 1000) /* a warning older than that is stale */
#define EVENTS_MAX		256			   /* lines of one answer */

struct verb {
	bool needs_root;
	void (*run)(struct engine *engine, struct client *client, int fd);
};

static void run_counters(struct engine *engine, struct client *client, int fd)
{
	struct message_request request = {.kind = REQUEST_COUNTERS};

	(void)fd; /* none is asked for */
	client_ask(engine, client, &request, -1);
}

static void run_events(struct engine *engine, struct client *client, int fd)
{
	const struct recent_event *event;
	size_t index = 0, sent = 0;

	(void)fd; /* none is asked for */
	while ((event = recent_get(engine->recent, index)) &&
		event->sequence > client->request.after)
		index++;
	while (index-- > 0 && sent < EVENTS_MAX) {
		event = recent_get(engine->recent, index);
		if (!recent_is_visible(event, client->uid))
			continue;
		client_text(client, event->json);
		sent++;
	}
	client_end(client, 0, "%s", "");
}

static const struct recent_event *last_refusal(
	const struct engine *engine, uint32_t uid, uint32_t pid)
{
	const struct recent_event *event;

	for (size_t i = 0; (event = recent_get(engine->recent, i)); i++) {
		if (!event->has_record || !recent_is_visible(event, uid))
			continue;
		if (pid && event->pid != pid && event->tgid != pid)
			continue;
		if (event->verdict >= HF_VERDICT_WARN)
			return event;
	}
	return NULL;
}

static void run_why(struct engine *engine, struct client *client, int fd)
{
	const struct recent_event *event = last_refusal(engine, client->uid, client->request.pid);

	(void)fd; /* none is asked for */
	if (!event) {
		client_end(client, -ENOENT, "nothing of yours was refused lately");
		return;
	}
	client_text(client, event->json);
	client_end(client, 0, "%s", "");
}

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	(void)json_object_object_add(object, key, value); /* no memory: a member is missing */
}

/* A cursor past the log's end is of another log, or LOCAL_FROM_NOW. */
static void run_follow(struct engine *engine, struct client *client, int fd)
{
	struct json_object *line = json_object_new_object();

	(void)fd; /* none is asked for */
	if (client->request.after > engine->sequence)
		client->request.after = engine->sequence;
	add(line, "following", json_object_new_uint64(client->request.after));
	client_line(client, line);
}

/* Not what others did, for root either: a notice is for the one who acted, but for what concerns all. */
static bool is_notice_for(const struct recent_event *event, uint32_t uid)
{
	if (event->is_for_all)
		return true;
	return event->has_record && event->verdict >= HF_VERDICT_WARN &&
	       (event->uid == uid || event->loginuid == uid);
}

/* One that does not read misses what leaves the memory meanwhile; the log has it. */
void verb_follow(const struct engine *engine, struct client *client)
{
	const struct recent_event *event;
	size_t index = 0;

	while ((event = recent_get(engine->recent, index)) &&
		event->sequence > client->request.after)
		index++;
	while (index-- > 0 && channel_is_idle(&client->channel)) {
		event = recent_get(engine->recent, index);
		client->request.after = event->sequence;
		if (is_notice_for(event, client->uid))
			client_text(client, event->json);
	}
}

/* The last warning of this very user: root does not justify for others. */
static const struct recent_event *last_warning(const struct engine *engine, uint32_t uid)
{
	const struct recent_event *event;
	uint64_t now = clock_day_ms();

	for (size_t i = 0; (event = recent_get(engine->recent, i)); i++)
		if (event->has_record && event->uid == uid && event->verdict == HF_VERDICT_WARN &&
			event->day_ms + JUSTIFY_SINCE_MS > now)
			return event;
	return NULL;
}

static void run_justify(struct engine *engine, struct client *client, int fd)
{
	const struct recent_event *event = last_warning(engine, client->uid);
	struct message_request request = {.kind = REQUEST_GRANT, .uid = client->uid};
	uint32_t minutes = client->request.minutes;

	(void)fd; /* none is asked for */
	if (!event) {
		client_end(client, -ENOENT,
			"there is nothing to justify: no act of yours was stopped with a warning "
			"in the last 30 minutes");
		return;
	}
	if (!client->request.reason[0]) {
		client_end(client, -EINVAL, "say why: holdfast justify --reason TEXT");
		return;
	}
	if (minutes > JUSTIFY_MINUTES_MAX) {
		client_end(client, -ERANGE, "at most %u minutes", JUSTIFY_MINUTES_MAX);
		return;
	}
	if (!minutes)
		minutes = JUSTIFY_MINUTES_DEFAULT;
	client->request.minutes = minutes;
	client->request.after = event->sequence;
	request.channel = event->channel;
	request.labels = event->decided;
	request.until_ktime_ns = clock_boot_ns() + minutes * UINT64_C(60) * CLOCK_SECOND_NS;
	client_ask(engine, client, &request, -1);
}

static void run_label(struct engine *engine, struct client *client, int fd)
{
	static struct message_request request; /* too large for the stack */
	int bit;

	if (fd < 0) {
		client_end(client, -EINVAL, "no directory was sent along");
		return;
	}
	memset(&request, 0, sizeof(request));
	request.uid = client->uid;
	(void)snprintf(request.name, sizeof(request.name), "%s", client->request.name);
	(void)snprintf(request.path, sizeof(request.path), "%s", client->request.path);
	request.kind = client->request.type == LOCAL_LABEL_SHOW ? REQUEST_LABELS : REQUEST_CLEAR;
	if (client->request.type == LOCAL_LABEL_SET) {
		bit = engine->policy ? policy_label_of_name(engine->policy, client->request.label)
				     : -ENOENT;
		if (bit < 0) {
			client_end(client, -ENOENT, "the policy in force has no label '%s'",
				client->request.label);
			return;
		}
		request.kind = REQUEST_MARK;
		request.labels = UINT64_C(1) << bit;
	}
	client_ask(engine, client, &request, fd);
}

static void run_reload(struct engine *engine, struct client *client, int fd)
{
	(void)fd; /* none is asked for */
	if (!policy_store_load(engine)) {
		client_end(client, -EBADMSG,
			"the policy has errors, the last one stays in force; see: holdfast policy "
			"check %s",
			engine->policy_path);
		return;
	}
	publish_policy(engine);
	client_end(client, 0, "policy '%s' version %llu taken", engine->policy->name,
		(unsigned long long)engine->policy->version);
}

static struct json_object *label_object(const struct policy_label_entry *label)
{
	struct json_object *object = json_object_new_object();
	struct json_object *channels = json_object_new_object();

	add(object, "label", json_object_new_string(label->name));
	if (label->title)
		add(object, "title", json_object_new_string(label->title));
	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++) {
		const struct policy_origin *origin = &label->origins[channel];
		struct json_object *entry;

		if (!policy_channel_name(channel))
			continue;
		entry = json_object_new_object();
		add(entry, "action",
			json_object_new_string(policy_action_name(origin->action)
						       ? policy_action_name(origin->action)
						       : "block"));
		if (origin->rule)
			add(entry, "rule", json_object_new_string(origin->rule));
		if (origin->place.file) {
			add(entry, "file", json_object_new_string(origin->place.file));
			add(entry, "line", json_object_new_uint64(origin->place.line));
		}
		add(channels, policy_channel_name(channel), entry);
	}
	add(object, "channels", channels);
	return object;
}

static void run_policy_show(struct engine *engine, struct client *client, int fd)
{
	(void)fd; /* none is asked for */
	if (!engine->policy) {
		client_end(client, -ENOENT, "there is no policy");
		return;
	}
	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
		if (engine->policy->label[bit].name)
			client_line(client, label_object(&engine->policy->label[bit]));
	client_end(client, 0, "policy '%s' version %llu%s", engine->policy->name,
		(unsigned long long)engine->policy->version,
		engine->is_policy_applied ? "" : ", not in force yet");
}

static const struct verb verbs[LOCAL_TYPE_MAX] = {
	[LOCAL_STATUS] = {false, run_counters},
	[LOCAL_DOCTOR] = {false, run_counters},
	[LOCAL_EVENTS] = {false, run_events},
	[LOCAL_WHY] = {false, run_why},
	[LOCAL_JUSTIFY] = {false, run_justify},
	[LOCAL_LABEL_SET] = {true, run_label},
	[LOCAL_LABEL_CLEAR] = {true, run_label},
	[LOCAL_LABEL_SHOW] = {false, run_label},
	[LOCAL_RELOAD] = {true, run_reload},
	[LOCAL_POLICY_SHOW] = {false, run_policy_show},
	[LOCAL_FOLLOW] = {false, run_follow},
	[LOCAL_MAINTENANCE_BEGIN] = {true, maintenance_begin},
	[LOCAL_MAINTENANCE_END] = {true, maintenance_end},
	[LOCAL_MAINTENANCE_SHOW] = {false, maintenance_show},
	[LOCAL_LINEAGE] = {true, verb_lineage},
	[LOCAL_TAINT] = {false, verb_taint},
	[LOCAL_WITNESS] = {false, verb_witness},
	[LOCAL_MARK] = {false, verb_mark},
	[LOCAL_VAULTS] = {false, verb_vaults},
	[LOCAL_VAULT_TELL] = {true, verb_vault_tell},
	[LOCAL_WIPE_PLAN] = {true, verb_wipe_plan},
	[LOCAL_WIPE_MARKS] = {true, verb_wipe_marks},
	[LOCAL_WIPE_LINEAGE] = {true, verb_wipe_lineage},
	[LOCAL_WIPE_TELL] = {true, verb_wipe_tell},
	[LOCAL_LOGIN] = {false, verb_login},
	[LOCAL_TICKET] = {false, verb_ticket},
};

void verb_run(struct engine *engine, struct client *client, int fd)
{
	const struct verb *verb = &verbs[client->request.type];

	if (!verb->run) {
		client_end(client, -EOPNOTSUPP, "this agent can't do that");
		return;
	}
	if (verb->needs_root && client->uid != 0) {
		client_end(client, -EPERM, "only root may do this");
		return;
	}
	verb->run(engine, client, fd);
}

static void note_label(struct engine *engine, const struct client *client, bool is_clear)
{
	struct event_note note = {.kind = EVENT_LABEL_CHANGED,
		.uid = client->uid,
		.has_uid = true,
		.pid = client->pid,
		.comm = "holdfast",
		.path = client->request.path};
	char text[EVENT_TEXT_MAX];

	if (is_clear)
		(void)snprintf(
			text, sizeof(text), "labels of %.1800s cleared", client->request.path);
	else
		(void)snprintf(text, sizeof(text), "label '%s' set on %.1800s",
			client->request.label, client->request.path);
	note.message = text;
	(void)journal_note(engine, &note); /* counted there */
}

static void note_justified(struct engine *engine, const struct client *client)
{
	struct json_object *details = json_object_new_object();
	struct event_note note = {.kind = EVENT_JUSTIFIED,
		.uid = client->uid,
		.has_uid = true,
		.name = engine->policy ? engine->policy->name : NULL,
		.version = engine->policy ? engine->policy->version : 0,
		.details = details};
	char text[EVENT_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "user %u justified a warning for %u minutes: %s",
		client->uid, client->request.minutes, client->request.reason);
	note.message = text;
	add(details, "justified_sequence", json_object_new_uint64(client->request.after));
	add(details, "reason", json_object_new_string(client->request.reason));
	add(details, "minutes", json_object_new_uint64(client->request.minutes));
	(void)journal_note(engine, &note); /* counted there */
	(void)json_object_put(details);	   /* the event had its own reference */
}

static void answer_label(
	struct engine *engine, struct client *client, const struct message_answer *answer)
{
	struct json_object *line;

	if (answer->error == -ELOOP) {
		client_end(client, answer->error, "%s is a symbolic link: name the file itself",
			client->request.path);
		return;
	}
	if (answer->error < 0) {
		client_end(client, answer->error, "%s: %s", client->request.path,
			strerror(-answer->error));
		return;
	}
	if (client->request.type == LOCAL_LABEL_SHOW) {
		line = json_object_new_object();
		add(line, "path", json_object_new_string(client->request.path));
		add(line, "labels", event_label_names(engine->policy, answer->labels));
		add(line, "own", event_label_names(engine->policy, answer->own));
		client_line(client, line);
	} else {
		note_label(engine, client, client->request.type == LOCAL_LABEL_CLEAR);
	}
	client_end(client, 0, "%s", "");
}

static void answer_justify(
	struct engine *engine, struct client *client, const struct message_answer *answer)
{
	if (answer->error < 0) {
		client_end(client, answer->error, "the exception could not be put in force: %s",
			strerror(-answer->error));
		return;
	}
	note_justified(engine, client);
	client_end(client, 0, "allowed for %u minutes; this is on record. Try again now.",
		client->request.minutes);
}

static void answer_status(
	struct engine *engine, struct client *client, const struct message_answer *answer)
{
	struct json_object *status = report_status(engine, answer->counters);
	struct json_object *verify = verify_object(engine, client->uid);

	if (verify)
		add(status, "verify", verify);
	client_line(client, status);
	client_end(client, 0, "%s", "");
}

void verb_on_answer(
	struct engine *engine, struct client *client, const struct message_answer *answer)
{
	switch (client->request.type) {
	case LOCAL_STATUS:
		answer_status(engine, client, answer);
		break;
	case LOCAL_DOCTOR:
		report_doctor(engine, client, answer->counters);
		client_end(client, 0, "%s", "");
		break;
	case LOCAL_MAINTENANCE_BEGIN:
	case LOCAL_MAINTENANCE_END:
	case LOCAL_MAINTENANCE_SHOW:
		maintenance_on_answer(engine, client, answer);
		break;
	case LOCAL_LINEAGE:
		verb_lineage_on_answer(engine, client, answer);
		break;
	case LOCAL_TAINT:
		verb_taint_on_answer(client, answer);
		break;
	case LOCAL_TICKET:
		verb_ticket_on_answer(engine, client, answer);
		break;
	case LOCAL_JUSTIFY:
		answer_justify(engine, client, answer);
		break;
	default:
		answer_label(engine, client, answer);
	}
}
