/* SPDX-License-Identifier: Apache-2.0 */
/* What status and doctor say, as JSON; the command line makes words of it. */
#include <json-c/json.h>

#include "agent/engine/browsers.h"
#include "agent/engine/json.h"
#include "agent/engine/label_keys.h"
#include "agent/engine/maintenance.h"
#include "agent/engine/overlays.h"
#include "agent/engine/server.h"
#include "agent/engine/zones.h"
#include "common/clock.h"
#include "policy/protection.h"
#include "policy/words.h"

static unsigned int unlabelled_places(const struct engine *engine)
{
	unsigned int count = 0;

	for (size_t i = 0; i < engine->state_count; i++)
		if (!engine->states[i].app)
			count++;
	return count;
}

/* A policy none of whose paths could be labelled protects nothing, whatever hooks are in. */
bool report_is_enforcing(const struct engine *engine)
{
	return engine->hello.is_enforcing && engine->is_policy_applied &&
	       (engine->place_count || !unlabelled_places(engine));
}

static struct json_object *kernel_object(const struct engine *engine)
{
	struct json_object *kernel = json_object_new_object();
	struct json_object *missing = json_object_new_array();

	json_add_bool(kernel, "enforcing", report_is_enforcing(engine));
	json_add_bool(kernel, "loaded", engine->hello.is_enforcing);
	json_add_bool(kernel, "bpf_lsm", engine->hello.has_bpf_lsm);
	json_add_bool(kernel, "adopted", engine->hello.was_adopted);
	for (unsigned int i = 0; i < engine->hello.missing_count; i++)
		(void)json_object_array_add(
			missing, json_object_new_string(engine->hello.missing[i]));
	json_add(kernel, "missing", missing);
	return kernel;
}

static struct json_object *policy_object(const struct engine *engine)
{
	struct json_object *policy = json_object_new_object();

	json_add_text(
		policy, "path", engine->managed.version ? "the console" : engine->policy_path);
	json_add_number(policy, "bundle", engine->managed.version);
	if (!engine->policy)
		return policy;
	json_add_text(policy, "name", engine->policy->name);
	json_add_number(policy, "version", engine->policy->version);
	json_add_bool(policy, "applied", engine->is_policy_applied);
	json_add_bool(policy, "last_good", engine->is_policy_last_good);
	json_add_number(policy, "since", engine->policy_day_ms);
	json_add(policy, "labels", event_label_names(engine->policy, engine->policy->labels));
	json_add(policy, "rehearsed",
		event_label_names(engine->policy, engine->policy->gates.rehearse));
	return policy;
}

/*
 * made = delivered + coalesced + lost + pending, where pending waits in the ring. Lost are those
 * that the ring had no room for and those that could not become an event.
 */
static struct json_object *events_object(
	const struct engine *engine, const uint64_t counters[static HF_COUNTER_MAX])
{
	struct json_object *events = json_object_new_object();
	uint64_t made = counters[HF_COUNTER_MADE], delivered = engine->accounting.delivered;
	uint64_t coalesced = counters[HF_COUNTER_COALESCED], dropped = engine->accounting.dropped;
	uint64_t sent = counters[HF_COUNTER_SENT], lost = counters[HF_COUNTER_LOST] + dropped;

	json_add_number(events, "made", made);
	json_add_number(events, "delivered", delivered);
	json_add_number(events, "coalesced", coalesced);
	json_add_number(events, "lost", lost);
	json_add_number(
		events, "pending", sent > delivered + dropped ? sent - delivered - dropped : 0);
	json_add_bool(events, "agrees", made == delivered + coalesced + lost);
	json_add_number(events, "handed_over_again", engine->accounting.again);
	json_add_number(events, "refused", counters[HF_COUNTER_REFUSED]);
	json_add_number(events, "audited", counters[HF_COUNTER_AUDITED]);
	json_add_number(events, "labelled_readers", counters[HF_COUNTER_TAINTED]);
	json_add_number(events, "index_full", counters[HF_COUNTER_INDEX_FULL]);
	json_add_number(events, "no_memory", counters[HF_COUNTER_NO_MEMORY]);
	json_add_number(events, "guard", counters[HF_COUNTER_GUARD]);
	json_add_number(events, "guard_full", counters[HF_COUNTER_GUARD_FULL]);
	json_add_number(events, "gone_full", counters[HF_COUNTER_GONE_FULL]);
	json_add_number(events, "forgotten", counters[HF_COUNTER_FORGOTTEN]);
	json_add_number(events, "too_deep", counters[HF_COUNTER_TOO_DEEP]);
	json_add_number(events, "log_sequence", engine->sequence);
	return events;
}

