/* SPDX-License-Identifier: Apache-2.0 */
/* Files, processes and one labelled reader as JSON. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "agent/engine/event_objects.h"
#include "agent/engine/event_words.h"
#include "agent/engine/json.h"
#include "agent/engine/lineage_private.h"
#include "common/clock.h"

struct names {
	struct json_object *array;
	const char *but;
};

static void add_name(const char *path, void *userdata)
{
	struct names *names = userdata;
	struct json_object *holder = json_object_new_object(), *text = NULL;

	if (!strcmp(path, names->but)) {
		(void)json_object_put(holder); /* freed */
		return;
	}
	json_add_text(holder, "path", path); /* makes it UTF-8 */
	if (json_object_object_get_ex(holder, "path", &text))
		(void)json_object_array_add(names->array, json_object_get(text));
	(void)json_object_put(holder); /* freed; the text has its own reference */
}

void lineage_add_file(struct json_object *line, struct lineage *lineage,
	const struct policy_compiled *policy, const struct lineage_node *node)
{
	struct names names = {json_object_new_array(), node->name};

	json_add_text(line, "kind", "file");
	json_add_text(line, "path", node->name);
	json_add(line, "labels", event_label_names(policy, node->labels));
	if (node->flags & LINEAGE_IS_GONE)
		json_add_bool(line, "is_gone", true);
	(void)lineage_store_names(lineage->store, node->id, add_name, &names); /* or fewer */
	if (json_object_array_length(names.array))
		json_add(line, "other_names", names.array);
	else
		(void)json_object_put(names.array); /* freed */
}

void lineage_add_process(
	struct json_object *line, struct lineage *lineage, const struct lineage_node *node)
{
	struct lineage_key key;
	bool is_of_now = lineage_process_key(lineage, 0, 0, &key) == 0 &&
			 key.scope == node->key.scope;

	json_add_text(line, "kind", "process");
	json_add_number(line, "pid", (uint64_t)node->key.number);
	if (node->flags & LINEAGE_IS_KNOWN) {
		json_add_text(line, "name", node->name);
		json_add(line, "user", event_user(node->uid));
		if (node->app[0])
			json_add_text(line, "app_name", node->app);
	} else {
		json_add_bool(line, "is_unrecorded", true);
	}
	if (is_of_now)
		json_add_number(
			line, "created_time", clock_day_ms_of_boot((uint64_t)node->key.stamp));
	else
		json_add_bool(line, "is_of_earlier_boot", true);
}

/* Processes of one line's hops. */
struct chain {
	int64_t nodes[LINEAGE_HOP_MAX + 1]; /* the first is the one that the line is about */
	unsigned int count;
};

static bool is_in_chain(const struct chain *chain, int64_t node)
{
	for (unsigned int i = 0; i < chain->count; i++)
		if (chain->nodes[i] == node)
			return true;
	return false;
}

/* The newest hand-over to a process by one that is not in the chain: two that talk hand over both ways. */
static int newest_source(struct lineage *lineage, const struct chain *chain, int64_t process,
	struct lineage_edge *ret_edge)
{
	static struct lineage_edge edges[LINEAGE_FAN_MAX]; /* too large for the stack */
	int count = lineage_store_edges(lineage->store, process, true, edges, LINEAGE_FAN_MAX);
	const struct lineage_edge *newest = NULL;

	for (int i = 0; i < count; i++)
		if (edges[i].kind == LINEAGE_PASS && !is_in_chain(chain, edges[i].source) &&
			(!newest || edges[i].last_ms >= newest->last_ms))
			newest = &edges[i];
	if (!newest)
		return -ENOENT;
	*ret_edge = *newest;
	return 0;
}

/* A hop to the process, from which the walk goes on. Whether it is the viewer's to see. */
static bool add_hop(struct lineage *lineage, struct json_object *hops, uint32_t hop,
	const struct lineage_node *node, uint32_t viewer)
{
	struct json_object *object = json_object_new_object();
	bool is_visible = viewer == 0 || ((node->flags & LINEAGE_IS_KNOWN) && node->uid == viewer);

	json_add_text(object, "how", event_hop_name(hop));
	if (is_visible) {
		lineage_add_process(object, lineage, node);
		json_add_number(object, "time", node->last_ms);
	} else {
		json_add_text(object, "kind", "process");
		json_add_bool(object, "is_of_others", true);
	}
	(void)json_object_array_add(hops, object);
	return is_visible;
}

