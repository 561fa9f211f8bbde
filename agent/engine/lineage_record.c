/* SPDX-License-Identifier: Apache-2.0 */
/* What one kernel record says of where content came from: nodes and edges. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/event_words.h"
#include "agent/engine/lineage_private.h"

/* A device whose file system nobody told of: its numbers mean something until the next boot. */
static int64_t scope_of_device(struct lineage *lineage, uint32_t dev)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "dev:%u:%u boot:%s", dev >> 20, dev & 0xfffff,
		lineage->boot_id);
	return lineage_store_scope(lineage->store, name);
}

static int64_t scope_of_volume(struct lineage *lineage, uint32_t dev)
{
	for (unsigned int i = 0; i < lineage->volume_count; i++) {
		struct lineage_volume *volume = &lineage->volumes[i];
		int64_t scope = volume->scope;

		if (volume->dev != dev)
			continue;
		if (!scope)
			scope = lineage_store_scope(lineage->store, volume->identity);
		if (scope > 0)
			volume->scope = scope;
		return scope;
	}
	return scope_of_device(lineage, dev);
}

int lineage_file_key(
	struct lineage *lineage, const struct hf_inode_key *inode, struct lineage_key *ret_key)
{
	int64_t scope = scope_of_volume(lineage, inode->dev);

	if (scope < 0)
		return (int)scope;
	*ret_key = (struct lineage_key){.kind = LINEAGE_FILE,
		.scope = scope,
		.number = (int64_t)inode->ino,
		.stamp = inode->generation,
		.subvolume = (int64_t)inode->subvolume};
	return 0;
}

int lineage_process_key(struct lineage *lineage, uint32_t tgid, uint64_t start_ktime_ns,
	struct lineage_key *ret_key)
{
	char name[128];

	if (!lineage->boot) {
		int64_t boot;

		(void)snprintf(name, sizeof(name), "boot:%s", lineage->boot_id);
		boot = lineage_store_scope(lineage->store, name);
		if (boot < 0)
			return (int)boot;
		lineage->boot = boot;
	}
	*ret_key = (struct lineage_key){.kind = LINEAGE_PROCESS,
		.scope = lineage->boot,
		.number = tgid,
		.stamp = (int64_t)start_ktime_ns};
	return 0;
}

static int64_t add_file(struct lineage *lineage, const struct hf_inode_key *inode, uint64_t ms)
{
	struct lineage_node node = {.last_ms = ms};
	int r = lineage_file_key(lineage, inode, &node.key);

	return r < 0 ? r : lineage_store_node(lineage->store, &node);
}

/* The file that the record is about; 0 when it is about none. */
static int64_t add_file_of_record(
	struct lineage *lineage, const struct lineage_waiting *waiting, uint64_t labels)
{
	const struct hf_record *raw = &waiting->raw;
	struct lineage_node node = {.last_ms = waiting->day_ms, .labels = labels};
	int64_t id;
	int r;

	if (!raw->inode.ino)
		return 0;
	if (raw->header.type == HF_RECORD_FILE && raw->operation == HF_OPERATION_UNLINK)
		node.flags = LINEAGE_IS_GONE;
	(void)snprintf(node.name, sizeof(node.name), "%s", waiting->path);
	r = lineage_file_key(lineage, &raw->inode, &node.key);
	if (r < 0)
		return r;
	id = lineage_store_node(lineage->store, &node);
	if (id > 0 && waiting->path[0] && !raw->path_is_cut) {
		r = lineage_store_name(lineage->store, id, waiting->path, waiting->day_ms);
		if (r < 0)
			return r;
	}
	return id;
}

static int64_t add_process(struct lineage *lineage, const struct lineage_waiting *waiting)
{
	const struct hf_record *raw = &waiting->raw;
	struct lineage_node node = {.last_ms = waiting->day_ms,
		.uid = raw->uid,
		.labels = raw->labels,
		.flags = LINEAGE_IS_KNOWN};
	int r;

	if (raw->origins.is_many)
		node.flags |= LINEAGE_IS_MANY;
	(void)snprintf(node.name, sizeof(node.name), "%s", waiting->comm);
	(void)snprintf(node.app, sizeof(node.app), "%s", waiting->app);
	r = lineage_process_key(lineage, raw->tgid, raw->start_ktime_ns, &node.key);
	return r < 0 ? r : lineage_store_node(lineage->store, &node);
}