struct json_object *report_status(
	const struct engine *engine, const uint64_t counters[static HF_COUNTER_MAX])
{
	struct json_object *status = json_object_new_object();
	struct json_object *keys = label_keys_object(engine), *wipe = wipe_object(engine),
			   *watermark = overlays_object(engine);
	unsigned int troubles = 0;

	for (unsigned int i = 0; i < FAILURE_REASON_MAX; i++)
		if (engine->failures[i].count)
			troubles++;
	json_add_text(status, "version", HOLDFAST_VERSION);
	json_add(status, "kernel", kernel_object(engine));
	json_add(status, "policy", policy_object(engine));
	json_add(status, "network", zones_status(engine));
	json_add(status, "browsers", browsers_status(engine));
	json_add(status, "events", events_object(engine, counters));
	json_add(status, "trust", trust_object(engine));
	if (wipe)
		json_add(status, "wipe", wipe);
	if (keys)
		json_add(status, "keys", keys);
	if (watermark)
		json_add(status, "watermark", watermark);
	json_add(status, "posture", posture_object(engine));
	json_add_number(status, "lineage_dropped", lineage_counts(engine->lineage).dropped);
	json_add_number(status, "lineage_trimmed", lineage_counts(engine->lineage).trimmed);
	json_add_number(status, "programs_verified", engine->program_count);
	json_add_number(status, "places_marked", engine->place_count);
	json_add_number(status, "places_unlabelled", unlabelled_places(engine));
	if (engine->database)
		json_add(status, "marks",
			json_object_new_int64(database_mark_count(engine->database)));
	json_add_number(status, "failures", troubles);
	return status;
}

static struct json_object *line_of(const char *kind, const char *name)
{
	struct json_object *line = json_object_new_object();

	json_add_text(line, "kind", kind);
	json_add_text(line, "name", name);
	return line;
}

static void doctor_channels(struct engine *engine, struct client *client)
{
	static const struct {
		unsigned int channel;
		const char *text;
		uint32_t open; /* HF_OPEN_*; 0: the channel's own bit */
	} coverage[] = {
		{HF_CHANNEL_OPEN, "opening, mapping and running labelled files, every road", 0},
		{HF_CHANNEL_REMOVABLE, "files on USB, SD, Thunderbolt and unknown devices", 0},
		{HF_CHANNEL_NETSHARE, "nfs, cifs, 9p, FUSE and other shared file systems", 0},
		{HF_CHANNEL_NETWORK, "TCP, UDP, raw, packet and other families, by destination", 0},
		{HF_CHANNEL_LOCAL_FILE, "local files written by labelled readers", 0},
		{HF_CHANNEL_RAWDISK, "block devices, mounted or not", 0},
		{HF_CHANNEL_DEBUG, "ptrace, /proc/PID/mem, process_vm_readv, pidfd_getfd", 0},
		{HF_CHANNEL_DESCRIPTOR, "descriptors handed to other programs", 0},
		{HF_CHANNEL_MOUNT, "mounting over or below labelled directories", 0},
		{HF_CHANNEL_PASS, "pipes, unix sockets, splice, core dump helpers", 0},
		{HF_CHANNEL_PASS, "message buses (dbus-daemon)", HF_OPEN_BUS},
		{HF_CHANNEL_PRINT, "CUPS's socket, ports 515, 631 and 9100-9102, printer devices",
			0},
		{HF_CHANNEL_CLIPBOARD, "X11: copy and paste, drag and drop", 0},
		{HF_CHANNEL_CLIPBOARD, "Wayland: data control, by what is shown meanwhile",
			1U << HF_CHANNEL_SCREEN},
		{HF_CHANNEL_SCREEN, "X11: pictures, pixmaps, RECORD, XTEST, of all clients", 0},
		{HF_CHANNEL_SCREEN, "Wayland: frames that are asked for, of all clients", 0},
		{HF_CHANNEL_SCREEN, "message buses: calls of portals and shells for pictures",
			1U << HF_CHANNEL_SCREEN | HF_OPEN_BUS},
		{HF_CHANNEL_SCREEN, "virtual consoles and framebuffers, read as devices", 0},
	};

	for (size_t i = 0; i < sizeof(coverage) / sizeof(coverage[0]); i++) {
		struct json_object *line = line_of(
			"channel", policy_channel_name(coverage[i].channel));
		uint32_t open = coverage[i].open ? coverage[i].open : 1U << coverage[i].channel;
		bool is_open = engine->hello.open_channels & open;

		json_add_bool(line, "covered", report_is_enforcing(engine) && !is_open);
		json_add_text(line, "text", coverage[i].text);
		client_line(client, line);
	}
}

