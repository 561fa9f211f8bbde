/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file's tree: up to the files its content came from, down to where it went. What is followed
 * is what the kernel said of origins: a process that has read many files leads on only where the
 * one looked at is among its origins. Bounded in depth, fan-out and lines, and says where it was.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine/event_words.h"
#include "agent/engine/json.h"
#include "agent/engine/lineage_private.h"
#include "policy/words.h"

#define SLACK_MS 2000 /* the clock may be set between two records that belong together */

struct walk {
	struct lineage *lineage;
	const struct lineage_question *question;
	const char *section;
	int64_t drawn[LINEAGE_LINE_MAX]; /* nodes of this section */
	unsigned int drawn_count;
	unsigned int lines;
	bool is_full; /* said so */
	bool is_cut;  /* something was not drawn */
};

/* Where the walk stands. */
struct place {
	int64_t node;
	int64_t file; /* down: the file whose content is followed; up: the process it came through */
	uint64_t ms;  /* down: from when on it had it; up: until when it got it */
	unsigned int depth;
};

static bool was_drawn(const struct walk *walk, int64_t node)
{
	for (unsigned int i = 0; i < walk->drawn_count; i++)
		if (walk->drawn[i] == node)
			return true;
	return false;
}

static struct json_object *line_begin(const struct walk *walk, unsigned int depth)
{
	struct json_object *line = json_object_new_object();

	json_add_text(line, "section", walk->section);
	json_add_number(line, "depth", depth);
	return line;
}

static void line_end(struct walk *walk, struct json_object *line)
{
	walk->lines++;
	walk->question->line(line, walk->question->userdata);
}

/* The rest is not drawn: why, in the words of the schema. */
static void say_more(struct walk *walk, unsigned int depth, const char *why)
{
	struct json_object *line;

	walk->is_cut = true;
	if (walk->is_full)
		return;
	line = line_begin(walk, depth);
	json_add_text(line, "kind", "more");
	json_add_text(line, "why", why);
	line_end(walk, line);
}

/* True when there is no room for one more line, which is then said once. */
static bool is_full(struct walk *walk, unsigned int depth)
{
	if (walk->lines < LINEAGE_LINE_MAX)
		return false;
	say_more(walk, depth, "lines");
	walk->is_full = true;
	return true;
}

static void add_times(struct json_object *line, const struct lineage_edge *edge)
{
	json_add_number(line, "time", edge->first_ms);
	json_add_number(line, "last_time", edge->last_ms);
	json_add_number(line, "count", edge->count);
}

static const char *how_text(const struct lineage_edge *edge)
{
	switch (edge->kind) {
	case LINEAGE_READ:
		return "read";
	case LINEAGE_ORIGIN:
		return "unrecorded";
	case LINEAGE_PASS:
		return edge->how >= 0 && edge->how < HF_HOP_MAX
			       ? event_hop_name((unsigned int)edge->how)
			       : "unknown";
	case LINEAGE_DERIVED:
		return "write";
	case LINEAGE_EXIT:
	case LINEAGE_EDGE_MAX:
		break;
	}
	return "unknown";
}

/* Draws the node at the far end of an edge. True when the walk may go on from it. */
static bool draw_node(struct walk *walk, const struct lineage_edge *edge, int64_t id,
	unsigned int depth, bool *ret_is_process)
{
	static struct lineage_node node; /* too large for the stack */
	struct json_object *line;
	bool is_again = was_drawn(walk, id);

	if (is_full(walk, depth))
		return false;
	if (lineage_store_get(walk->lineage->store, id, &node) < 0)
		return false; /* went with others of its age */
	line = line_begin(walk, depth);
	if (edge) {
		json_add_text(line, "how", how_text(edge));
		add_times(line, edge);
	}
	if (node.key.kind == LINEAGE_FILE)
		lineage_add_file(line, walk->lineage, walk->question->policy, &node);
	else
		lineage_add_process(line, walk->lineage, &node);
	if (is_again)
		json_add_bool(line, "is_drawn_before", true);
	line_end(walk, line);
	if (!is_again && walk->drawn_count < LINEAGE_LINE_MAX)
		walk->drawn[walk->drawn_count++] = id;
	*ret_is_process = node.key.kind == LINEAGE_PROCESS;
	return !is_again;
}

static void draw_exit(struct walk *walk, const struct lineage_edge *edge, unsigned int depth)
{
	unsigned int channel = (unsigned int)(edge->how >> 16) & 0xff;
	unsigned int operation = (unsigned int)(edge->how >> 8) & 0xff;
	unsigned int verdict = (unsigned int)edge->how & 0xff;
	struct json_object *line;
	const char *name;

	if (is_full(walk, depth))
		return;
	line = line_begin(walk, depth);
	json_add_text(line, "kind", "exit");
	name = channel < HF_CHANNEL_MAX ? policy_channel_name(channel) : NULL;
	json_add_text(line, "channel", name ? name : "unknown");
	name = verdict < HF_VERDICT_MAX ? policy_action_name(verdict) : NULL;
	json_add_text(line, "verdict", name ? name : "unknown");
	json_add_text(line, "operation", event_operation_name(operation));
	json_add_text(line, "to", edge->what);
	add_times(line, edge);
	line_end(walk, line);
}

/* The edges of a place; the caller frees. *ret_has_more: they are not all. */
static struct lineage_edge *edges_of(struct walk *walk, const struct place *place, bool is_to,
	int *ret_count, bool *ret_has_more)
{
	struct lineage_edge *edges = calloc(LINEAGE_FAN_MAX + 1, sizeof(*edges));

	*ret_has_more = false;
	*ret_count = edges ? lineage_store_edges(walk->lineage->store, place->node, is_to, edges,
				     LINEAGE_FAN_MAX + 1)
			   : 0;
	if (*ret_count > LINEAGE_FAN_MAX) {
		*ret_count = LINEAGE_FAN_MAX; /* without the oldest */
		memmove(edges, edges + 1, LINEAGE_FAN_MAX * sizeof(*edges));
		*ret_has_more = true;
	}
	return edges;
}