static int add_edge(
	struct lineage *lineage, const struct lineage_waiting *waiting, struct lineage_edge *edge)
{
	edge->last_ms = waiting->day_ms;
	edge->count = (uint64_t)waiting->raw.coalesced + 1;
	return lineage_store_edge(lineage->store, edge);
}

/* The process that handed the labels over, which may have had no record of its own. */
static int add_source(
	struct lineage *lineage, const struct lineage_waiting *waiting, int64_t process)
{
	const struct hf_source *source = &waiting->raw.source;
	struct lineage_node node = {.last_ms = waiting->day_ms};
	struct lineage_edge edge = {.target = process, .kind = LINEAGE_PASS, .how = source->hop};
	int r;

	if (!source->tgid)
		return 0;
	r = lineage_process_key(lineage, source->tgid, source->start_ktime_ns, &node.key);
	if (r < 0)
		return r;
	edge.source = lineage_store_node(lineage->store, &node);
	if (edge.source < 0)
		return (int)edge.source;
	return edge.source == process ? 0 : add_edge(lineage, waiting, &edge);
}

static bool is_same(const struct hf_inode_key *a, const struct hf_inode_key *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->generation == b->generation &&
	       a->subvolume == b->subvolume;
}

/*
 * Of a process that nobody handed anything, what it has comes from its own reading. The file that
 * it opens right now has an edge already.
 */
static int add_origins(
	struct lineage *lineage, const struct lineage_waiting *waiting, int64_t process)
{
	const struct hf_origins *origins = &waiting->raw.origins;

	for (uint32_t i = 0; i < origins->count && i < HF_ORIGIN_MAX; i++) {
		struct lineage_edge edge = {.target = process,
			.kind = waiting->raw.source.tgid ? LINEAGE_ORIGIN : LINEAGE_READ};
		int r;

		if (waiting->raw.header.type == HF_RECORD_OPENED &&
			is_same(&origins->keys[i], &waiting->raw.inode))
			continue;
		edge.source = add_file(lineage, &origins->keys[i], waiting->day_ms);
		if (edge.source < 0)
			return (int)edge.source;
		r = add_edge(lineage, waiting, &edge);
		if (r < 0)
			return r;
	}
	return 0;
}

static void exit_text(const struct lineage_waiting *waiting, char ret_text[LINEAGE_TEXT_SIZE])
{
	struct record record = {.raw = waiting->raw};
	struct print_job job;
	char address[EVENT_ADDRESS_SIZE];

	ret_text[0] = '\0';
	switch (waiting->raw.channel) {
	case HF_CHANNEL_NETWORK:
	case HF_CHANNEL_PRINT:
		if (event_address_text(&record, address))
			(void)snprintf(ret_text, LINEAGE_TEXT_SIZE, "%s port %u", address,
				waiting->raw.port);
		else if (waiting->raw.channel == HF_CHANNEL_NETWORK)
			break;
		else if (event_print_job(&record, &job) && job.printer[0])
			(void)snprintf(ret_text, LINEAGE_TEXT_SIZE, "%s", job.printer);
		else
			(void)snprintf(ret_text, LINEAGE_TEXT_SIZE, "%s", waiting->path);
		break;
	case HF_CHANNEL_DEBUG:
	case HF_CHANNEL_DESCRIPTOR:
	case HF_CHANNEL_CLIPBOARD:
	case HF_CHANNEL_SCREEN:
		(void)snprintf(ret_text, LINEAGE_TEXT_SIZE, "%s (process %u)", waiting->comm,
			waiting->raw.tgid);
		break;
	default:
		(void)snprintf(ret_text, LINEAGE_TEXT_SIZE, "%s", waiting->path);
	}
}

/* Another process that has the content which the record's is about to get; 0: none, or not known. */
static uint32_t other_owner(const struct hf_record *raw)
{
	struct hf_screen_shown shown;

	if (raw->path_is_payload == HF_PAYLOAD_SCREEN) {
		memcpy(&shown, raw->path, sizeof(shown));
		return shown.count ? shown.readers[0].tgid : 0;
	}
	if (raw->channel == HF_CHANNEL_DEBUG || raw->channel == HF_CHANNEL_CLIPBOARD)
		return raw->target_tgid;
	return 0;
}