static void doctor_failures(struct engine *engine, struct client *client)
{
	for (unsigned int i = 0; i < FAILURE_REASON_MAX; i++) {
		const struct failure_row *row = failure_row(i);
		struct json_object *line;

		if (!row->name)
			continue;
		line = line_of("failure", row->name);
		json_add_number(line, "count", engine->failures[i].count);
		json_add_text(line, "action", failure_action_name(row->action));
		json_add_text(line, "text", row->text);
		if (engine->failures[i].count) {
			json_add_text(line, "last", engine->failures[i].last);
			json_add_number(line, "last_time", engine->failures[i].last_day_ms);
		}
		client_line(client, line);
	}
}

static void doctor_volumes(struct engine *engine, struct client *client)
{
	for (unsigned int i = 0; i < engine->volume_count; i++) {
		const struct message_volume *told = &engine->volumes[i]->told;
		struct json_object *line;

		if (told->is_gone)
			continue;
		line = line_of("volume", told->name);
		json_add_text(line, "channel", policy_channel_name(told->channel));
		json_add_text(line, "reason", told->reason);
		json_add_bool(line, "device", told->is_device);
		client_line(client, line);
	}
}

static void doctor_protection(struct engine *engine, struct client *client,
	const uint64_t counters[static HF_COUNTER_MAX])
{
	for (unsigned int i = 0; i < HF_PROTECTION_MAX; i++) {
		struct json_object *line = line_of("protection", policy_protection_name(i));

		json_add_text(line, "action", policy_action_name(engine->protect[i]));
		if (i == HF_PROTECTION_SELF) {
			json_add_bool(line, "key", maintenance_has_key(engine));
			json_add_bool(line, "door", engine->door_until_ns > clock_boot_ns());
			json_add_number(line, "attempts", counters[HF_COUNTER_GUARD]);
		}
		client_line(client, line);
	}
}

static void doctor_states(struct engine *engine, struct client *client)
{
	for (size_t i = 0; i < engine->state_count; i++) {
		const struct message_state *state = &engine->states[i];
		struct json_object *line = line_of(state->app ? "program" : "place", state->path);

		json_add_text(line, "reason", state->reason);
		client_line(client, line);
	}
}

void report_doctor(struct engine *engine, struct client *client,
	const uint64_t counters[static HF_COUNTER_MAX])
{
	struct json_object *line = report_status(engine, counters);

	json_add_text(line, "kind", "status");
	client_line(client, line);
	doctor_channels(engine, client);
	report_screen(engine, client);
	doctor_protection(engine, client, counters);
	doctor_volumes(engine, client);
	doctor_states(engine, client);
	doctor_failures(engine, client);
}