static bool goes_down(struct walk *walk, const struct place *place, const struct lineage_edge *edge)
{
	switch (edge->kind) {
	case LINEAGE_READ:
		return true;
	case LINEAGE_PASS:
		return lineage_store_is_origin(walk->lineage->store, place->file, edge->target);
	case LINEAGE_DERIVED:
	case LINEAGE_EXIT:
		return edge->last_ms + SLACK_MS >= place->ms;
	case LINEAGE_ORIGIN: /* when all others are drawn */
	case LINEAGE_EDGE_MAX:
		break;
	}
	return false;
}

static bool goes_up(struct walk *walk, const struct place *place, const struct lineage_edge *edge)
{
	if (edge->first_ms > place->ms + SLACK_MS)
		return false;
	switch (edge->kind) {
	case LINEAGE_READ:
		return lineage_store_is_origin(walk->lineage->store, edge->source, place->file);
	case LINEAGE_PASS:
	case LINEAGE_DERIVED:
		return true;
	case LINEAGE_ORIGIN: /* when all others are drawn */
	case LINEAGE_EXIT:
	case LINEAGE_EDGE_MAX:
		break;
	}
	return false;
}

static void follow(struct walk *walk, const struct place *place, bool is_process, bool is_up);

static void follow_edge(
	struct walk *walk, const struct place *place, const struct lineage_edge *edge, bool is_up)
{
	int64_t end = is_up ? edge->source : edge->target;
	struct place next = {.node = end, .file = place->file, .depth = place->depth + 1};
	bool is_process;

	if (!is_up && edge->kind == LINEAGE_EXIT) {
		draw_exit(walk, edge, next.depth);
		return;
	}
	if (!draw_node(walk, edge, end, next.depth, &is_process))
		return;
	if (is_up ? edge->kind == LINEAGE_DERIVED : !is_process)
		next.file = end;
	if (!is_up)
		next.ms = edge->first_ms;
	else
		next.ms = edge->last_ms < place->ms ? edge->last_ms : place->ms;
	follow(walk, &next, is_process, is_up);
}

/* Draws what leads on from a place, and what leads on from there. */
static void follow(struct walk *walk, const struct place *place, bool is_process, bool is_up)
{
	bool by_origin = is_up ? is_process && place->node == place->file : !is_process;
	struct lineage_edge *edges;
	bool has_more;
	int count;

	if (place->depth >= LINEAGE_DEPTH_MAX) {
		say_more(walk, place->depth + 1, "depth");
		return;
	}
	edges = edges_of(walk, place, is_up, &count, &has_more);
	for (int i = 0; i < count; i++)
		if (is_up ? goes_up(walk, place, &edges[i]) : goes_down(walk, place, &edges[i]))
			follow_edge(walk, place, &edges[i], is_up);
	/* Came there by a road of which no record is left, or none was made; or it was cut off. */
	for (int i = 0; i < count && by_origin && !walk->is_cut; i++)
		if (edges[i].kind == LINEAGE_ORIGIN &&
			!was_drawn(walk, is_up ? edges[i].source : edges[i].target))
			follow_edge(walk, place, &edges[i], is_up);
	free(edges);
	if (has_more)
		say_more(walk, place->depth + 1, "fan-out");
}

static void section(struct walk *walk, const char *name)
{
	walk->section = name;
	walk->drawn_count = 0;
	walk->lines = 0;
	walk->is_full = false;
	walk->is_cut = false;
}

static void draw_root(struct walk *walk, int64_t file)
{
	struct place place = {.node = file, .file = file, .ms = UINT64_MAX - SLACK_MS};
	bool is_process = false;

	section(walk, "file");
	if (!draw_node(walk, NULL, file, 0, &is_process))
		return;
	section(walk, "from");
	walk->drawn[walk->drawn_count++] = file;
	follow(walk, &place, is_process, true);
	section(walk, "to");
	walk->drawn[walk->drawn_count++] = file;
	place.ms = 0;
	follow(walk, &place, is_process, false);
}

static int roots_find(struct lineage *lineage, const struct lineage_question *question,
	int64_t ret_roots[LINEAGE_ROOT_MAX + 1])
{
	struct lineage_key key;
	int r;

	if (question->key && lineage_file_key(lineage, question->key, &key) == 0) {
		r = lineage_store_find(lineage->store, &key, &ret_roots[0]);
		if (r != -ENOENT)
			return r < 0 ? r : 1;
	}
	r = lineage_store_named(lineage->store, question->path, ret_roots, LINEAGE_ROOT_MAX + 1);
	return r == 0 ? -ENOENT : r;
}

int lineage_draw(struct lineage *lineage, const struct lineage_question *question)
{
	int64_t roots[LINEAGE_ROOT_MAX + 1];
	struct walk *walk;
	int count, r;

	if (!lineage)
		return -ENODEV;
	r = lineage_write(lineage, true); /* what waits is part of the answer */
	if (r < 0)
		return r;
	count = roots_find(lineage, question, roots);
	if (count < 0)
		return count;
	walk = calloc(1, sizeof(*walk));
	if (!walk)
		return -ENOMEM;
	walk->lineage = lineage;
	walk->question = question;
	for (int i = 0; i < count && i < LINEAGE_ROOT_MAX; i++)
		draw_root(walk, roots[i]);
	if (count > LINEAGE_ROOT_MAX) {
		section(walk, "file");
		say_more(walk, 0, "files");
	}
	free(walk);
	return 0;
}