/* From the process backwards to the one that read the files. False when others were between. */
static bool add_hops(struct lineage *lineage, struct json_object *line,
	const struct hf_reader *reader, uint32_t viewer)
{
	struct json_object *hops = json_object_new_array();
	struct hf_source source = reader->source;
	struct lineage_node node = {0};
	struct lineage_edge edge;
	struct chain chain = {0};
	bool is_own = true;
	int64_t id = 0;

	json_add(line, "hops", hops);
	if (lineage_process_key(lineage, reader->tgid, reader->start_ktime_ns, &node.key) == 0)
		(void)lineage_store_find(lineage->store, &node.key, &id); /* or 0: none */
	chain.nodes[chain.count++] = id;
	while (source.tgid && chain.count <= LINEAGE_HOP_MAX) {
		memset(&node, 0, sizeof(node));
		if (lineage_process_key(lineage, source.tgid, source.start_ktime_ns, &node.key) < 0)
			break;
		if (lineage_store_find(lineage->store, &node.key, &id) == 0)
			(void)lineage_store_get(
				lineage->store, id, &node); /* or its numbers alone */
		is_own &= add_hop(lineage, hops, source.hop, &node, viewer);
		chain.nodes[chain.count++] = node.id;
		if (!node.id || newest_source(lineage, &chain, node.id, &edge) < 0 ||
			lineage_store_get(lineage->store, edge.source, &node) < 0)
			break;
		source = (struct hf_source){.tgid = (uint32_t)node.key.number,
			.start_ktime_ns = (uint64_t)node.key.stamp,
			.hop = (uint32_t)edge.how};
	}
	if (chain.count > LINEAGE_HOP_MAX)
		json_add_bool(line, "has_more_hops", true);
	return is_own;
}

static void add_origins(struct lineage *lineage, struct json_object *line,
	const struct policy_compiled *policy, const struct hf_origins *origins)
{
	struct json_object *files = json_object_new_array();

	for (uint32_t i = 0; i < origins->count && i < HF_ORIGIN_MAX; i++) {
		struct json_object *file = json_object_new_object();
		struct lineage_node node = {0};
		struct lineage_key key;
		int64_t id;

		if (lineage && lineage_file_key(lineage, &origins->keys[i], &key) == 0 &&
			lineage_store_find(lineage->store, &key, &id) == 0 &&
			lineage_store_get(lineage->store, id, &node) == 0)
			lineage_add_file(file, lineage, policy, &node);
		json_add_number(file, "dev", origins->keys[i].dev);
		json_add_number(file, "ino", origins->keys[i].ino);
		(void)json_object_array_add(files, file);
	}
	json_add(line, "files", files);
	if (origins->is_many)
		json_add_bool(line, "has_more_files", true);
}

struct json_object *lineage_reader(struct lineage *lineage, const struct policy_compiled *policy,
	const struct hf_reader *reader, uint32_t viewer)
{
	struct json_object *line = json_object_new_object();
	char comm[HF_COMM_SIZE + 1] = {0};
	bool is_own = viewer == 0 || !reader->source.tgid;

	if (!line)
		return NULL;
	memcpy(comm, reader->comm, HF_COMM_SIZE);
	json_add_number(line, "pid", reader->tgid);
	json_add_text(line, "name", comm);
	json_add(line, "user", event_user(reader->uid));
	if (policy && reader->app && reader->app < policy->app_count &&
		policy->app[reader->app].name)
		json_add_text(line, "app_name", policy->app[reader->app].name);
	json_add_number(line, "created_time", clock_day_ms_of_boot(reader->start_ktime_ns));
	json_add(line, "labels", event_label_names(policy, reader->labels));
	if (reader->since_ktime_ns)
		json_add_number(line, "since", clock_day_ms_of_boot(reader->since_ktime_ns));
	if (lineage)
		is_own |= add_hops(lineage, line, reader, viewer);
	else
		json_add_bool(line, "is_store_missing", true);
	if (is_own)
		add_origins(lineage, line, policy, &reader->origins);
	else
		json_add_bool(line, "has_files_of_others", true);
	return line;
}