/*
 * Who had the content that was to get out: the process itself; but the one looked into, or pasted
 * from, when another does that; and the file, when its descriptor was to be received. 0 = nobody
 * that is known.
 */
static int64_t exit_owner(struct lineage *lineage, const struct lineage_waiting *waiting)
{
	const struct hf_record *raw = &waiting->raw;
	uint32_t owner = other_owner(raw);
	struct lineage_key key;
	int64_t id;
	int r;

	if (raw->channel == HF_CHANNEL_DESCRIPTOR)
		return add_file_of_record(lineage, waiting, 0);
	if (owner && owner != raw->tgid) {
		r = lineage_process_key(lineage, owner, 0, &key);
		if (r < 0)
			return r;
		r = lineage_store_process(lineage->store, key.scope, owner, &id);
		return r == -ENOENT ? 0 : r < 0 ? r : id;
	}
	if (raw->channel == HF_CHANNEL_SCREEN)
		return 0; /* nobody showed anything */
	if (raw->channel == HF_CHANNEL_PASS &&
		(raw->operation == HF_OPERATION_READ || raw->operation == HF_OPERATION_TAKEN))
		return 0; /* of the receiver, to whom it was not to get out */
	return add_process(lineage, waiting);
}

static int add_exit(struct lineage *lineage, const struct lineage_waiting *waiting)
{
	const struct hf_record *raw = &waiting->raw;
	struct lineage_edge edge = {.kind = LINEAGE_EXIT,
		.how = LINEAGE_EXIT_HOW(raw->channel, raw->operation, raw->verdict)};

	edge.source = exit_owner(lineage, waiting);
	if (edge.source <= 0)
		return (int)edge.source;
	exit_text(waiting, edge.what);
	return add_edge(lineage, waiting, &edge);
}

static bool is_of_names(const struct hf_record *raw)
{
	return raw->header.type == HF_RECORD_FILE || raw->operation == HF_OPERATION_RENAME ||
	       raw->operation == HF_OPERATION_LINK;
}

/* What a process read (file to process) or wrote (process to file). */
static int add_file_edge(
	struct lineage *lineage, const struct lineage_waiting *waiting, int64_t process)
{
	const struct hf_record *raw = &waiting->raw;
	bool is_written = raw->header.type != HF_RECORD_OPENED;
	struct lineage_edge edge = {.kind = is_written ? LINEAGE_DERIVED : LINEAGE_READ,
		.how = is_written ? raw->operation : 0};
	bool is_shed = raw->header.type == HF_RECORD_DECLASSIFIED;
	int64_t file = add_file_of_record(lineage, waiting, is_shed ? 0 : raw->labels);

	if (file <= 0)
		return (int)file;
	edge.source = is_written ? process : file;
	edge.target = is_written ? file : process;
	return add_edge(lineage, waiting, &edge);
}

int lineage_record(struct lineage *lineage, const struct lineage_waiting *waiting)
{
	const struct hf_record *raw = &waiting->raw;
	bool is_exit = raw->header.type == HF_RECORD_VERDICT;
	int64_t process;
	int r;

	if (!is_exit && is_of_names(raw)) {
		int64_t file = add_file_of_record(lineage, waiting, raw->labels);

		return file < 0 ? (int)file : 0;
	}
	/* Who has no labels was refused something of others: add_exit() knows of whom. */
	if (!is_exit || raw->origins.count || raw->source.tgid) {
		process = add_process(lineage, waiting);
		if (process < 0)
			return (int)process;
		r = add_source(lineage, waiting, process);
		if (r < 0)
			return r;
		r = add_origins(lineage, waiting, process);
		if (r < 0)
			return r;
		if (raw->header.type == HF_RECORD_OPENED ||
			raw->header.type == HF_RECORD_LABELLED ||
			raw->header.type == HF_RECORD_DECLASSIFIED) {
			r = add_file_edge(lineage, waiting, process);
			if (r < 0)
				return r;
		}
	}
	return is_exit ? add_exit(lineage, waiting) : 0;
}
